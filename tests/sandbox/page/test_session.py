"""Who may use the page, asked as a program would: every header is ours to forge."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from bot.sandbox.page import session
from bot.sandbox.slack.client import SandboxClient
from bot.sandbox.slack.server import SlackServer

Answer = tuple[int, dict[str, str], str]


@pytest.fixture
def slack(tmp_path: Path) -> Iterator[SlackServer]:
    with SlackServer(tmp_path) as server:
        yield server


@pytest.fixture
def key(slack: SlackServer, tmp_path: Path) -> str:
    """The path of a fresh link."""
    assert slack.base_url
    return urlsplit(SandboxClient(tmp_path).link()).path


def ask(slack: SlackServer, method: str, path: str, headers: dict[str, str] | None = None) -> Answer:
    parts = urlsplit(slack.base_url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
    try:
        connection.request(method, path, "{}" if method == "POST" else None, headers or {})
        answer = connection.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read().decode()
    finally:
        connection.close()


def cookie(slack: SlackServer, key: str) -> str:
    return ask(slack, "GET", key)[1]["set-cookie"].partition(";")[0]


def test_a_link_opens_once(slack: SlackServer, key: str) -> None:
    assert ask(slack, "HEAD", key)[0] == 401  # looking does not use it up
    status, headers, _ = ask(slack, "GET", key)
    assert status == 200
    for part in ("HttpOnly", "SameSite=strict", "Path=/"):
        assert part in headers["set-cookie"]
    status, headers, body = ask(slack, "GET", key)
    assert status == 401
    assert "set-cookie" not in headers
    assert "sparewheel sandbox open" in body


def test_without_the_cookie_there_is_no_page_and_no_file(slack: SlackServer, key: str) -> None:
    assert ask(slack, "GET", "/")[0] == 401
    assert ask(slack, "GET", "/page/file/F00123456789")[0] == 401
    held = cookie(slack, key)
    assert ask(slack, "GET", "/", {"Cookie": held})[0] == 200
    assert ask(slack, "GET", "/page/file/F00123456789", {"Cookie": held})[0] == 404
    assert ask(slack, "GET", "/", {"Cookie": f"{held}0"})[0] == 401
    assert ask(slack, "GET", "/", {"Cookie": held.partition("=")[0] + "=."})[0] == 401


def test_acting_takes_the_cookie_and_the_own_origin(slack: SlackServer, key: str) -> None:
    held = cookie(slack, key)
    json = {"Content-Type": "application/json"}
    good = {**json, "Cookie": held, "Origin": slack.base_url}
    assert ask(slack, "POST", "/sandbox/status", good)[0] == 200
    assert ask(slack, "POST", "/sandbox/status", {**json, "Cookie": held})[0] == 401
    assert ask(slack, "POST", "/sandbox/status", {**json, "Origin": slack.base_url})[0] == 401
    assert ask(slack, "POST", "/sandbox/status", {**good, "Origin": "http://127.0.0.1:1"})[0] == 403


@pytest.mark.parametrize("missing", ["Cookie", "Origin"])
def test_the_live_connection_takes_both_too(slack: SlackServer, key: str, missing: str) -> None:
    headers = {"Cookie": cookie(slack, key), "Origin": slack.base_url}
    address = f"{slack.base_url.replace('http', 'ws')}/page/live?as=omar"
    with connect(address, additional_headers=headers, proxy=None) as socket:
        assert '"hello"' in str(socket.recv())
    del headers[missing]
    with pytest.raises(InvalidStatus), connect(address, additional_headers=headers, proxy=None):
        pass


def test_the_pages_policy_lets_nothing_in(slack: SlackServer, key: str) -> None:
    policy = ask(slack, "GET", "/", {"Cookie": cookie(slack, key)})[1]["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("name", ["..%2froutes.py", "index.html", "routes.py", "x.js", "%2e%2e/session.py"])
def test_only_scripts_and_styles_are_served(slack: SlackServer, name: str) -> None:
    assert ask(slack, "GET", f"/page/{name}")[0] == 404
    assert ask(slack, "GET", "/page/main.js")[0] == 200


def test_old_links_are_forgotten() -> None:
    links = session.Links()
    first = links.issue()
    for _ in range(20):
        last = links.issue()
    assert not links.use(first)
    assert not links.use("")
    assert links.use(last)
