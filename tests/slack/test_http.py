from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

import pytest
import uvicorn

from bot.app import House
from bot.core.backup import Kind, State
from bot.ledger.outbox import OutboxMessage
from bot.sandbox.slack.server import SlackServer
from bot.slack.buttons import CANCEL
from bot.slack.edge import Edge
from bot.slack.http import build_asgi
from tests.support.house import OMAR

BODY = urlencode(
    {
        "command": "/backup",
        "text": "now full cruzonic",
        "team_id": "T0SANDBOX",
        "user_id": "U0OMAR",
        "channel_id": "C0OPS",
        "trigger_id": "1.2.http",
    }
)


class Caller:
    """Speaks HTTP to one port of this machine."""

    def __init__(self, port: int) -> None:
        self._port = port

    def call(
        self, method: str, path: str, body: bytes | str = "", headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def post(self, body: bytes | str, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
        return self.call("POST", "/slack/events", body, headers)


@contextmanager
def serving(edge: Edge) -> Iterator[Caller]:
    """The web app as it runs: uvicorn on a free port of the loopback address."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(build_asgi(edge.app), log_level="warning", http="h11"))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    try:
        yield Caller(listener.getsockname()[1])
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@pytest.fixture
def web_app(edge: Edge) -> Iterator[Caller]:
    with serving(edge) as caller:
        yield caller


def signed(secret: str, body: str, age: float = 0.0) -> dict[str, str]:
    stamp = str(int(time.time() - age))
    digest = hmac.new(secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
    kind = "application/json" if body.startswith("{") else "application/x-www-form-urlencoded"
    return {
        "x-slack-request-timestamp": stamp,
        "x-slack-signature": f"v0={digest}",
        "content-type": kind,
    }


def test_a_signed_command_is_taken(
    web_app: Caller, slack: SlackServer, edge: Edge, waiting: Callable[[], list[OutboxMessage]]
) -> None:
    headers = signed(slack.credentials.signing_secret, BODY)
    assert web_app.post(BODY, headers)[0] == 200
    edge.app.listener_runner.listener_executor.shutdown(wait=True)
    assert len(waiting()) == 1


@pytest.mark.parametrize("case", ["forged", "old", "none", "changed"])
def test_what_slack_did_not_sign_just_now_is_refused(
    case: str, web_app: Caller, slack: SlackServer, edge: Edge, waiting: Callable[[], list[OutboxMessage]]
) -> None:
    secret = slack.credentials.signing_secret
    headers = {
        "forged": signed("0" * 32, BODY),
        "old": signed(secret, BODY, age=361),
        "none": {"content-type": "application/x-www-form-urlencoded"},
        "changed": signed(secret, BODY.replace("full", "schema")),
    }[case]
    assert web_app.post(BODY, headers)[0] == 401
    edge.app.listener_runner.listener_executor.shutdown(wait=True)
    assert waiting() == []


def test_another_workspace_gets_nothing_for_our_peoples_ids(
    web_app: Caller,
    slack: SlackServer,
    edge: Edge,
    house: House,
    waiting: Callable[[], list[OutboxMessage]],
) -> None:
    secret = slack.credentials.signing_secret
    record = house.backups.request(OMAR, kind=Kind.FULL, database="cruzonic").record
    typed = BODY.replace("T0SANDBOX", "T0OTHER")
    press = {
        "type": "block_actions",
        "user": {"id": "U0OMAR", "team_id": "T0OTHER"},
        "team": {"id": "T0SANDBOX"},
        "channel": {"id": "C0OPS"},
        "trigger_id": "1.3.http",
        "actions": [{"type": "button", "action_id": CANCEL, "block_id": "b", "value": record.id}],
    }
    for body in (typed, urlencode({"payload": json.dumps(press)})):
        assert web_app.post(body, signed(secret, body))[0] == 200
    edge.app.listener_runner.listener_executor.shutdown(wait=True)
    assert [message.subject for message in waiting()] == [record.id]
    assert house.backups.message(record.id).record.state is State.QUEUED


def test_slacks_own_question_for_the_address_is_answered(web_app: Caller, slack: SlackServer) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "abc"})
    status, answer = web_app.post(body, signed(slack.credentials.signing_secret, body))
    assert (status, json.loads(answer)) == (200, {"challenge": "abc"})


def test_what_is_too_large_or_no_text_is_not_read(web_app: Caller) -> None:
    assert web_app.post(b"x" * 1_000_001)[0] == 413
    assert web_app.post(b"\xff\xfe")[0] == 400
