from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.core.firing import Decision, Verdict
from bot.core.schedules import CatchUp, Schedule
from bot.ledger import schedules as ledger
from bot.ledger.connection import LedgerPool, borrowed
from bot.services import due
from tests.ledger.support import ANN, at_once
from tests.support.clocks import HOURLY, ago, fires, firing, jobs, last_fired, outbox


def states(pool: LedgerPool, *keys: str) -> list[tuple[str, int]]:
    return [(row["state"], row["missed"]) for row in fires(pool, *keys)]


def test_a_new_schedule_begins_with_its_next_time_not_with_its_past(pool: LedgerPool) -> None:
    clock = firing(pool, HOURLY)
    clock.catch_up()
    assert clock.fire() == 0
    assert fires(pool) == []


def test_hours_without_a_clock_are_made_up_for_once(pool: LedgerPool) -> None:
    clock = firing(pool, HOURLY)
    last_fired(pool, HOURLY.key, ago(hours=5))
    clock.catch_up()
    assert clock.fire() == 1
    (row,) = fires(pool)
    assert row["fire_time"] == due.last_due(HOURLY, datetime.now(UTC))
    assert (row["state"], row["missed"]) == ("queued", 4)
    assert len(jobs(pool)) == 1


def test_all_of_them_where_the_schedule_wants_so(pool: LedgerPool) -> None:
    wants_all = replace(HOURLY, catch_up=CatchUp.ALL)
    clock = firing(pool, wants_all)
    last_fired(pool, HOURLY.key, ago(hours=5))
    clock.catch_up()
    assert clock.fire() == 5
    assert states(pool) == [("queued", 0)] * 5


def test_none_of_them_where_it_wants_none_and_that_is_said(pool: LedgerPool) -> None:
    minute = (ago(minutes=20)).minute  # never within a minute of a due time, whenever this runs
    clock = firing(pool, replace(HOURLY, cron=f"{minute} * * * *", catch_up=CatchUp.NONE))
    last_fired(pool, HOURLY.key, ago(hours=5))
    clock.catch_up()
    assert clock.fire() == 0
    rows = fires(pool)
    assert states(pool) == [("missed", 4)]
    assert outbox(pool) == [("schedule", f"cruzonic/hourly@{rows[0]['fire_time'].isoformat()}", "verdict")]


def test_what_is_fired_stays_fired(pool: LedgerPool) -> None:
    clock = firing(pool, HOURLY)
    last_fired(pool, HOURLY.key, ago(hours=2))
    clock.catch_up()
    assert clock.fire() == 1
    again = due.last_due(HOURLY, datetime.now(UTC))
    assert again is not None
    clock.owed.add(HOURLY.key, [again])  # as a machine does whose time was set back
    assert clock.fire() == 0
    assert len(jobs(pool)) == 1


def test_a_slow_clock_does_not_fire_an_older_time_after_a_newer(pool: LedgerPool) -> None:
    quick, slow = firing(pool, HOURLY), firing(pool, HOURLY)
    last_fired(pool, HOURLY.key, ago(hours=4))
    older = due.next_after(HOURLY, ago(hours=3))
    slow.owed.add(HOURLY.key, [older])
    quick.catch_up()
    assert quick.fire() == 1
    assert slow.fire() == 0
    # Nor one that had looked at the ledger before the other wrote.
    assert not slow.write(HOURLY, Decision(older, Verdict.FIRE))
    assert len(fires(pool)) == 1


def test_many_clocks_fire_each_time_once(pool: LedgerPool) -> None:
    several = [replace(HOURLY, key=f"cruzonic/s{n}", catch_up=CatchUp.ALL) for n in range(6)]
    clocks = [firing(pool, *several) for _ in range(4)]
    for schedule in several:
        last_fired(pool, schedule.key, ago(hours=3))
    for clock in clocks:
        clock.catch_up()
    assert sum(at_once(4, lambda n: clocks[n].fire())) == 18
    assert len(fires(pool)) == 18
    assert len(jobs(pool)) == 18


def test_a_clock_that_runs_ahead_waits_for_the_ledgers_time(pool: LedgerPool) -> None:
    clock = firing(pool, HOURLY)
    soon = datetime.now(UTC) + timedelta(seconds=1.0)
    clock.owed.add(HOURLY.key, [soon])
    assert clock.fire() == 0
    assert fires(pool) == []
    with borrowed(pool) as connection:
        connection.execute("SELECT pg_sleep(greatest(0, extract(epoch FROM %s - clock_timestamp())))", [soon])
    assert clock.fire() == 1


def test_one_name_in_two_databases_is_two_schedules(pool: LedgerPool) -> None:
    both = [replace(HOURLY, key=key) for key in ("cruzonic/daily", "fleetnest/daily")]
    clock = firing(pool, *both)
    for schedule in both:
        last_fired(pool, schedule.key, ago(hours=1, minutes=1))
    clock.catch_up()
    assert clock.fire() == 2
    assert {row["schedule"] for row in fires(pool)} == {"cruzonic/daily", "fleetnest/daily"}


def test_a_paused_schedule_is_passed_over_and_not_made_up_for(pool: LedgerPool) -> None:
    clock = firing(pool, HOURLY)
    last_fired(pool, HOURLY.key, ago(hours=3))
    with borrowed(pool) as connection:
        assert ledger.pause(
            connection, HOURLY.key, actor=ANN, reason="a move", ends_at=datetime.now(UTC) + timedelta(hours=1)
        )
        connection.execute("UPDATE schedule_pause SET paused_at = %s", [ago(hours=4)])
    clock.catch_up()
    assert clock.fire() == 0
    with borrowed(pool) as connection:
        ledger.end_pause(connection, HOURLY.key, ANN)
    clock.catch_up()
    assert clock.fire() == 0
    assert states(pool) == [("paused", 0)]
    assert jobs(pool) == []


def test_what_came_before_the_pause_is_made_up_for(pool: LedgerPool) -> None:
    clock = firing(pool, replace(HOURLY, catch_up=CatchUp.NEWEST))
    last_fired(pool, HOURLY.key, ago(hours=4))
    with borrowed(pool) as connection:
        assert ledger.pause(
            connection, HOURLY.key, actor=ANN, reason="a move", ends_at=datetime.now(UTC) + timedelta(hours=1)
        )
        connection.execute("UPDATE schedule_pause SET paused_at = %s", [ago(minutes=100)])
    clock.catch_up()
    assert clock.fire() == 1
    assert [state for state, _ in states(pool)] == ["queued", "paused"]


@pytest.mark.parametrize(
    ("zone", "local", "around"),
    [
        ("Europe/Helsinki", "03:30", "2026-10-25"),
        ("America/New_York", "01:30", "2026-11-01"),
        ("Australia/Lord_Howe", "01:45", "2026-04-05"),
        ("Europe/Helsinki", "03:30", "2026-03-29"),
        ("America/New_York", "02:30", "2026-03-08"),
        ("America/Santiago", "00:30", "2026-09-06"),
    ],
)
def test_a_daily_schedule_comes_once_a_date_when_clocks_are_moved(
    pool: LedgerPool, zone: str, local: str, around: str
) -> None:
    hour, minute = local.split(":")
    daily = Schedule("cruzonic/daily", "note", f"{int(minute)} {int(hour)} * * *", zone, CatchUp.ALL)
    noon = datetime.fromisoformat(f"{around}T12:00").replace(tzinfo=ZoneInfo(zone))
    clock = firing(pool, daily)
    last_fired(pool, daily.key, (noon - timedelta(days=2)).astimezone(UTC))
    clock.owed.add(daily.key, due.between(daily, noon - timedelta(days=2), noon + timedelta(days=1)))
    assert clock.fire() == 3
    dates = [row["fire_time"].astimezone(ZoneInfo(zone)).date() for row in fires(pool)]
    assert len(set(dates)) == 3


def test_a_clock_with_other_rules_about_a_zone_does_not_double_a_date(pool: LedgerPool) -> None:
    daily = Schedule("cruzonic/daily", "note", "30 3 * * *", "Europe/Helsinki", CatchUp.ALL)
    clock = firing(pool, daily)
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 03:30 summer time; an hour later it is 03:30 again
    last_fired(pool, daily.key, first - timedelta(hours=1))
    for at in (first, first + timedelta(hours=1)):
        clock.owed.add(daily.key, [at])
        clock.fire()
    assert [row["fire_time"] for row in fires(pool)] == [first]


def test_an_hourly_schedule_comes_in_both_of_the_hours_that_look_alike(pool: LedgerPool) -> None:
    hourly = Schedule("cruzonic/hourly", "note", "30 * * * *", "Europe/Helsinki", CatchUp.ALL)
    clock = firing(pool, hourly)
    begin = datetime(2026, 10, 24, 23, 0, tzinfo=UTC)
    last_fired(pool, hourly.key, begin)
    clock.owed.add(hourly.key, due.between(hourly, begin, begin + timedelta(hours=4)))
    assert clock.fire() == 4


def test_one_that_had_looked_before_another_wrote_fires_no_older_time(pool: LedgerPool) -> None:
    quick, slow = firing(pool, HOURLY), firing(pool, HOURLY)
    last_fired(pool, HOURLY.key, ago(hours=4))
    slow.owed.add(HOURLY.key, [due.next_after(HOURLY, ago(hours=3))])
    looked = slow._plan(slow.owed.now())
    quick.catch_up()
    assert quick.fire() == 1
    assert slow._write_many(looked)() == 0
    assert len(fires(pool)) == len(jobs(pool)) == 1
    assert slow.owed.now() == {}
