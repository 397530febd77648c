from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

from bot.sandbox.slack.client import SandboxClient
from bot.sandbox.slack.options import Options, Timings
from bot.sandbox.slack.server import SlackServer


class FakeTime:
    """A clock that stands still until it is told otherwise."""

    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> FakeTime:
    return FakeTime()


@pytest.fixture
def timings() -> Timings:
    """Short where a test would have to wait for real; the clock's numbers are Slack's own."""
    return Timings(event_retries=(0.0, 0.05, 0.1))


@pytest.fixture
def slack(tmp_path: Path, clock: FakeTime, timings: Timings) -> Iterator[SlackServer]:
    with SlackServer(tmp_path, options=Options(clock=clock, timings=timings)) as server:
        yield server


@pytest.fixture
def web(slack: SlackServer) -> WebClient:
    return WebClient(slack.credentials.bot_token, base_url=slack.api_url)


@pytest.fixture
def people(slack: SlackServer, tmp_path: Path) -> SandboxClient:
    assert slack.base_url
    return SandboxClient(tmp_path)


@pytest.fixture
def app(web: WebClient) -> App:
    return App(client=web, process_before_response=False)


@pytest.fixture
def connect(slack: SlackServer, app: App, people: SandboxClient) -> Iterator[Callable[[], SocketModeHandler]]:
    """Connects the app by Socket Mode, as often as it is called."""
    handlers = []

    def start() -> SocketModeHandler:
        client = WebClient(slack.credentials.app_token, base_url=slack.api_url)
        handler = SocketModeHandler(app, slack.credentials.app_token, web_client=client)
        handlers.append(handler)
        before = people.connections()
        handler.connect()
        wait_for(lambda: people.connections() > before)
        return handler

    yield start
    for handler in handlers:
        hang_up(handler)


def hang_up(handler: SocketModeHandler) -> None:
    """Close a Socket Mode client without its wait of up to 3 s for a read that is under way."""
    client = handler.client
    client.auto_reconnect_enabled = False
    session = client.current_session
    if session is not None and session.sock is not None:
        session.sock.shutdown(socket.SHUT_RDWR)
    handler.close()


def wait_for(condition: Callable[[], object]) -> None:
    """Wait until something has happened; pytest's own timeout ends what never does."""
    pause = threading.Event()
    while not condition():
        pause.wait(0.02)
