"""Gaps by date, and six months that are six months."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.coverage import Gap, cover, months_before

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SINCE = datetime(2026, 1, 1, tzinfo=UTC)
DUE = [SINCE + n * DAY + 3 * HOUR for n in range(10)]


def at(day: int, hour: float = 3.1) -> datetime:
    return SINCE + day * DAY + hour * HOUR


@pytest.mark.parametrize(
    ("now", "begins"),
    [
        (datetime(2026, 8, 31, 9, tzinfo=UTC), datetime(2026, 2, 28, 9, tzinfo=UTC)),
        (datetime(2028, 8, 31, 9, tzinfo=UTC), datetime(2028, 2, 29, 9, tzinfo=UTC)),
        (datetime(2026, 3, 15, tzinfo=UTC), datetime(2025, 9, 15, tzinfo=UTC)),
        (datetime(2026, 6, 30, tzinfo=UTC), datetime(2025, 12, 30, tzinfo=UTC)),
        (datetime(2027, 2, 28, tzinfo=UTC), datetime(2026, 8, 28, tzinfo=UTC)),
    ],
)
def test_six_months_are_by_the_calendar(now: datetime, begins: datetime) -> None:
    assert months_before(now) == begins
    assert 180 < (now - begins).days <= 184


def test_every_due_time_that_was_met_is_covered() -> None:
    found = cover(SINCE, DUE, [at(n) for n in range(10)])
    assert (found.due, found.covered, found.gaps) == (10, 10, ())


def test_gaps_are_named_by_their_first_and_last_date() -> None:
    stored = [at(n) for n in range(10) if n not in (2, 3, 7, 9)]
    found = cover(SINCE, DUE, stored)
    assert found.gaps == (Gap(DUE[2], DUE[3], 2), Gap(DUE[7], DUE[7], 1), Gap(DUE[9], DUE[9], 1))
    assert found.covered == 6


def test_one_that_came_late_but_before_the_next_covers_its_time() -> None:
    stored = [at(n) for n in range(10) if n != 5] + [at(5, 26.9)]
    assert cover(SINCE, DUE, sorted(stored)).gaps == ()
    too_late = [at(n) for n in range(10) if n != 5] + [at(6, 3.2)]
    assert cover(SINCE, DUE, sorted(too_late)).gaps == (Gap(DUE[5], DUE[5], 1),)


def test_what_was_due_before_the_first_backup_is_missing() -> None:
    found = cover(SINCE, DUE, [at(n) for n in range(6, 10)])
    assert (found.due, found.covered, found.gaps) == (10, 4, (Gap(DUE[0], DUE[5], 6),))
    # One taken by hand between two due times covers the one before it.
    by_hand = cover(SINCE, DUE, [at(6, 12)])
    assert (by_hand.due, by_hand.covered) == (10, 1)
    assert by_hand.gaps == (Gap(DUE[0], DUE[5], 6), Gap(DUE[7], DUE[9], 3))


def test_one_from_before_the_first_due_time_covers_none() -> None:
    found = cover(SINCE, DUE, [SINCE - DAY, *(at(n) for n in range(1, 10))])
    assert found.gaps == (Gap(DUE[0], DUE[0], 1),)


def test_nothing_at_all_is_a_gap_from_end_to_end() -> None:
    found = cover(SINCE, DUE, [])
    assert (found.due, found.covered, found.gaps) == (10, 0, (Gap(DUE[0], DUE[9], 10),))
    assert cover(SINCE, [], []).gaps == ()
