"""From a draft to the last yes, on a real ledger: read by two, sent once, whoever races whom."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from bot.app import House
from bot.core.approvals import ApprovalState
from bot.core.notice_times import moment_text
from bot.core.notices import BACK_BY_ITSELF, NoticePhase, RevisionState
from bot.core.people import Actor, Role, Source
from bot.errors import FieldsError, NotAllowedError, SparewheelError, UserError
from bot.ledger import audit, dispatches, outbox
from bot.ledger.connection import borrowed
from bot.services.notice_views import NoticeMessage
from tests.ledger.support import at_once
from tests.support.notices import (
    ANDRE,
    APRIL,
    OLGA,
    actions,
    approve,
    confirm,
    count,
    deliver,
    notice_house,
    now_of,
    outage,
    sent,
    states,
    texts_of,
    works,
)


@pytest.fixture
def house(migrated_url: str, tmp_path: Path) -> Iterator[House]:
    with notice_house(migrated_url, tmp_path) as opened:
        yield opened


def drafted(house: House, key: str = "k1", **typed: object) -> NoticeMessage:
    return count(house, house.notices.writing.draft(OLGA, works(**typed), key))  # type: ignore[arg-type] # handed on


def outcome(action: Callable[[], object]) -> str:
    try:
        action()
    except UserError as error:
        return error.sentence
    return "yes"


def handed_over(house: House, message: NoticeMessage) -> list[int]:
    with borrowed(house.pool) as connection:
        return [each.revision for each in dispatches.of_notice(connection, message.notice.id)]


def test_the_whole_way_of_one_text(house: House) -> None:
    message = drafted(house)
    assert (message.waits_for, message.reach and message.reach.total) == ("submit", 3)
    assert "The web app" in message.current.text.slack
    asked = house.notices.writing.submit(OLGA, message.notice.id, 1)
    assert asked.approval is not None
    assert asked.approval.content_hash == message.current.bundle_hash
    assert any("The web app" in line for line in asked.approval.what)
    message = now_of(house, message)
    assert message.waits_for == "approval"
    house.approvals.decide(APRIL, asked.approval.id, message.current.bundle_hash[:16], "approve")
    assert handed_over(house, message) == []  # a yes alone sends nothing
    message = confirm(house, now_of(house, message))
    assert (message.waits_for, handed_over(house, message)) == ("delivery", [1])
    deliver(house, message.notice.id, 1)
    message = now_of(house, message)
    assert message.current.state is RevisionState.SENT
    assert message.notice.phase is NoticePhase.LIVE
    assert actions(house) == [
        "notice.drafted",
        "approval.requested",
        "notice.submitted",
        "notice.approved",
        "approval.approved",
        "notice.sending",
        "notice.sent",
    ]
    with borrowed(house.pool) as connection:
        event = next(e for e in audit.recent(connection) if e.action == "notice.sending")
        assert event.details["content_hash"] == message.current.content_hash
        assert event.details["confirmed_recipients"] == 3
        topics = [(row.topic, row.stage) for row in outbox.waiting(connection) if row.topic == "notice"]
    assert topics[:2] == [("notice", "opened"), ("notice", "history:1")]


def test_the_same_submission_makes_one_draft_however_often_it_comes(house: House) -> None:
    typed = works()
    made = at_once(4, lambda _: house.notices.writing.draft(OLGA, typed, "view-1").notice.id)
    assert len(set(made)) == 1
    again = works(service="The driver app")
    edits = at_once(3, lambda _: house.notices.writing.edit(OLGA, made[0], 1, again, "view-2").current.number)
    assert edits == [2, 2, 2]
    assert actions(house) == ["notice.drafted", "notice.edited"]


def test_what_is_wrong_is_said_field_by_field_and_nothing_is_written(house: House) -> None:
    past = works(start=datetime.now(UTC) - timedelta(days=2))
    for typed, fields in (
        (replace(past, variables=past.variables | {"service": ""}), {"start__day", "end__day", "service"}),
        (replace(works(), product="none"), {"product"}),
        (replace(works(), audiences=()), {"audiences"}),
        (replace(works(), audiences=("nobody",)), {"audiences"}),
        (replace(works(), send_at="yesterday"), {"send_at"}),
        (replace(works(), send_at=(datetime.now(UTC) + timedelta(days=2)).isoformat()), {"send_at"}),
        (replace(works(), send_at="9999-12-31 23:00"), {"send_at__day"}),
        (replace(works(), send_at="2199-12-31 23:00"), {"send_at__day"}),
        (replace(works(), variables=works().variables | {"interruption": "2h 1m"}), {"interruption"}),
    ):
        with pytest.raises(FieldsError) as caught:
            house.notices.writing.draft(OLGA, typed, "k")
        assert set(caught.value.fields) == fields
    assert house.notices.reading.newest(OLGA).entries == []


def test_who_may_not_write_does_not(house: House) -> None:
    viewer = replace(OLGA, roles=frozenset({Role.VIEWER}))
    with pytest.raises(NotAllowedError):
        house.notices.writing.draft(viewer, works(), "k")
    message = approve(house, drafted(house))
    with pytest.raises(NotAllowedError):
        house.notices.sending.confirm_send(viewer, message.notice.id, 1, 3)
    assert handed_over(house, message) == []


def test_nobody_approves_a_text_that_they_wrote_or_edited(house: House) -> None:
    writer = replace(APRIL, roles=frozenset({Role.APPROVER, Role.OPERATOR}))
    message = house.notices.writing.draft(writer, works(), "k1")
    count(house, house.notices.writing.edit(OLGA, message.notice.id, 1, works(service="Other words"), "k2"))
    asked = house.notices.writing.submit(OLGA, message.notice.id, 2).approval
    assert asked is not None
    for who in (APRIL, OLGA, replace(OLGA, roles=frozenset(Role))):
        with pytest.raises(UserError):
            house.approvals.decide(who, asked.id, asked.content_hash, "approve")
    house.approvals.decide(ANDRE, asked.id, asked.content_hash, "approve")
    assert now_of(house, message).waits_for == "confirm"


def test_an_edit_makes_void_what_was_asked_or_given(house: House) -> None:
    message = approve(house, drafted(house))
    edited = house.notices.writing.edit(OLGA, message.notice.id, 1, works(service="Other words"), "k2")
    assert (edited.current.number, edited.waits_for) == (2, "submit")
    with pytest.raises(UserError):
        house.notices.sending.confirm_send(OLGA, message.notice.id, 1, 3)
    with pytest.raises(UserError):
        house.notices.sending.confirm_send(OLGA, message.notice.id, 2, 3)
    assert [a.state for a in house.notices.reading.show(OLGA, message.notice.id).approvals] == [
        ApprovalState.VOID
    ]
    assert handed_over(house, message) == []


def test_an_edit_says_that_something_is_void_only_where_something_was(house: House) -> None:
    message = drafted(house)
    edit = house.notices.writing.edit
    assert not edit(OLGA, message.notice.id, 1, works(service="Other words"), "k2").voided
    house.notices.writing.submit(OLGA, message.notice.id, count(house, now_of(house, message)).current.number)
    assert edit(OLGA, message.notice.id, 2, works(), "k3").voided
    assert not edit(OLGA, message.notice.id, 3, works(), "k4").voided


def test_a_span_may_be_as_long_as_its_window(house: House) -> None:
    whole = works()
    typed = replace(whole, variables=whole.variables | {"interruption": "2h"})
    assert "less than 2 hours" in house.notices.writing.draft(OLGA, typed, "k").current.text.text


def test_a_request_counts_what_goes_out_by_itself_and_says_times_as_customers_read_them(house: House) -> None:
    alone = drafted(house)
    asked = house.notices.writing.submit(OLGA, alone.notice.id, 1).approval
    assert asked is not None
    assert "later message" not in asked.consequence
    message = drafted(house, "k2", follow_ups=("started", "completed"))
    asked = house.notices.writing.submit(OLGA, message.notice.id, 1).approval
    assert asked is not None
    assert asked.consequence.startswith("3 recipients will read it as soon as")
    assert ", and 2 later messages go out by themselves. What was sent" in asked.consequence
    followed = [line for line in asked.what if line.startswith("Then, ")]
    assert len(followed) == len(message.covered) == 2
    for line, text in zip(followed, message.covered, strict=True):
        assert text.send_at is not None
        assert line.startswith(f"Then, {moment_text(text.send_at, 'America/Chicago')}: ")


def test_a_no_brings_it_back_with_the_comment(house: House) -> None:
    message = drafted(house)
    asked = house.notices.writing.submit(OLGA, message.notice.id, 1).approval
    assert asked is not None
    house.approvals.decide(APRIL, asked.id, asked.content_hash, "decline", "Say which app")
    message = now_of(house, message)
    assert (message.waits_for, message.current.note) == ("submit", "Say which app")
    assert approve(house, message).waits_for == "confirm"  # the same text, asked for again


@pytest.mark.parametrize("way", ["expired", "withdrawn"])
def test_a_request_that_ends_otherwise_gives_the_draft_back(house: House, way: str) -> None:
    message = drafted(house)
    asked = house.notices.writing.submit(OLGA, message.notice.id, 1).approval
    assert asked is not None
    if way == "expired":
        house.approvals.tick(datetime.now(UTC) + timedelta(days=2))
    else:
        house.approvals.withdraw(OLGA, asked.id)
    assert now_of(house, message).waits_for == "submit"
    assert now_of(house, message).current.note in BACK_BY_ITSELF
    assert f"notice.{way}" in actions(house)


def test_an_approval_racing_an_edit_is_one_of_the_two(house: House) -> None:
    for number in range(4):
        message = drafted(house, f"k{number}")
        asked = house.notices.writing.submit(OLGA, message.notice.id, 1).approval
        assert asked is not None
        edit = lambda m=message, n=number: house.notices.writing.edit(OLGA, m.notice.id, 1, works(), f"e{n}")  # noqa: E731
        yes = lambda a=asked: house.approvals.decide(APRIL, a.id, a.content_hash, "approve")  # noqa: E731
        at_once(2, lambda n, acts=(edit, yes): outcome(acts[n]))  # type: ignore[misc]
        message = now_of(house, message)
        assert (message.current.number, message.waits_for) == (2, "submit")
        assert house.approvals.message(asked.id).approval.state is ApprovalState.VOID


def test_twenty_last_yeses_send_once(house: House) -> None:
    message = approve(house, drafted(house))
    found = at_once(20, lambda _: outcome(lambda: confirm(house, message)))
    assert found.count("yes") == 1
    assert handed_over(house, message) == [1]
    assert actions(house).count("notice.sending") == 1


def test_a_last_yes_racing_an_edit_or_a_withdrawal_sends_or_does_not(house: House) -> None:
    for number in range(4):
        message = approve(house, drafted(house, f"k{number}"))
        other = (
            (lambda m=message: house.notices.writing.withdraw(OLGA, m.notice.id, 1))
            if number % 2
            else (
                lambda m=message, n=number: house.notices.writing.edit(OLGA, m.notice.id, 1, works(), f"e{n}")
            )
        )
        at_once(2, lambda n, m=message, o=other: outcome((lambda: confirm(house, m)) if n else o))  # type: ignore[misc]
        state = texts_of(house, message)[0].state
        assert (handed_over(house, message) == [1]) == (state is RevisionState.SENDING)
        assert state in (RevisionState.SENDING, RevisionState.REPLACED, RevisionState.WITHDRAWN)


def test_another_number_than_was_confirmed_sends_nothing_and_shows_the_new_one(
    house: House, tmp_path: Path
) -> None:
    message = approve(house, drafted(house))
    with (tmp_path / "customers.csv").open("a", encoding="utf-8") as file:
        file.write("new@example.com\n")
    assert "4 recipients now, not 3" in outcome(lambda: confirm(house, message))
    message = now_of(house, message)
    assert (handed_over(house, message), message.current.recipients) == ([], 4)
    assert confirm(house, message, 4).waits_for == "delivery"


def test_an_approval_that_nobody_used_in_time_lapses(house: House) -> None:
    message = approve(house, drafted(house))
    later = datetime.now(UTC) + timedelta(days=2)
    at_once(3, lambda _: house.notices.life.tick(later))
    assert now_of(house, message).waits_for == "submit"
    assert "Submit it again" in now_of(house, message).current.note
    assert actions(house).count("notice.lapsed") == 1


def test_a_yes_that_is_too_old_sends_nothing_before_any_clock_came_by(house: House) -> None:
    message = approve(house, drafted(house))
    with borrowed(house.pool) as connection:
        connection.execute("update notice_revision set approved_until = now() - interval '1 s'")
    assert "cannot be sent" in outcome(lambda: confirm(house, message))
    assert handed_over(house, message) == []


def test_a_rehearsal_reaches_the_team_alone_and_changes_nothing(house: House) -> None:
    message = drafted(house)
    answer = house.notices.sending.rehearse(OLGA, message.notice.id, 1)
    assert answer.said == "rehearsed"
    assert (handed_over(house, message), now_of(house, message).waits_for) == ([], "submit")
    with borrowed(house.pool) as connection:
        rows = connection.execute("select channel, recipient from delivery").fetchall()
    assert rows == [{"channel": "rehearsal", "recipient": "C0OPS"}]


def test_an_emergency_may_be_approved_by_whoever_is_on_call_but_not_by_its_writer(
    migrated_url: str, tmp_path: Path
) -> None:
    omar = Actor("T0TEST", "U0OMAR", Source.SLACK, frozenset({Role.OPERATOR}))
    with notice_house(migrated_url, tmp_path, '[notices]\nemergency_approval = "on-call"') as house:
        message = count(house, house.notices.writing.draft(OLGA, outage(), "k1"))
        asked = house.notices.writing.submit(OLGA, message.notice.id, 1).approval
        assert asked is not None
        with pytest.raises(UserError):
            house.approvals.decide(OLGA, asked.id, asked.content_hash, "approve")
        house.approvals.decide(omar, asked.id, asked.content_hash, "approve")
        assert now_of(house, message).waits_for == "confirm"
        other = house.notices.writing.submit(OLGA, drafted(house, "k2").notice.id, 1).approval
        assert other is not None
        with pytest.raises(UserError):  # a maintenance is no emergency
            house.approvals.decide(omar, other.id, other.content_hash, "approve")


def test_a_withdrawn_draft_is_over_and_one_on_its_way_is_stopped(house: House) -> None:
    first = drafted(house)
    house.notices.writing.withdraw(OLGA, first.notice.id, 1)
    assert now_of(house, first).notice.phase is NoticePhase.WITHDRAWN
    second = confirm(house, approve(house, drafted(house, "k2")))
    assert house.notices.writing.withdraw(OLGA, second.notice.id, 1).said == "stopped"
    house.notices.life.tick()
    assert states(house, second) == [("scheduled", RevisionState.SENT)]
    third = sent(house, works(), "k3")
    with pytest.raises(UserError):
        house.notices.writing.withdraw(OLGA, third.notice.id, 1)


def test_the_ledger_refuses_what_nobody_read_and_words_that_change(house: House) -> None:
    message = drafted(house)
    refused = (psycopg.errors.CheckViolation, psycopg.errors.InsufficientPrivilege)
    for lie in (
        "state = 'approved', approved_until = now()",
        "state = 'sending', sending_at = now()",
        "state = 'sent', sending_at = now(), sent_at = now(), confirmed_by = 'U'",
        "body_text = 'other words'",
        "send_at = now()",
    ):
        with pytest.raises(refused), borrowed(house.pool) as connection:
            connection.execute(f"update notice_revision set {lie} where notice_id = %s", [message.notice.id])


def test_a_decision_and_its_notice_are_written_together_or_not_at_all(house: House) -> None:
    message = drafted(house)
    asked = house.notices.writing.submit(OLGA, message.notice.id, 1).approval
    assert asked is not None
    with borrowed(house.pool) as connection:  # what should never be: the text has moved on by itself
        connection.execute("update notice_revision set state = 'draft', approval_id = null")
    with pytest.raises(SparewheelError):
        house.approvals.decide(APRIL, asked.id, asked.content_hash, "approve")
    assert house.approvals.message(asked.id).approval.state is ApprovalState.PENDING
