"""People in real browsers, on a sandbox with a small app of its own, or with the whole product."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

from bot.cli.smoke import _product
from bot.sandbox.slack.client import SandboxClient
from bot.sandbox.slack.options import Options, Rates
from bot.sandbox.slack.server import SlackServer
from tests.browser.small_app import listen
from tests.sandbox.slack.conftest import hang_up, wait_for
from tests.support.browser import chromium, chromium_path
from tests.support.servers import traversable_folder

# A bound on hanging, never on speed.
expect.set_options(timeout=60_000)
OpenAs = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if chromium_path() is None:
        if os.environ.get("CI"):
            pytest.fail("there is no chromium, and nothing is skipped where everything must be looked at")
        pytest.skip("there is no chromium (Debian: apt-get install chromium)")
    with chromium() as running:
        yield running


@pytest.fixture
def slack(tmp_path: Path) -> Iterator[SlackServer]:
    with SlackServer(tmp_path, options=Options(rates=Rates(post_burst=200))) as server:
        yield server


@pytest.fixture
def people(slack: SlackServer, tmp_path: Path) -> SandboxClient:
    assert slack.base_url
    return SandboxClient(tmp_path)


@pytest.fixture
def web(slack: SlackServer) -> WebClient:
    return WebClient(slack.credentials.bot_token, base_url=slack.api_url)


@pytest.fixture
def app(slack: SlackServer, web: WebClient, people: SandboxClient) -> Iterator[App]:
    """A small app with a modal and a Home tab, connected: the product has neither yet."""
    app = listen(App(client=web, process_before_response=False))
    client = WebClient(slack.credentials.app_token, base_url=slack.api_url)
    handler = SocketModeHandler(app, slack.credentials.app_token, web_client=client)
    handler.connect()
    wait_for(lambda: people.connections() > 0)
    yield app
    hang_up(handler)


class Visitor:
    """Opens tabs in one browser profile, and fails the test for anything that a console complains of."""

    def __init__(self, context: BrowserContext, people: SandboxClient) -> None:
        self.context, self.complaints = context, list[str]()
        self._base_url = people.link().partition("/open/")[0]
        context.on("page", self._listen)
        page = context.new_page()
        page.goto(people.link())
        page.wait_for_url(f"{self._base_url}/")
        page.close()

    def _listen(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda said: said.type == "error" and self.complaints.append(said.text))

    def __call__(self, name: str, place: str = "") -> Page:
        page = self.context.new_page()
        page.goto(f"{self._base_url}/?as={name}{place}")
        expect(page.locator("#person")).to_have_value(name)
        return page


def _visit(browser: Browser, people: SandboxClient, **options: object) -> Iterator[Visitor]:
    context = browser.new_context(timezone_id="Asia/Tokyo", **options)  # type: ignore[arg-type]  # handed through
    visitor = Visitor(context, people)
    yield visitor
    context.close()
    assert [one for one in visitor.complaints if "WebSocket" not in one] == []


@pytest.fixture
def open_as(browser: Browser, people: SandboxClient) -> Iterator[Visitor]:
    """`open_as("olga")` -> a tab in which Olga looks at #database-operations."""
    yield from _visit(browser, people)


@pytest.fixture
def phone_as(browser: Browser, people: SandboxClient) -> Iterator[Visitor]:
    """The same on a phone."""
    yield from _visit(browser, people, viewport={"width": 360, "height": 640}, has_touch=True)


@pytest.fixture(scope="session")
def product() -> Iterator[SandboxClient]:
    """`sparewheel run` on embedded parts."""
    with traversable_folder() as home, _product(home):
        yield SandboxClient(home)


@pytest.fixture
def product_as(browser: Browser, product: SandboxClient) -> Iterator[Visitor]:
    """The same as `open_as`, in the whole product's sandbox."""
    yield from _visit(browser, product)


def say(page: Page, words: str) -> None:
    """Type into the message box and send."""
    page.locator("#composer-input").fill(words)
    page.locator("#composer-input").press("Escape")
    page.locator("#composer-input").press("Enter")
