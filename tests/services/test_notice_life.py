"""What happens to notices by themselves: times, promises, clocks that race, clocks that were away."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.app import House
from bot.core.notices import NoticePhase, RevisionState
from bot.ledger.connection import borrowed
from tests.support.notices import (
    ALL,
    HOUR,
    OLGA,
    actions,
    approve,
    asks,
    confirm,
    deliver,
    later,
    notice_house,
    now_of,
    out,
    outage,
    sent,
    states,
    texts_of,
    tick,
    works,
)


@pytest.fixture
def house(migrated_url: str, tmp_path: Path) -> Iterator[House]:
    with notice_house(migrated_url, tmp_path, '[notices]\nreminders = ["5h", "1h"]') as opened:
        yield opened


def test_follow_ups_are_read_together_with_the_first_and_go_out_at_their_times(house: House) -> None:
    start = datetime.now(UTC).replace(microsecond=0) + 10 * HOUR
    message = sent(house, works(start=start, follow_ups=ALL))
    assert [(text.stage, text.send_at) for text in texts_of(house, message)] == [
        ("scheduled", None),
        ("reminder", start - 5 * HOUR),
        ("reminder", start - 1 * HOUR),
        ("started", start),
        ("completed", start + 2 * HOUR),
    ]
    assert message.notice.window is not None
    assert house.notices.reading.window_covers("fleetnest", start + HOUR)
    assert house.alerts.held_back("fleetnest", "stale-backup", start + HOUR)  # customers were told
    assert not house.alerts.held_back("fleetnest", "stale-backup", start - HOUR)
    assert not house.notices.reading.window_covers("fleetnest", start - HOUR)
    assert not house.notices.reading.window_covers("cruzonic", start + HOUR)
    moments = [start - 6 * HOUR, start - 5 * HOUR, start - HOUR, start, start + HOUR, start + 2 * HOUR]
    seen = []
    for at in moments:
        tick(house, at)
        seen.append(out(house, message))
    assert seen == [[1], [1, 2], [1, 2, 3], [1, 2, 3, 4], [1, 2, 3, 4], [1, 2, 3, 4, 5]]
    assert now_of(house, message).notice.phase is NoticePhase.OVER
    assert not house.notices.reading.window_covers("fleetnest", start + HOUR)
    assert actions(house).count("notice.sending") == 5
    assert actions(house)[-1] == "notice.over"
    assert asks(house) == []


def test_a_clock_that_was_away_all_day_tells_what_is_still_true_once(house: House) -> None:
    start = datetime.now(UTC).replace(microsecond=0) + 10 * HOUR
    message = sent(house, works(start=start, follow_ups=ALL))
    tick(house, start + 5 * HOUR, clocks=4)
    assert out(house, message) == [1, 5]
    assert [state for _, state in states(house, message)] == [
        RevisionState.SENT,
        RevisionState.SKIPPED,
        RevisionState.SKIPPED,
        RevisionState.SKIPPED,
        RevisionState.SENT,
    ]
    assert now_of(house, message).notice.phase is NoticePhase.OVER


def test_a_text_for_later_waits_for_its_time_and_one_clock_begins_it(house: House) -> None:
    at = datetime.now(UTC) + HOUR
    message = confirm(
        house, approve(house, house.notices.writing.draft(OLGA, works(send_at=at.isoformat()), "k"))
    )
    assert (message.waits_for, message.notice.phase) == ("time", NoticePhase.DRAFT)
    tick(house, at - HOUR / 2)
    assert out(house, message) == []
    tick(house, at + timedelta(minutes=1), clocks=6)
    assert out(house, message) == [1]
    assert actions(house).count("notice.sending") == 1
    assert now_of(house, message).notice.phase is NoticePhase.LIVE


def test_what_nobody_prepared_is_asked_for_once_of_its_owner(house: House) -> None:
    start = datetime.now(UTC) + 10 * HOUR
    message = sent(house, works(start=start))
    tick(house, start - HOUR)
    assert asks(house) == []
    tick(house, start + HOUR)
    tick(house, start + HOUR)
    assert asks(house) == [("notice", "started", "C0OPS"), ("notice-ask", "started", "U0OLGA")]
    tick(house, start + 3 * HOUR)
    assert [ask[1] for ask in asks(house)] == ["started", "started", "completed", "completed"]
    typed = later(message, "completed", finished=datetime.now(UTC).isoformat())
    done = confirm(
        house, approve(house, house.notices.writing.follow_up(OLGA, message.notice.id, typed, "f1"))
    )
    deliver(house, message.notice.id, done.current.number)
    assert now_of(house, message).notice.phase is NoticePhase.OVER


def test_a_promise_that_passes_is_spoken_of_until_the_next_word(house: House) -> None:
    message = sent(house, outage(minutes=30))
    promised = message.notice.promised_at
    assert promised is not None
    tick(house, promised - timedelta(minutes=1))
    assert asks(house) == []
    tick(house, promised + timedelta(minutes=1), clocks=4)
    assert asks(house) == [("notice", "promise", "C0OPS"), ("notice-ask", "promise", "U0OLGA")]
    tick(house, promised + timedelta(minutes=16))
    assert len(asks(house)) == 4
    now = datetime.now(UTC)
    typed = later(
        message, "resolved", since=(now - HOUR).isoformat(), until=now.isoformat(), summary="A full disk."
    )
    confirm(house, approve(house, house.notices.writing.follow_up(OLGA, message.notice.id, typed, "f1")))
    out(house, message)
    tick(house, promised + 5 * HOUR)
    assert len(asks(house)) == 4
    assert now_of(house, message).notice.phase is NoticePhase.OVER


def test_a_delivery_whose_end_was_not_heard_is_closed_by_the_clock(house: House) -> None:
    message = confirm(house, approve(house, house.notices.writing.draft(OLGA, works(), "k1")))
    with borrowed(house.pool) as connection:  # a worker that died between the two
        connection.execute(
            "update delivery set state = 'sent', begun_at = now(), finished_at = now(), reference = 'r'"
        )
        connection.execute("update dispatch set finished_at = now()")
    tick(house, datetime.now(UTC), clocks=4)
    assert states(house, message) == [("scheduled", RevisionState.SENT)]
    assert actions(house).count("notice.sent") == 1


def test_the_yes_to_a_new_number_holds_for_what_follows_by_itself(house: House, tmp_path: Path) -> None:
    start, at = (datetime.now(UTC).replace(microsecond=0) + hours * HOUR for hours in (10, 1))
    typed = works(start=start, follow_ups=ALL, send_at=at.isoformat())
    message = confirm(house, approve(house, house.notices.writing.draft(OLGA, typed, "k")))
    addresses = "".join(f"c{number}@example.com\n" for number in range(40))
    (tmp_path / "customers.csv").write_text(f"email\n{addresses}")
    tick(house, at)
    house.notices.sending.confirm_send(OLGA, message.notice.id, 1, 40)
    for moment in (at, start - 5 * HOUR, start - HOUR, start, start + 2 * HOUR):
        tick(house, moment)
        out(house, message)
    assert {(text.confirmed_recipients, text.state) for text in texts_of(house, message)} == {
        (40, RevisionState.SENT)
    }
    assert {ask[1] for ask in asks(house)} == {"recount"}
    assert actions(house).count("notice.held") == 1
