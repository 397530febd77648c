"""The rules of a click, as tables and as properties."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.approvals import Approval, ApprovalState, Click, refusal, reminder_due, same_content
from bot.core.people import Actor, Role, Source, identities_of, person_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HASH = "ab" * 32
ASKED = Approval(
    id="a1b2c3d4",
    topic="notice",
    subject="n0000001",
    content_hash=HASH,
    title="Send a maintenance notice",
    what=("Maintenance on Sunday",),
    why="Works on the server",
    consequence="1,240 people get a mail",
    team="T1",
    requested_by="UANN",
    source="slack",
    person="slack:UANN",
    barred=frozenset({"slack:UANN", "slack:UAUTHOR"}),
    roles=frozenset({Role.APPROVER}),
    needed=2,
    channel="C0OPS",
    created_at=NOW,
    expires_at=NOW + timedelta(hours=1),
)
GOOD = Click(frozenset({"slack:UBEN"}), frozenset({Role.APPROVER}), HASH)


def test_a_good_click_counts() -> None:
    assert refusal(ASKED, GOOD, NOW) is None
    assert refusal(ASKED, replace(GOOD, content_hash=HASH[:16]), NOW) is None


@pytest.mark.parametrize(
    ("approval", "click", "at", "word"),
    [
        ({}, {"from_slack": False}, NOW, "command line"),
        ({}, {}, NOW + timedelta(hours=1), "over"),
        ({}, {"content_hash": "cd" * 32}, NOW, "shown"),
        ({}, {"content_hash": HASH[:15]}, NOW, "shown"),
        ({}, {"content_hash": ""}, NOW, "shown"),
        ({}, {"identities": frozenset({"slack:UBEN", "slack:UANN"})}, NOW, "You asked"),
        ({}, {"identities": frozenset({"slack:UAUTHOR"})}, NOW, "wrote"),
        ({}, {"roles": frozenset({Role.ADMINISTRATOR, Role.OPERATOR})}, NOW, "Only an approver may"),
        ({}, {"roles": frozenset()}, NOW, "Only an approver may"),
        ({"decided_by": frozenset({"slack:UBEN"})}, {}, NOW, "already"),
        *[({"state": state}, {}, NOW, "") for state in ApprovalState if state is not ApprovalState.PENDING],
    ],
)
def test_a_click_that_does_not_count_says_why(
    approval: dict[str, object], click: dict[str, object], at: datetime, word: str
) -> None:
    why = refusal(replace(ASKED, **approval), replace(GOOD, **click), at)  # type: ignore[arg-type] # the table's
    assert why
    assert word in why


@given(st.text("0123456789abcdef", max_size=64))
def test_only_the_hash_or_enough_of_its_beginning_is_the_same_content(shown: str) -> None:
    assert same_content(HASH, shown) == (len(shown) >= 16 and HASH.startswith(shown))


@pytest.mark.parametrize(
    ("minutes", "sent", "due"),
    [(0, 0, None), (9, 0, None), (10, 0, 1), (19, 1, None), (35, 1, 3), (60, 0, None)],
)
def test_missed_reminders_are_one(minutes: int, sent: int, due: int | None) -> None:
    at = NOW + timedelta(minutes=minutes)
    assert reminder_due(replace(ASKED, reminders=sent), at, timedelta(minutes=10)) == due


class Human:
    slack_ids = ("UANN", "UANN2")
    command_line = "ann"


@pytest.mark.parametrize(
    "actor",
    [
        Actor("T1", "UANN", Source.SLACK),
        Actor("T1", "UANN2", Source.SLACK),
        Actor("local", "ann", Source.COMMAND_LINE),
    ],
)
def test_every_account_of_a_human_is_one_person(actor: Actor) -> None:
    assert person_of(actor, [Human()]) == "person:UANN"
    assert identities_of(actor, [Human()]) == {"person:UANN", "slack:UANN", "slack:UANN2", "command-line:ann"}


def test_an_account_is_not_another_ones_namesake() -> None:
    assert person_of(Actor("T1", "ann", Source.SLACK), [Human()]) == "slack:ann"
    assert identities_of(Actor("local", "UANN", Source.COMMAND_LINE), [Human()]) == {"command-line:UANN"}
