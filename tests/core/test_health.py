"""Data at risk, measured: until a backup is stored, the one before it is all there is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.core.health import Loss, Run, ages_by_day, worst_loss

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
NOW = datetime(2026, 3, 11, 12, tzinfo=UTC)


def run(day: int, hour: float = 3, took: timedelta = HOUR) -> Run:
    begun = datetime(2026, 3, day, tzinfo=UTC) + hour * HOUR
    return Run("full", begun, begun + took, 1000, took.total_seconds())


def test_the_worst_moment_is_just_before_the_next_one_is_stored() -> None:
    runs = [run(8), run(9), run(10), run(11)]
    loss = worst_loss(runs, NOW - 3 * DAY, NOW, DAY)
    assert loss == Loss(DAY + HOUR, runs[3].finished_at, 3)  # a day, and the hour that the dump took


def test_a_missing_day_and_the_time_since_the_last_one_count() -> None:
    assert worst_loss([run(8), run(10), run(11)], NOW - 4 * DAY, NOW, 30 * HOUR) == Loss(
        2 * DAY + HOUR, run(10).finished_at, 1
    )
    alone = worst_loss([run(8)], NOW - 30 * DAY, NOW, DAY)
    assert alone == Loss(3 * DAY + 9 * HOUR, NOW, 1)


def test_only_what_ended_in_the_time_looked_at_counts() -> None:
    runs = [run(1), run(5), run(6), run(10, 12), run(11, 11, HOUR / 2)]
    assert worst_loss(runs, NOW - 2 * DAY, NOW) == Loss(4 * DAY + 10 * HOUR, run(10, 12).finished_at, 0)
    assert worst_loss([], NOW - DAY, NOW) is None


def test_each_day_has_the_age_that_was_reached_in_it() -> None:
    days = [datetime(2026, 3, n, tzinfo=UTC) for n in (7, 8, 9, 10, 11)]
    ages = ages_by_day([run(8), run(10)], days, NOW)
    assert ages == [None, 21 * HOUR, 45 * HOUR, 2 * DAY + HOUR, DAY + 9 * HOUR]
