"""No text arrives after the one that takes it back, and a closed matter tells nobody anything more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.app import House
from bot.core.delivery import DeliveryState
from bot.core.notices import NoticePhase, RevisionState
from bot.errors import UserError
from bot.ledger import dispatches
from bot.ledger.connection import borrowed
from bot.ledger.dispatches import NewDispatch
from bot.services.notice_views import NoticeMessage
from tests.services.test_notice_retrying import followed, spoil, waiting
from tests.support.notices import (
    HOUR,
    OLGA,
    approve,
    confirm,
    deliver,
    later,
    notice_house,
    now_of,
    out,
    sent,
    states,
    tick,
    works,
)

START = datetime.now(UTC).replace(microsecond=0) + 10 * HOUR
CANCELLED = {"start": START.isoformat(), "end": (START + 2 * HOUR).isoformat(), "reason": "Not needed."}


@pytest.fixture
def house(migrated_url: str, tmp_path: Path) -> Iterator[House]:
    with notice_house(migrated_url, tmp_path, '[notices]\nreminders = ["5h", "1h"]') as opened:
        yield opened


def history(house: House, message: NoticeMessage) -> list[tuple[str, int | None, str]]:
    """What was stopped: what, which text, and in which words."""
    events = house.notices.reading.show(OLGA, message.notice.id).events
    return [(one.what, one.number, one.note) for one in events if one.what == "stopped"]


def withdrawn(house: House, message: NoticeMessage, number: int) -> int:
    summary = house.deliveries.summary(message.notice.id, number)
    assert summary is not None
    return summary.count(DeliveryState.WITHDRAWN)


def test_what_still_waits_for_its_recipients_goes_to_nobody_once_it_is_cancelled(house: House) -> None:
    first = confirm(house, approve(house, house.notices.writing.draft(OLGA, works(start=START), "k")))
    over = followed(house, first, "cancelled", **CANCELLED)
    assert (waiting(house, first, 1), withdrawn(house, first, 1)) == (0, 3)
    said = "3 of 3 recipients had not been written to yet and will not be."
    assert history(house, first) == [("stopped", 1, f"Maintenance cancelled says otherwise. {said}")]
    assert states(house, first) == [("scheduled", RevisionState.SENT), ("cancelled", RevisionState.SENT)]
    assert over.notice.phase is NoticePhase.OVER  # the stopped one does not keep it open


def test_a_retry_that_waits_is_taken_back_by_what_says_otherwise(house: House) -> None:
    message = sent(house, works(start=START))
    spoil(house, message, 1)
    house.notices.retrying.failed(OLGA, message.notice.id, 1)
    followed(house, message, "cancelled", **CANCELLED)
    assert (waiting(house, message, 1), withdrawn(house, message, 1)) == (0, 1)
    assert [number for _, number, _ in history(house, message)] == [1]
    with pytest.raises(UserError):
        house.notices.retrying.failed(OLGA, message.notice.id, 1)


def test_closing_takes_a_retry_back(house: House) -> None:
    message = sent(house, works(start=START))
    spoil(house, message, 1)
    house.notices.retrying.failed(OLGA, message.notice.id, 1)
    house.notices.closing.close(OLGA, message.notice.id, "called off by phone")
    assert (waiting(house, message, 1), withdrawn(house, message, 1)) == (0, 1)
    assert history(house, message)[0][2].startswith("The matter was closed. 1 of 3 recipients had not been")


def test_a_reminder_takes_an_earlier_reminder_back_and_not_the_announcement(house: House) -> None:
    message = sent(house, works(start=START, follow_ups=("reminder",)))
    tick(house, START - 5 * HOUR)  # and nobody gets it yet
    spoil(house, message, 1)
    house.notices.retrying.failed(OLGA, message.notice.id, 1)
    tick(house, START - HOUR)
    assert [waiting(house, message, number) for number in (1, 2, 3)] == [1, 0, 3]
    assert [number for _, number, _ in history(house, message)] == [2]


def test_a_letter_in_flight_arrives_and_is_the_last_of_its_text(house: House) -> None:
    first = confirm(house, approve(house, house.notices.writing.draft(OLGA, works(start=START), "k")))
    with borrowed(house.pool) as connection:
        connection.execute(
            "update delivery set state = 'begun', begun_at = now(), attempt = 'a'"
            " where id = (select min(id) from delivery)"
        )
    over = followed(house, first, "cancelled", **CANCELLED)
    assert (withdrawn(house, first, 1), over.notice.phase) == (2, NoticePhase.OVER)
    with borrowed(house.pool) as connection:
        connection.execute(
            "update delivery set state = 'sent', finished_at = now(), reference = 'r' where state = 'begun'"
        )
    deliver(house, first.notice.id, 1)  # its run ends
    assert now_of(house, first).notice.phase is NoticePhase.OVER
    assert out(house, first) == [1, 2]


def test_a_text_that_begins_to_go_out_in_this_moment_is_looked_at_first(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = sent(house, works(start=START))
    spoil(house, message, 1)
    house.notices.retrying.failed(OLGA, message.notice.id, 1)
    written = house.notices.writing.follow_up(
        OLGA, message.notice.id, later(message, "cancelled", **CANCELLED), "f1"
    )
    approved = approve(house, written)
    real = dispatches.hold_every

    def overtaken(connection: object, notice_id: str) -> list[dispatches.Dispatch]:
        found = real(connection, notice_id)  # type: ignore[arg-type] # as it came
        with borrowed(house.pool) as other:
            (theirs,) = dispatches.of_notice(other, notice_id)
            facts = {name: getattr(theirs, name) for name in NewDispatch.__dataclass_fields__}
            dispatches.insert(other, NewDispatch(**facts | {"revision": 7}), {"mail": ("ann@example.com",)})
        return found

    monkeypatch.setattr(dispatches, "hold_every", overtaken)
    with pytest.raises(UserError, match="in this moment"):
        confirm(house, approved)
    assert states(house, message)[-1] == ("cancelled", RevisionState.APPROVED)
