from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from slack_bolt import BoltRequest

from bot.sandbox.slack.client import SandboxClient
from bot.sandbox.slack.server import SlackServer
from bot.slack.bolt import drain
from bot.slack.buttons import CANCEL
from bot.slack.edge import Edge
from bot.slack.socket import SocketMode
from tests.slack.conftest import Waiting, wait_for
from tests.slack.test_edge import answer

TYPED: dict[str, Any] = {
    "command": "/backup",
    "text": "now full cruzonic",
    "team_id": "T0SANDBOX",
    "user_id": "U0OMAR",
    "channel_id": "C0OPS",
    "trigger_id": "1.2.typed",
}
PRESSED: dict[str, Any] = {
    "type": "block_actions",
    "team": {"id": "T0SANDBOX"},
    "user": {"id": "U0OMAR", "team_id": "T0SANDBOX"},
    "channel": {"id": "C0OPS"},
    "trigger_id": "1.2.pressed",
    "actions": [{"action_id": CANCEL, "block_id": "b", "type": "button", "value": "a1b2c3d4"}],
}


@pytest.fixture
def line(slack: SlackServer, edge: Edge, monkeypatch: pytest.MonkeyPatch) -> SocketMode:
    """A connection whose watchdog is quick, and whose SDK has given up on reconnecting by itself."""
    monkeypatch.setattr("bot.slack.socket._LOOK_SECONDS", 0.05)
    made = SocketMode(edge.app, slack.credentials.app_token, slack.api_url, grace_seconds=0.2)
    made._handler.client.default_auto_reconnect_enabled = False
    made._handler.client.web_client.retry_handlers = []
    return made


@contextmanager
def connected(line: SocketMode) -> Iterator[None]:
    stop, up = threading.Event(), threading.Event()
    thread = threading.Thread(target=line.run, args=(stop, up.set))
    thread.start()
    try:
        wait_for(up.is_set)
        yield
    finally:
        stop.set()
        thread.join()


def cut(line: SocketMode) -> None:
    client: Any = line._handler.client
    client.current_session.close()


def test_a_connection_that_does_not_come_back_by_itself_is_asked_for_anew(
    line: SocketMode, people: SandboxClient, waiting: Waiting, caplog: pytest.LogCaptureFixture
) -> None:
    with connected(line):
        people.fault("drop", methods=("apps.connections.open",), times=2)
        cut(line)
        wait_for(lambda: line.connected and people.connections() == 1)
        assert "Asked for" in answer(people, "omar", "/backup now full cruzonic")
    assert caplog.text.count("gave no new connection") == 2
    assert len(waiting()) == 1


def test_a_connection_that_holds_is_left_alone(
    line: SocketMode, people: SandboxClient, caplog: pytest.LogCaptureFixture
) -> None:
    with connected(line):
        first = line._handler.client.session_id()
        for _ in range(3):  # each takes a while in which the watchdog looks several times
            answer(people, "omar", "/backup help")
            threading.Event().wait(0.15)
        assert line._handler.client.session_id() == first
    assert "asking Slack for a new one" not in caplog.text


@contextmanager
def nothing_can_be_taken(ledger_url: str) -> Iterator[None]:
    """The ledger's inbox is locked, so that no delivery gets past its first question."""
    with psycopg.connect(ledger_url) as holder:
        holder.execute("lock table sparewheel.inbox in access exclusive mode")
        yield


@pytest.mark.parametrize("body", [TYPED, PRESSED], ids=["typed", "pressed"])
def test_slack_is_acknowledged_before_anything_is_done(
    edge: Edge, ledger_url: str, body: dict[str, Any]
) -> None:
    with nothing_can_be_taken(ledger_url):
        assert edge.app.dispatch(BoltRequest(mode="socket_mode", body=body)).status == 200
    drain(edge.app)


def test_a_stop_waits_for_the_answers_under_way(edge: Edge, ledger_url: str, waiting: Waiting) -> None:
    with nothing_can_be_taken(ledger_url):
        edge.app.dispatch(BoltRequest(mode="socket_mode", body=TYPED))
        stopping = threading.Thread(target=drain, args=(edge.app,))
        stopping.start()
        stopping.join(0.3)
        assert stopping.is_alive()
    stopping.join()
    assert len(waiting()) == 1
