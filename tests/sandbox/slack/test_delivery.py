from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from slack_bolt import App, BoltRequest
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.signature import Clock, SignatureVerifier

from bot.errors import SandboxError
from bot.sandbox.slack.client import SandboxClient
from bot.sandbox.slack.options import Options, Timings
from bot.sandbox.slack.request_url import RequestUrl, signature
from bot.sandbox.slack.server import SlackServer
from tests.sandbox.slack.conftest import FakeTime, hang_up, wait_for

Connect = Callable[[], SocketModeHandler]


def texts(people: SandboxClient, name: str = "omar") -> list[str]:
    return [m["text"] for m in people.messages(name=name)]


def test_a_slash_command_arrives_and_its_ack_is_shown(
    app: App, connect: Connect, people: SandboxClient
) -> None:
    seen: list[dict[str, Any]] = []

    @app.command("/backup")
    def backup(ack: Any, command: dict[str, Any]) -> None:
        seen.append(command)
        ack("on its way")

    connect()
    assert people.say("omar", "/backup now @vera <!channel> #general") is None
    assert seen[0]["text"] == "now <@U0VERA|vera> &lt;!channel&gt; <#C0GENERAL|general>"
    assert (seen[0]["user_id"], seen[0]["channel_id"], seen[0]["team_id"]) == ("U0OMAR", "C0OPS", "T0SANDBOX")
    assert texts(people) == ["/backup now @vera <!channel> #general", "on its way"]
    assert texts(people, "vera") == []


def test_an_in_channel_answer_is_for_everybody(app: App, connect: Connect, people: SandboxClient) -> None:
    app.command("/backup")(lambda ack: ack(text="for all", response_type="in_channel"))
    connect()
    people.say("omar", "/backup now")
    assert texts(people, "vera") == ["for all"]


def test_nobody_listens(people: SandboxClient) -> None:
    assert people.say("omar", "/backup now") == '/backup failed with the error "dispatch_failed"'


def test_an_unknown_command_never_leaves_slack(people: SandboxClient) -> None:
    assert "`/bakcup` is not a valid command" in str(people.say("omar", "/bakcup now"))


class TestShortPatience:
    """Slack's three seconds, shortened: the app answers after them."""

    @pytest.fixture
    def timings(self) -> Timings:
        return Timings(acknowledge=0.3, event_retries=(0.0, 0.05, 0.1))

    def test_a_late_ack_is_dropped(self, app: App, connect: Connect, people: SandboxClient) -> None:
        release, acked = threading.Event(), threading.Event()

        @app.command("/backup")
        def backup(ack: Any) -> None:
            release.wait()
            ack("too late")
            acked.set()

        connect()
        sentence = people.say("omar", "/backup now")
        assert sentence == '/backup failed with the error "operation_timeout"'
        release.set()
        acked.wait()
        assert texts(people)[1:] == [sentence]

    def test_an_event_nobody_acknowledges_comes_four_times(
        self, app: App, connect: Connect, people: SandboxClient
    ) -> None:
        tries: list[tuple[str, str | None]] = []
        give_up = threading.Event()

        @app.middleware
        def note(body: dict[str, Any], request: BoltRequest, next: Callable[[], Any]) -> None:  # noqa: A002 - Bolt finds its arguments by name
            tries.append((body["event_id"], request.headers.get("x-slack-retry-num", [None])[0]))
            give_up.wait()
            next()

        app.event("app_home_opened")(lambda: None)
        connect()
        people.home("omar", open_it=True)
        wait_for(lambda: len(tries) == 4)
        give_up.set()
        assert [number for _, number in tries] == ["0", "1", "2", "3"]
        assert len({event for event, _ in tries}) == 1


def test_a_doubled_event_has_the_same_id(app: App, connect: Connect, people: SandboxClient) -> None:
    seen: list[str] = []
    app.event("app_home_opened")(lambda body: seen.append(body["event_id"]))
    connect()
    people.double_events()
    people.home("omar", open_it=True)
    wait_for(lambda: len(seen) == 2)
    assert seen[0] == seen[1]


def _noting(taken: list[int], number: int) -> Callable[[Any], None]:
    def listener(ack: Any) -> None:
        taken.append(number)
        ack()

    return listener


def test_two_connections_share_the_payloads(slack: SlackServer, people: SandboxClient) -> None:
    taken: list[int] = []
    handlers = []
    for number in range(2):
        app = App(client=WebClient(slack.credentials.bot_token, base_url=slack.api_url))
        app.command("/backup")(_noting(taken, number))
        client = WebClient(slack.credentials.app_token, base_url=slack.api_url)
        handler = SocketModeHandler(app, slack.credentials.app_token, web_client=client)
        handler.connect()
        handlers.append(handler)
    wait_for(lambda: people.connections() == 2)
    for _ in range(4):
        people.say("omar", "/backup now")
    for handler in handlers:
        hang_up(handler)
    assert sorted(taken) == [0, 0, 1, 1]


def test_the_app_comes_again_when_slack_asks(app: App, connect: Connect, people: SandboxClient) -> None:
    app.command("/backup")(lambda ack: ack("here again"))
    handler = connect()
    assert handler.client is not None
    before = handler.client.session_id()
    people.refresh()
    wait_for(lambda: people.connections() == 1 and handler.client.session_id() != before)
    assert people.say("omar", "/backup now") is None
    assert texts(people)[-1] == "here again"


def test_a_response_url_takes_five_in_thirty_minutes(
    app: App, connect: Connect, people: SandboxClient, clock: FakeTime
) -> None:
    responds: list[Any] = []

    @app.command("/backup")
    def backup(ack: Any, respond: Any) -> None:
        ack()
        responds.append(respond)

    connect()
    people.say("omar", "/backup now")
    codes = [responds[0](f"answer {number}").status_code for number in range(6)]
    assert codes == [200] * 5 + [404]
    people.say("omar", "/backup now")
    wait_for(lambda: len(responds) == 2)
    clock.now += 30 * 60 + 1
    late = responds[1]("late")
    assert (late.status_code, "expired_url" in late.body) == (404, True)
    assert [t for t in texts(people) if t.startswith("answer")] == [f"answer {n}" for n in range(5)]


class HttpApp:
    """A Bolt app behind a real HTTP server, as in production without Socket Mode."""

    def __init__(self, app: App) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                headers = {name.lower(): value for name, value in self.headers.items()}
                answer = app.dispatch(BoltRequest(body=body, headers=headers))
                self.send_response(answer.status)
                for name, value in answer.first_headers_without_set_cookie().items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write((answer.body or "").encode())

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def http_app(tmp_path: Path) -> Iterator[tuple[App, SandboxClient]]:
    with SlackServer(tmp_path) as first:
        credentials, port = first.credentials, int(first.base_url.rpartition(":")[2])
        web = WebClient(credentials.bot_token, base_url=first.api_url)
        app = App(client=web, signing_secret=credentials.signing_secret)
        behind = HttpApp(app)
    url = f"http://127.0.0.1:{behind.server.server_address[1]}/slack/events"
    with SlackServer(tmp_path, port, Options(request_url=url)):
        yield app, SandboxClient(tmp_path)
    behind.close()


def test_http_delivery_is_signed_as_bolt_wants_it(http_app: tuple[App, SandboxClient]) -> None:
    app, people = http_app
    visits: list[str] = []
    app.command("/backup")(lambda ack: ack("over http"))
    app.event("app_home_opened")(lambda event: visits.append(event["user"]))
    assert people.say("omar", "/backup now") is None
    assert texts(people)[-1] == "over http"
    people.home("vera", open_it=True)
    wait_for(lambda: visits == ["U0VERA"])


def test_an_app_that_answers_401_has_failed(http_app: tuple[App, SandboxClient]) -> None:
    app, people = http_app
    app.middleware(lambda resp: resp)  # a middleware that ends the way: nothing is acknowledged
    assert people.say("omar", "/backup now") == '/backup failed with the error "dispatch_failed"'


def test_the_signature_is_what_the_sdk_verifies() -> None:
    verifier = SignatureVerifier("secret", Clock())
    now = str(int(verifier.clock.now()))
    assert verifier.is_valid(b"a=1", now, signature("secret", now, b"a=1"))
    assert not verifier.is_valid(b"a=2", now, signature("secret", now, b"a=1"))
    old = str(int(now) - 361)
    assert not verifier.is_valid(b"a=1", old, signature("secret", old, b"a=1"))


@pytest.mark.parametrize("url", ["https://127.0.0.1/x", "http://example.com/x", "http://10.0.0.1/x"])
def test_requests_go_to_this_machine_only(url: str) -> None:
    with pytest.raises(SandboxError, match="this machine only"):
        RequestUrl(url, "secret", Options())
