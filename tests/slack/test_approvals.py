"""Approving in Slack: the real engine behind the real edge, and people who click."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.app import House
from bot.core.approvals import Approval, ApprovalState
from bot.core.people import Actor, Role, Source
from bot.ledger.connection import borrowed
from bot.ledger.outbox import OutboxMessage
from bot.sandbox.slack.client import SandboxClient
from bot.services.approvals import Ask
from bot.slack.buttons import APPROVAL_SHOW, APPROVE, DECLINE, WITHDRAW
from bot.slack.deliver import Deliverer
from tests.slack.conftest import wait_for
from tests.slack.test_edge import answer, answers

Waiting = Callable[[], list[OutboxMessage]]
OMAR = Actor("T0SANDBOX", "U0OMAR", Source.SLACK, frozenset({Role.OPERATOR}))
pytestmark = pytest.mark.usefixtures("socket")

ASK = Ask(
    topic="works",  # nobody acts on these
    subject="n1n2n3n4",
    content_hash="ab" * 32,
    title="Send a notice",
    what=("To <!channel> and *everybody*",),
    why="The window is tonight.",
    consequence="It is sent to 12 recipients.",
    requested=OMAR,
    channel="C0OPS",
)


@pytest.fixture
def deliver(deliverer: Deliverer, waiting: Waiting) -> Callable[[], None]:
    def all_of_it() -> None:
        for message in waiting():
            deliverer.deliver(message.id)

    return all_of_it


def ask(house: House, subject: str = "n1n2n3n4") -> Approval:
    with borrowed(house.pool) as connection:
        return house.approvals.open(connection, replace(ASK, subject=subject))


def request_in(people: SandboxClient) -> dict[str, Any]:
    return next(
        one for one in people.messages() if "pproval `" in one["text"] and not one.get("ephemeral_to")
    )


def press(people: SandboxClient, name: str, action: str, ts: str) -> str:
    """Press a button and read what only this person sees."""
    before = len(answers(people, name))
    assert people.click(name, action, ts=ts, confirmed=True)["problem"] is None
    wait_for(lambda: len(answers(people, name)) > before)
    return str(answers(people, name)[-1]["text"])


def test_a_request_is_approved_by_another_person_and_then_has_no_buttons(
    house: House, people: SandboxClient, deliver: Callable[[], None]
) -> None:
    approval = ask(house)
    deliver()
    asked = request_in(people)
    assert asked["text"].startswith("*Approval needed: Send a notice*")
    assert "<!channel>" not in asked["text"]
    assert "somebody else has to read it" in press(people, "omar", APPROVE, asked["ts"])
    assert "Only an approver may decide" in press(people, "vera", APPROVE, asked["ts"])
    assert "Approved: It is sent to 12 recipients." in press(people, "april", APPROVE, asked["ts"])
    deliver()
    ended = request_in(people)
    assert ended["ts"] == asked["ts"]
    assert ended["text"].startswith("*Approved: Send a notice*")
    assert "<@U0APRIL> approved" in ended["text"]
    assert [block for block in ended["blocks"] if block["type"] == "actions"] == []
    assert any(
        one.get("thread_ts") == asked["ts"] and "Approved by <@U0APRIL>" in one["text"]
        for one in people.messages()
    )
    assert house.approvals.message(approval.id).approval.state is ApprovalState.APPROVED


def test_declining_asks_why_and_everybody_reads_it(
    house: House, people: SandboxClient, deliver: Callable[[], None]
) -> None:
    ask(house)
    deliver()
    ts = request_in(people)["ts"]
    assert people.click("andre", DECLINE, ts=ts)["problem"] is None
    wait_for(lambda: people.view("andre"))
    assert people.submit("andre", {})["errors"] == {"comment": "Please complete this required field."}
    assert not people.submit("andre", {"comment": "Two hours, <!here>."}).get("errors")
    wait_for(lambda: answers(people, "andre"))
    deliver()
    text = request_in(people)["text"]
    assert text.startswith("*Declined: Send a notice*")
    assert "Two hours, &lt;!here&gt;." in text


def test_declining_ones_own_is_refused_inside_the_form(
    house: House, people: SandboxClient, deliver: Callable[[], None]
) -> None:
    ask(house)
    deliver()
    people.click("omar", DECLINE, ts=request_in(people)["ts"])
    wait_for(lambda: people.view("omar"))
    told = people.submit("omar", {"comment": "No."})["errors"]["comment"]
    assert "somebody else has to read it. Nothing was changed." in told


def test_the_list_leads_to_the_request_and_withdrawing_takes_its_buttons(
    house: House, people: SandboxClient, deliver: Callable[[], None]
) -> None:
    approval = ask(house)
    deliver()
    assert "Nothing waits" in answer(people, "vera", "/approvals")
    assert "*You asked, others decide: 1*" in answer(people, "omar", "/approvals")
    assert "*Waiting for you: 1*" in answer(people, "april", "/approvals list")
    listed = answers(people, "april")[-1]
    assert "*Approval needed:" in press(people, "april", APPROVAL_SHOW, listed["ts"])
    ts = request_in(people)["ts"]
    assert "Only whoever asked" in press(people, "april", WITHDRAW, ts)
    assert "nobody can approve it any more" in press(people, "omar", WITHDRAW, ts)
    # The old message may still be on somebody's screen.
    assert "It was withdrawn" in press(people, "april", APPROVE, ts)
    deliver()
    assert request_in(people)["text"].startswith("*Withdrawn, nothing was done")
    assert house.approvals.message(approval.id).approval.state is ApprovalState.WITHDRAWN


def test_approving_without_the_hash_of_what_was_shown_is_refused(house: House, people: SandboxClient) -> None:
    approval = ask(house)
    told = answer(people, "april", f"/approvals approve {approval.id}")
    assert "about exactly what you were shown" in told
    told = answer(people, "april", f"/approvals approve {approval.id} {'cd' * 32}")
    assert "not what is asked for any more" in told
    assert "Did you mean `/approvals show" in answer(people, "april", "/approvals shw a1b2")
    assert "/approvals withdraw ID" in answer(people, "april", "/approvals help")


def test_a_role_taken_away_counts_at_once(
    house: House, people: SandboxClient, deliver: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Roles of groups are remembered for a minute elsewhere; not where somebody says yes."""
    from bot.slack.directory import Directory

    seen: list[bool] = []
    real = Directory.look

    def noting(self: Directory, team: str, user: str, *, fresh: bool = False) -> Any:
        seen.append(fresh)
        return real(self, team, user, fresh=fresh)

    monkeypatch.setattr(Directory, "look", noting)
    ask(house)
    deliver()
    press(people, "april", APPROVE, request_in(people)["ts"])
    assert seen == [True]
