"""A start while nothing answers at Slack's address, or something that is not Slack."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bot.errors import ConfigurationError, SlackError
from bot.settings import Configuration, StorageSettings
from bot.slack import channels
from bot.slack.client import identify, quick_client
from bot.slack.patience import until_reached


@pytest.fixture
def nobody() -> str:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return f"http://user:hunter2@127.0.0.1:{one.getsockname()[1]}/api/"


@pytest.fixture
def a_web_page() -> Iterator[str]:
    class Page(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(404)
            self.end_headers()
            self.wfile.write(b"<html>Not here</html>")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/api/"
        server.shutdown()
        thread.join()


def test_an_address_where_nobody_answers_is_named_without_its_password(nobody: str) -> None:
    with pytest.raises(SlackError) as caught:
        identify(quick_client("xoxb-1", nobody))
    assert f"Slack cannot be reached at {nobody.replace('user:hunter2@', '')}" in caught.value.sentence
    assert "SLACK_API_URL" in caught.value.next_step
    assert "hunter2" not in caught.value.sentence + caught.value.next_step + caught.value.cause


def test_something_that_is_not_slack_is_named_too(a_web_page: str) -> None:
    with pytest.raises(SlackError, match="cannot be reached at"):
        identify(quick_client("xoxb-1", a_web_page))


def test_channels_that_cannot_be_asked_for_do_not_end_a_start(nobody: str) -> None:
    configuration = Configuration.model_validate(
        {"storage": StorageSettings(url="file:///x"), "slack": {"operations_channel": "C0OPS"}}
    )
    assert channels.refuse_unknown(quick_client("xoxb-1", nobody), configuration) == 0


def test_it_tries_until_slack_answers() -> None:
    tries: list[int] = []
    said: list[str] = []

    def ask() -> str:
        tries.append(1)
        if len(tries) < 3:
            raise SlackError("Slack cannot be reached at X.")
        return "connected"

    assert until_reached(ask, threading.Event(), said.append, pause=0.01) == "connected"
    assert len(said) == 2
    assert said[0].startswith("Slack cannot be reached at X. Trying again")


def test_it_stops_when_told_to() -> None:
    stop = threading.Event()

    def ask() -> None:
        stop.set()
        raise SlackError("away")

    assert until_reached(ask, stop, lambda _: None, pause=600) is None


def test_a_wrong_token_is_no_matter_of_patience() -> None:
    def ask() -> None:
        raise ConfigurationError("Slack does not take the bot token.")

    with pytest.raises(ConfigurationError):
        until_reached(ask, threading.Event(), lambda _: None)
