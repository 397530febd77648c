"""The report in Slack: one message, its thread with a picture, and everybody's Home tab."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from slack_sdk import WebClient

from bot.app import House
from bot.errors import SlackError
from bot.ledger.connection import borrowed
from bot.ledger.outbox import OutboxMessage
from bot.sandbox.slack.client import SandboxClient
from bot.services import due
from bot.services.fires import Fire
from bot.slack.buttons import BACK_UP, REPORT
from bot.slack.deliver import Deliverer
from bot.slack.views import Surroundings
from bot.wiring.topics import topics_of
from tests.slack.conftest import wait_for
from tests.support.history import CLOCK, stored

Waiting = Callable[[], list[OutboxMessage]]


def posted(people: SandboxClient) -> list[dict[str, Any]]:
    return [one for one in people.messages("database-operations") if not one.get("ephemeral_to")]


def last_answer(people: SandboxClient, name: str) -> str:
    answers = [
        one
        for one in people.messages("database-operations", name=name)
        if one.get("ephemeral_to") and one.get("user") == "U0BOT"
    ]
    return str(answers[-1]["text"]) if answers else ""


def fire(house: House) -> datetime:
    schedule = due.find(house.configuration, "house/report")
    assert schedule is not None
    at = due.last_due(schedule, datetime.now(UTC))
    assert at is not None
    with borrowed(house.pool) as connection:
        house.health_reports.post(Fire(schedule, at, connection, CLOCK))
    return at


def test_the_report_is_one_message_with_figures_and_a_picture_in_its_thread(
    house: House, deliverer: Deliverer, waiting: Waiting, people: SandboxClient
) -> None:
    stored(house, datetime.now(UTC) - timedelta(hours=5), "cruzonic", size=4096, lying=True)
    fire(house)
    for row in waiting():
        deliverer.deliver(row.id)
    message, details, picture = posted(people)
    assert message["text"].startswith("*1 of 2 databases needs a look*")
    assert "Newest data 5 h old" in message["text"]
    assert details["thread_ts"] == picture["thread_ts"] == message["ts"]
    assert "RPO over 30 days" in details["text"]
    (file,) = picture["files"]
    assert file["name"].endswith(".png")
    assert file["size"] > 10_000
    assert waiting() == []


def test_slack_being_down_makes_it_late_and_not_double(
    house: House, web: WebClient, waiting: Waiting, people: SandboxClient
) -> None:
    now = fire(house)
    house.__dict__["health_reports"] = replace(house.health_reports, clock=lambda: now)
    deliverer = Deliverer(web, house.pool, topics_of(house), Surroundings(), "C0OPS")
    people.fault("500", methods=("chat.postMessage",))
    for row in waiting():
        with pytest.raises(SlackError):
            deliverer.deliver(row.id)
    people.clear_faults()
    an_hour_later = now + timedelta(hours=1)
    house.__dict__["health_reports"] = replace(house.health_reports, clock=lambda: an_hour_later)
    deliverer = Deliverer(web, house.pool, topics_of(house), Surroundings(), "C0OPS")
    for row in waiting():
        deliverer.deliver(row.id)
    message, details = posted(people)
    assert details["thread_ts"] == message["ts"]
    assert waiting() == []


def test_one_that_is_outdated_is_not_posted_any_more(
    house: House, web: WebClient, waiting: Waiting, people: SandboxClient
) -> None:
    two_days_on = fire(house) + timedelta(days=2)
    house.__dict__["health_reports"] = replace(house.health_reports, clock=lambda: two_days_on)
    deliverer = Deliverer(web, house.pool, topics_of(house), Surroundings(), "C0OPS")
    for row in waiting():
        deliverer.deliver(row.id)
    assert posted(people) == []
    assert waiting() == []


@pytest.mark.usefixtures("socket")
def test_the_report_is_there_for_whoever_asks(house: House, people: SandboxClient) -> None:
    stored(house, datetime.now(UTC) - timedelta(hours=5), "cruzonic", lying=True)
    people.say("vera", "/backup report cruzonic")
    wait_for(lambda: last_answer(people, "vera"))
    text = last_answer(people, "vera")
    assert text.startswith("*All well:* 1 database")
    assert "*RTO over 30 days:* no restore test measured it" in text
    people.say("carl", "/backup report")
    wait_for(lambda: last_answer(people, "carl"))
    assert "no role here" in last_answer(people, "carl")


@pytest.mark.usefixtures("socket")
def test_the_home_tab_is_each_persons_own_and_its_buttons_work(
    people: SandboxClient, waiting: Waiting
) -> None:
    people.home("omar", open_it=True)
    wait_for(lambda: "cruzonic" in people.read_home("omar"))
    people.home("carl", open_it=True)
    wait_for(lambda: "no role here yet" in people.read_home("carl"))
    assert "cruzonic" not in people.read_home("carl")
    people.home("vera", open_it=True)
    wait_for(lambda: "cruzonic" in people.read_home("vera"))
    assert BACK_UP not in str(people.home("vera"))
    block = block_of(people.home("omar"), BACK_UP, "cruzonic")
    assert people.click("omar", BACK_UP, block_id=block)["problem"] == "needs confirmation"
    people.click("omar", BACK_UP, block_id=block, confirmed=True)
    wait_for(lambda: [row.topic for row in waiting()] == ["backup"])
    wait_for(lambda: "*Waits:* full backup" in people.read_home("omar"))
    people.click("vera", REPORT, block_id=block_of(people.home("vera"), REPORT, "cruzonic"))
    wait_for(lambda: people.view("vera"))
    assert "RPO over 30 days" in str(people.view("vera"))


def block_of(view: dict[str, Any] | None, action: str, value: str) -> str:
    """The block that holds a button with this value."""
    assert view is not None
    return next(
        block["block_id"]
        for block in view["blocks"]
        for one in block.get("elements", [])
        if one.get("action_id") == action and one.get("value") == value
    )
