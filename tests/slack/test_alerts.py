"""Alerts in Slack: posted, taken by a button, over in the same message; and when Slack or the worker is away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from slack_sdk import WebClient

from bot.app import House
from bot.core.alerts import Alert, Condition, Severity
from bot.errors import SlackError
from bot.ledger import outbox
from bot.ledger.connection import borrowed
from bot.ledger.outbox import OutboxMessage
from bot.sandbox.slack.client import SandboxClient
from bot.services.alert_ticks import AlertTick
from bot.services.alerts import Seen
from bot.settings import ContactSettings
from bot.slack.client import patient_client
from bot.slack.deliver import Deliverer
from bot.slack.socket import SocketMode
from bot.slack.views import Surroundings
from bot.wiring.topics import topics_of
from tests.slack.conftest import wait_for

NOW = datetime.now(UTC)
MINUTE = timedelta(minutes=1)
BAD = Condition("rpo:cruzonic", "rpo", Severity.CRITICAL, "cruzonic", "It is too old.", "Back up.")
LOOKED: set[tuple[str, str | None]] = {("rpo", "cruzonic")}
CONTACTS = (
    ContactSettings(level=1, name="Night desk", slack="U0OMAR"),
    ContactSettings(level=2, name="Head of operations", slack="U0ADA"),
)


def see(house: House, minutes: int, *conditions: Condition) -> None:
    house.alerts.apply(Seen(list(conditions), LOOKED), NOW + minutes * MINUTE)


def the_alert(house: House) -> Alert:
    (alert,) = house.alert_desk.open_alerts()
    return alert


@pytest.fixture(autouse=True)
def of_this_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ledger's own times are of now, and the suite may have been collected long ago."""
    monkeypatch.setitem(globals(), "NOW", datetime.now(UTC))


@pytest.fixture
def post(slack: Any, house: House) -> Callable[[], None]:
    """Delivers everything that waits, in order, as a worker would."""
    client = patient_client(slack.credentials.bot_token, slack.api_url)
    deliverer = Deliverer(client, house.pool, topics_of(house), Surroundings(contacts=CONTACTS), "C0OPS")

    def everything() -> None:
        with borrowed(house.pool) as connection:
            rows = outbox.waiting(connection)
        for row in rows:
            deliverer.deliver(row.id)

    return everything


def history(web: WebClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = web.conversations_history(channel="C0OPS")["messages"]
    return found


def thread(web: WebClient, ts: str) -> list[str]:
    return [m["text"] for m in web.conversations_replies(channel="C0OPS", ts=ts)["messages"]][1:]


def test_one_message_through_its_life(
    house: House, web: WebClient, people: SandboxClient, socket: SocketMode, post: Callable[[], None]
) -> None:
    assert socket.connected
    see(house, 0, BAD)
    post()
    (message,) = history(web)
    assert message["text"].startswith("*Critical: `cruzonic`*\nIt is too old.")
    assert "<@U0OMAR>" in message["text"]
    assert "<@U0ADA>" not in message["text"]
    see(house, 31, BAD)
    post()
    (line,) = thread(web, message["ts"])
    assert "level 2 is called" in line
    assert "<@U0ADA>" in line
    people.click("omar", "alert_acknowledge", ts=message["ts"])
    wait_for(lambda: the_alert(house).acknowledged_user == "U0OMAR")
    see(house, 40)
    see(house, 46)
    post()
    (message,) = history(web)
    assert message["text"].startswith("*Over: `cruzonic`*")
    assert [text.partition(" ")[0] for text in thread(web, message["ts"])] == [
        "*Nobody",
        "<@U0OMAR>",
        "*Over*",
    ]


def test_who_may_not_take_it_is_told_so(
    house: House, web: WebClient, people: SandboxClient, socket: SocketMode, post: Callable[[], None]
) -> None:
    assert socket.connected
    see(house, 0, BAD)
    post()
    (message,) = history(web)
    people.click("vera", "alert_acknowledge", ts=message["ts"])
    wait_for(lambda: "you may not take on an alert" in people.read(name="vera"))
    assert the_alert(house).acknowledged_user is None


def test_an_hour_without_slack_is_told_in_order_and_without_a_flood(
    house: House, web: WebClient, people: SandboxClient, post: Callable[[], None]
) -> None:
    for minute in range(61):
        see(house, minute, BAD)
    assert history(web) == []
    post()
    (message,) = history(web)
    assert "<@U0ADA>" in message["text"]  # as it is by now: the second level was called
    assert len(thread(web, message["ts"])) == 1
    assert people.connections() == 0


def test_without_a_worker_the_clock_posts_itself(house: House, web: WebClient, deliverer: Deliverer) -> None:
    tick = AlertTick(house.alerts, deliverer.deliver)
    for minute in (0, 2):
        tick(NOW + minute * MINUTE)
    assert history(web) == []  # a worker that was only just gone may still come
    with borrowed(house.pool) as connection:
        connection.execute("update outbox set created_at = created_at - interval '1 minute'")
    tick(NOW + 3 * MINUTE)
    assert any("No worker runs" in message["text"] for message in history(web))
    told = len(history(web))
    tick(NOW + 4 * MINUTE)
    assert len(history(web)) == told


def test_slack_away_at_the_clocks_own_post_is_tried_again(
    house: House, waiting: Callable[[], list[OutboxMessage]]
) -> None:
    asked: list[str] = []

    def away(outbox_id: str) -> None:
        asked.append(outbox_id)
        raise SlackError("Slack did not take it (http_503).")

    tick = AlertTick(house.alerts, away)
    for minute in (0, 2):
        tick(NOW + minute * MINUTE)
    with borrowed(house.pool) as connection:
        connection.execute("update outbox set created_at = created_at - interval '1 minute'")
    tick(NOW + 3 * MINUTE)
    assert len(asked) == 1  # those behind it keep their order
    assert waiting()


def test_while_a_worker_lives_the_clock_leaves_posting_to_it(house: House) -> None:
    asked: list[str] = []
    tick = AlertTick(house.alerts, asked.append)
    see(house, 0, BAD)
    with borrowed(house.pool) as connection:
        connection.execute("update outbox set created_at = created_at - interval '1 hour'")
        connection.execute(
            "insert into procrastinate_workers (last_heartbeat) values (%s)", [NOW + 3 * MINUTE]
        )
    tick(NOW + 3 * MINUTE)
    assert asked == []


def test_typed_words(house: House, people: SandboxClient, socket: SocketMode) -> None:
    assert socket.connected
    see(house, 0, BAD, replace(BAD, key="slow:x", severity=Severity.WARNING, sentence="It is slow."))
    people.say("omar", "/alerts")
    wait_for(lambda: "2 things are wrong, 1 of them critical" in people.read(name="omar"))
    people.say("omar", "/alerts fleetnest")
    wait_for(lambda: "Nothing is wrong" in people.read(name="omar"))
    people.say("omar", "/alerts sho")
    wait_for(lambda: "Did you mean `/alerts show`" in people.read(name="omar"))
