"""The last yes to words that are not true any more: refused, with what can be told instead."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.app import House
from bot.core.notices import RevisionState
from bot.errors import UserError
from bot.ledger.connection import borrowed
from bot.services.notice_views import NoticeMessage
from tests.support.notices import (
    HOUR,
    OLGA,
    approve,
    confirm,
    count,
    later,
    notice_house,
    now_of,
    out,
    outage,
    sent,
    works,
)


@pytest.fixture
def house(migrated_url: str, tmp_path: Path) -> Iterator[House]:
    with notice_house(migrated_url, tmp_path) as opened:
        yield opened


def hours_later(house: House, message: NoticeMessage, hours: int) -> None:
    """Let a notice's windows lie so much earlier, as if so much time had gone by."""
    with borrowed(house.pool) as connection:
        for table, name in (("notice_revision", "notice_id"), ("notice", "id")):
            connection.execute(
                f"update {table} set window_start = window_start - make_interval(hours => %s),"
                f" window_end = window_end - make_interval(hours => %s) where {name} = %s",
                [hours, hours, message.notice.id],
            )


@pytest.mark.parametrize(("hours", "said"), [(11, "announces has begun"), (13, "speaks of is over")])
def test_what_was_approved_before_its_window_is_not_sent_after_it_began(
    house: House, hours: int, said: str
) -> None:
    message = approve(house, house.notices.writing.draft(OLGA, works(), "k1"))
    hours_later(house, message, hours)
    with pytest.raises(UserError, match=said) as caught:
        confirm(house, message)
    assert f"/notice edit {message.notice.id}" in caught.value.next_step
    assert now_of(house, message).current.state is RevisionState.APPROVED
    assert out(house, message) == []


def test_nobody_is_asked_to_approve_it_either(house: House) -> None:
    message = count(house, house.notices.writing.draft(OLGA, works(), "k1"))
    hours_later(house, message, 11)
    with pytest.raises(UserError, match="has begun"):
        house.notices.writing.submit(OLGA, message.notice.id, 1)
    assert now_of(house, message).current.state is RevisionState.DRAFT


def test_works_that_were_moved_too_late_lead_to_started(house: House) -> None:
    start = datetime.now(UTC).replace(microsecond=0) + 10 * HOUR
    message = sent(house, works(start=start))
    moved = {"old_start": start.isoformat(), "start": (start + HOUR).isoformat()}
    typed = later(message, "rescheduled", **moved, end=(start + 3 * HOUR).isoformat(), reason="A part.")
    asked = approve(house, house.notices.writing.follow_up(OLGA, message.notice.id, typed, "f1"))
    hours_later(house, message, 12)
    with pytest.raises(UserError, match="has begun") as caught:
        confirm(house, asked)
    assert f"/notice update {message.notice.id}" in caught.value.next_step
    house.notices.writing.withdraw(OLGA, message.notice.id, 2)
    begun = later(message, "started", end=(datetime.now(UTC) + HOUR).isoformat())
    told = approve(house, house.notices.writing.follow_up(OLGA, message.notice.id, begun, "f2"))
    assert confirm(house, told).current.state is RevisionState.SENDING


def test_what_says_when_it_ends_is_true_until_then_and_a_last_word_always(house: House) -> None:
    message = sent(house, works())
    begun = later(message, "started", end=(datetime.now(UTC) + 12 * HOUR).isoformat())
    told = approve(house, house.notices.writing.follow_up(OLGA, message.notice.id, begun, "f1"))
    hours_later(house, message, 13)
    with pytest.raises(UserError, match="speaks of is over"):
        confirm(house, told)
    house.notices.writing.withdraw(OLGA, message.notice.id, 2)
    done = later(message, "completed", finished=datetime.now(UTC).isoformat())
    told = approve(house, house.notices.writing.follow_up(OLGA, message.notice.id, done, "f2"))
    assert confirm(house, told).current.state is RevisionState.SENDING


def test_an_emergency_is_told_however_late(house: House) -> None:
    message = approve(house, house.notices.writing.draft(OLGA, outage(), "k1"))
    with borrowed(house.pool) as connection:
        connection.execute("update notice_revision set promised_at = now() - interval '1 h'")
    assert confirm(house, message).current.state is RevisionState.SENDING
