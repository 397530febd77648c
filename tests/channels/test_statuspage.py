"""Statuspage's API, as a small page on loopback speaks it: created once, then updated."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.channels.statuspage import StatuspageChannel
from bot.errors import ChannelBusyError, ChannelUnknownError
from bot.settings.channels import StatuspageSettings
from tests.support.outgoing import outgoing
from tests.support.receiver import Answer, Got, Receiver

START, END = datetime(2030, 3, 5, 8, tzinfo=UTC), datetime(2030, 3, 5, 10, tzinfo=UTC)


class Page:
    """The part of Statuspage that notices use, with its field names."""

    def __init__(self) -> None:
        self.incidents: list[dict[str, Any]] = []
        self.lose_answer = False
        self.says_500 = 0  # to so many writes, though they were done
        self.half_done = False  # the words of an update get lost

    def answer(self, got: Got) -> Answer:
        if got.headers.get("authorization") != "OAuth k3y":
            return Answer(401)
        base = "/v1/pages/pg1/incidents"
        if got.method == "GET" and got.path.partition("?")[0] == base:
            return Answer(body=json.dumps(self.incidents).encode())
        if got.method == "GET":
            return Answer(body=json.dumps(self._one(got)).encode())
        change = json.loads(got.body)["incident"]
        if got.method == "POST":
            self.incidents.append({"id": f"inc{len(self.incidents)}", "incident_updates": []} | change)
            one = self.incidents[-1]
        else:
            one = self._one(got)
            one |= change
        if not self.half_done:
            one["incident_updates"].append({"status": change["status"], "body": change["body"]})
        if self.says_500:
            self.says_500 -= 1
            return Answer(500)
        return Answer(cut=True) if self.lose_answer else Answer(201, json.dumps(one).encode())

    def _one(self, got: Got) -> dict[str, Any]:
        return next(one for one in self.incidents if got.path.endswith(one["id"]))


@pytest.fixture
def page(web: Receiver) -> Page:
    page = Page()
    web.answer = page.answer
    return page


@pytest.fixture
def channel(web: Receiver, page: Page) -> Iterator[StatuspageChannel]:
    del page
    settings = StatuspageSettings.model_validate(
        {
            "type": "statuspage",
            "page_id": "pg1",
            "api_key_env": "KEY",
            "api_url": f"{web.url}/v1",
            "components": ["c1"],
            "timeout": 2,
        }
    )
    channel = StatuspageChannel(settings, "k3y")
    yield channel
    channel.close()


def test_maintenance_becomes_a_scheduled_maintenance(page: Page, channel: StatuspageChannel) -> None:
    receipt = channel.hand_over(outgoing("pg1", starts_at=START, ends_at=END))
    (made,) = page.incidents
    assert receipt.reference == made["id"]
    assert made["status"] == "scheduled"
    assert made["impact_override"] == "maintenance"
    assert (made["scheduled_for"], made["scheduled_until"]) == (START.isoformat(), END.isoformat())
    assert made["scheduled_remind_prior"] is False
    assert made["component_ids"] == ["c1"]
    assert "less than 5 minutes" in made["body"]


def test_what_follows_updates_the_same_incident(page: Page, channel: StatuspageChannel) -> None:
    first = channel.hand_over(outgoing("pg1", kind="emergency", status="investigating", severity="critical"))
    resolved = {"stage": "resolved", "status": "resolved", "severity": "resolved", "key": "cd" * 16}
    channel.hand_over(outgoing("pg1", kind="emergency", references=(first.reference,), **resolved))
    assert len(page.incidents) == 1
    assert [one["status"] for one in page.incidents[0]["incident_updates"]] == ["investigating", "resolved"]


def test_a_lost_answer_makes_no_second_incident(page: Page, channel: StatuspageChannel) -> None:
    page.lose_answer = True
    with pytest.raises(ChannelUnknownError):
        channel.hand_over(outgoing("pg1"))
    page.lose_answer = False
    channel.hand_over(outgoing("pg1", again=True))
    assert len(page.incidents) == 1
    assert len(page.incidents[0]["incident_updates"]) == 1


def test_the_rate_limit_is_waited_for(web: Receiver, channel: StatuspageChannel) -> None:
    web.answer = lambda _: Answer(420)
    with pytest.raises(ChannelBusyError) as busy:
        channel.hand_over(outgoing("pg1"))
    assert busy.value.whole


def test_a_500_after_it_was_created_makes_neither_a_second_incident_nor_a_second_update(
    page: Page, channel: StatuspageChannel
) -> None:
    page.says_500 = 1
    with pytest.raises(ChannelBusyError):
        channel.hand_over(outgoing("pg1"))
    receipt = channel.hand_over(outgoing("pg1"))
    (made,) = page.incidents
    assert receipt.reference == made["id"]
    assert len(made["incident_updates"]) == 1


@pytest.mark.parametrize("status", [500, 408])
def test_an_update_that_was_done_and_answered_wrongly_is_not_done_again(
    page: Page, channel: StatuspageChannel, web: Receiver, status: int
) -> None:
    first = channel.hand_over(outgoing("pg1"))
    follow_up = outgoing("pg1", key="cd" * 16, status="in_progress", references=(first.reference,))

    def wrongly(got: Got) -> Answer:
        done = page.answer(got)
        return Answer(status) if got.method == "PATCH" else done

    web.answer = wrongly
    with pytest.raises(ChannelBusyError):
        channel.hand_over(follow_up)
    web.answer = page.answer
    assert channel.hand_over(follow_up) == first
    assert [one["status"] for one in page.incidents[0]["incident_updates"]] == ["scheduled", "in_progress"]


def test_the_same_words_again_are_a_new_update_and_not_a_repeat(
    page: Page, channel: StatuspageChannel
) -> None:
    first = channel.hand_over(outgoing("pg1"))
    channel.hand_over(outgoing("pg1", key="cd" * 16, references=(first.reference,)))
    assert len(page.incidents[0]["incident_updates"]) == 2


def test_an_update_of_which_only_the_mark_is_there_is_for_a_person_to_look_at(
    page: Page, channel: StatuspageChannel
) -> None:
    first = channel.hand_over(outgoing("pg1"))
    follow_up = outgoing("pg1", key="cd" * 16, status="in_progress", references=(first.reference,))
    page.half_done, page.says_500 = True, 1
    with pytest.raises(ChannelBusyError):
        channel.hand_over(follow_up)
    with pytest.raises(ChannelUnknownError, match="part of it"):
        channel.hand_over(follow_up)
    page.half_done = False
    channel.hand_over(replace(follow_up, again=True))
    assert len(page.incidents[0]["incident_updates"]) == 2


@pytest.mark.parametrize("answer", [Answer(cut=True), Answer(502), Answer(200, b"<html>")])
def test_a_look_that_fails_has_surely_written_nothing(
    web: Receiver, channel: StatuspageChannel, answer: Answer
) -> None:
    web.answer = lambda _: answer
    with pytest.raises(ChannelBusyError):
        channel.hand_over(outgoing("pg1"))
    assert {got.method for got in web.got} == {"GET"}


def test_what_others_keep_in_the_metadata_stays(page: Page, channel: StatuspageChannel) -> None:
    first = channel.hand_over(outgoing("pg1"))
    page.incidents[0]["metadata"]["theirs"] = {"ticket": "7"}
    channel.hand_over(outgoing("pg1", key="cd" * 16, references=(first.reference,)))
    assert page.incidents[0]["metadata"]["theirs"] == {"ticket": "7"}
