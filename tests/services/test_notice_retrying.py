"""Recipients tried again: only with words that are still true."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.app import House
from bot.core.delivery import DeliveryState
from bot.errors import NotAllowedError, UserError
from bot.ledger.connection import borrowed
from bot.services.notice_views import NoticeMessage
from tests.support.notices import (
    HOUR,
    OLGA,
    VERA,
    approve,
    confirm,
    deliver,
    later,
    notice_house,
    now_of,
    out,
    outage,
    sent,
    tick,
    works,
)


@pytest.fixture
def house(migrated_url: str, tmp_path: Path) -> Iterator[House]:
    with notice_house(migrated_url, tmp_path, '[notices]\nreminders = ["1h"]') as opened:
        yield opened


def spoil(house: House, message: NoticeMessage, number: int, state: str = "failed") -> int:
    """Let one delivery of a text have failed, or be unknown; its id."""
    with borrowed(house.pool) as connection:
        row = connection.execute(
            "update delivery set state = %s, finished_at = case when %s then now() end, attempt = 'a',"
            " error = 'The mail server was silent.', reference = null where id = (select min(delivery.id)"
            " from delivery join dispatch d on d.id = dispatch_id where revision = %s and state = 'sent')"
            " returning id",
            (state, state == "failed", number),
        ).fetchone()
    assert row is not None
    assert message.notice.id
    return int(row["id"])


def followed(house: House, message: NoticeMessage, stage: str, **values: str) -> NoticeMessage:
    """The next word, out."""
    written = house.notices.writing.follow_up(OLGA, message.notice.id, later(message, stage, **values), stage)
    told = confirm(house, approve(house, written))
    deliver(house, message.notice.id, told.current.number)
    return now_of(house, message)


def waiting(house: House, message: NoticeMessage, number: int) -> int:
    summary = house.deliveries.summary(message.notice.id, number)
    assert summary is not None
    return summary.count(DeliveryState.WAITING)


def test_an_announcement_is_tried_again_until_something_else_was_said(house: House) -> None:
    start = datetime.now(UTC).replace(microsecond=0) + 10 * HOUR
    message = sent(house, works(start=start, follow_ups=("reminder",)))
    tick(house, start - HOUR)
    assert out(house, message) == [1, 2]
    spoil(house, message, 1)
    house.notices.retrying.failed(OLGA, message.notice.id, 1)  # a reminder of it takes nothing back
    assert waiting(house, message, 1) == 1
    deliver(house, message.notice.id, 1)
    spoil(house, message, 1)
    moved = {"old_start": start.isoformat(), "start": (start + 24 * HOUR).isoformat()}
    followed(house, message, "rescheduled", **moved, end=(start + 25 * HOUR).isoformat(), reason="A part.")
    with pytest.raises(UserError, match="Maintenance moved went out after it") as caught:
        house.notices.retrying.failed(OLGA, message.notice.id, 1)
    assert f"/notice retry {message.notice.id}.3" in caught.value.next_step
    assert waiting(house, message, 1) == 0
    spoil(house, message, 3)
    house.notices.retrying.failed(OLGA, message.notice.id, 3)
    assert waiting(house, message, 3) == 1


def test_after_the_end_only_the_last_word_is_tried_again(house: House) -> None:
    message = sent(house, outage())
    unknown = spoil(house, message, 1, "unknown")
    other = spoil(house, message, 1, "unknown")
    now = datetime.now(UTC)
    over = followed(
        house, message, "resolved", since=(now - HOUR).isoformat(), until=now.isoformat(), summary="A disk."
    )
    assert over.notice.phase.value == "over"
    with pytest.raises(UserError, match="Problem over went out after it"):
        house.notices.retrying.unknown(OLGA, unknown, "send-again")
    house.notices.retrying.unknown(OLGA, other, "sent")  # to know how it went is always good
    last = spoil(house, message, 2, "unknown")
    house.notices.retrying.unknown(OLGA, last, "send-again")
    assert (waiting(house, message, 1), waiting(house, message, 2)) == (0, 1)


def test_a_window_that_has_begun_is_announced_to_nobody_any_more(house: House) -> None:
    message = sent(house, works())
    spoil(house, message, 1)
    with borrowed(house.pool) as connection:
        connection.execute("update notice_revision set window_start = now() - interval '1 s'")
    with pytest.raises(UserError, match=r"has begun\. Nothing was sent again"):
        house.notices.retrying.failed(OLGA, message.notice.id, 1)
    house.notices.closing.close(OLGA, message.notice.id, "called off by phone")
    with borrowed(house.pool) as connection:
        connection.execute("update notice_revision set window_start = now() + interval '1 h'")
    with pytest.raises(UserError, match="is over, so this text is not true any more"):
        house.notices.retrying.failed(OLGA, message.notice.id, 1)


def test_who_may_not_write_tries_nobody_again(house: House) -> None:
    message = sent(house, works(start=datetime.now(UTC) + timedelta(hours=9)))
    failed = spoil(house, message, 1)
    with pytest.raises(NotAllowedError):
        house.notices.retrying.failed(VERA, message.notice.id, 1)
    with pytest.raises(NotAllowedError):
        house.notices.retrying.unknown(VERA, failed, "sent")
