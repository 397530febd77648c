"""A schedule whose line changes, or that comes back: what was due before is not owed, and one plan rules."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.clock.clock import Clock
from bot.clock.firing import Firing
from bot.clock.ticks import Ticks
from bot.core.schedules import CatchUp
from bot.ledger import alerts
from bot.ledger.connection import LedgerPool, borrowed
from bot.ledger.queue import Queue
from bot.ledger.schedule_plans import PATIENCE, TAKEN_OUT
from bot.ledger.schedules import pause
from bot.services.alert_facts import since_mark
from bot.services.notifying import Notifier
from tests.support.clocks import HOURLY, ago, fires, firing, jobs, last_fired, outbox
from tests.support.house import VERA

OLD = replace(HOURLY, catch_up=CatchUp.ALL)


def planned_at(at: datetime) -> str:
    """The line of a schedule that is due each hour at this minute."""
    return f"{at.minute} * * * *"


def doubted(pool: LedgerPool, since: datetime) -> None:
    """As if clocks of another configuration had looked since then, and none of its own had answered."""
    with borrowed(pool) as connection:
        connection.execute("UPDATE schedule SET doubted_at = %s WHERE doubted_at IS NOT NULL", [since])


def row(pool: LedgerPool) -> tuple[str, datetime | None, datetime | None]:
    with borrowed(pool) as connection:
        found = connection.execute("SELECT plan, last_due, doubted_at FROM schedule").fetchone()
    assert found is not None
    return found["plan"], found["last_due"], found["doubted_at"]


@pytest.mark.parametrize("other", [{"cron": "30 3 * * *"}, {"zone": "Asia/Kolkata"}])
def test_another_line_or_zone_owes_nothing_of_its_past(
    pool: LedgerPool, other: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    firing(pool, OLD)
    last_fired(pool, OLD.key, ago(days=40))
    with caplog.at_level(logging.WARNING):
        clock = firing(pool, replace(OLD, **other))
    assert OLD.plan in caplog.text
    clock.catch_up()
    assert clock.fire() == 0
    assert fires(pool) == []
    with borrowed(pool) as connection:
        since = alerts.marks(connection)[since_mark(OLD.key)]
    assert datetime.now(UTC) - since < timedelta(minutes=5)


def test_the_same_line_after_an_outage_is_made_up_for(pool: LedgerPool) -> None:
    firing(pool, OLD)
    last_fired(pool, OLD.key, ago(hours=3))
    clock = firing(pool, OLD)
    clock.catch_up()
    assert clock.fire() == 3


def test_a_row_of_an_older_version_is_made_up_for(pool: LedgerPool) -> None:
    firing(pool, OLD)
    last_fired(pool, OLD.key, ago(hours=3))
    with borrowed(pool) as connection:
        connection.execute("UPDATE schedule SET plan = NULL")
    clock = firing(pool, OLD)
    clock.catch_up()
    assert clock.fire() == 3


def test_one_that_was_out_of_the_configuration_begins_with_its_next_time(pool: LedgerPool) -> None:
    firing(pool, OLD)
    last_fired(pool, OLD.key, ago(days=30))
    without = firing(pool, replace(OLD, key="cruzonic/another"))
    without.hold()
    doubted(pool, ago(days=20))
    clock = firing(pool, OLD)
    clock.catch_up()
    assert clock.fire() == 0


def test_an_outage_in_which_one_without_the_schedule_looked_loses_nothing(pool: LedgerPool) -> None:
    firing(pool, OLD)
    last_fired(pool, OLD.key, ago(hours=2))
    firing(pool, replace(OLD, key="cruzonic/another")).hold()
    doubted(pool, ago(minutes=7))
    clock = firing(pool, OLD)
    clock.catch_up()
    assert clock.fire() == 2


ELSEWHERE = replace(OLD, zone="Europe/Berlin")  # due at the same instants


def test_what_two_plans_wanted_in_an_outage_is_said_to_be_missed(pool: LedgerPool) -> None:
    firing(pool, OLD)
    last_fired(pool, OLD.key, ago(hours=3))
    clock = firing(pool, ELSEWHERE)
    clock.catch_up()
    assert clock.fire() == 0
    (missed,) = fires(pool)
    assert (missed["state"], missed["missed"]) == ("missed", 2)
    assert len(outbox(pool)) == 1


def test_what_came_while_another_plan_began_is_fired(pool: LedgerPool) -> None:
    just_now = ago(seconds=5)
    line = replace(OLD, cron=f"{just_now.second} {just_now.minute} * * * *")
    firing(pool, line)
    last_fired(pool, OLD.key, ago(minutes=30))
    firing(pool, replace(line, zone="Europe/Berlin"))
    assert [fire["state"] for fire in fires(pool)] == ["queued"]
    assert len(jobs(pool)) == 1


def test_a_pause_holds_for_what_two_plans_wanted(pool: LedgerPool) -> None:
    firing(pool, OLD)
    with borrowed(pool) as connection:
        pause(connection, OLD.key, actor=VERA, reason="a move", ends_at=ago(hours=-1))
        connection.execute("UPDATE schedule_pause SET paused_at = %s", [ago(hours=4)])
    last_fired(pool, OLD.key, ago(hours=3))
    firing(pool, ELSEWHERE)
    assert {fire["state"] for fire in fires(pool)} == {"paused"}


def test_a_plan_that_cannot_be_read_holds_up_no_clock(pool: LedgerPool) -> None:
    firing(pool, OLD)
    last_fired(pool, OLD.key, ago(hours=3))
    with borrowed(pool) as connection:
        connection.execute("UPDATE schedule SET plan = 'at full moon'")
    firing(pool, OLD)
    assert row(pool)[0] == OLD.plan
    assert fires(pool) == []


def test_one_that_was_taken_out_while_it_was_well_owes_nothing(pool: LedgerPool) -> None:
    taken_out = ago(hours=5).replace(minute=0, second=30)
    firing(pool, OLD)
    last_fired(
        pool, OLD.key, taken_out - timedelta(minutes=60, seconds=30)
    )  # the last one was as good as due
    firing(pool, replace(OLD, key="cruzonic/another")).hold()
    doubted(pool, taken_out)
    clock = firing(pool, OLD)
    clock.catch_up()
    assert clock.fire() == 0


def test_one_that_was_down_when_it_was_taken_out_for_days_owes_nothing(pool: LedgerPool) -> None:
    firing(pool, OLD)
    last_fired(pool, OLD.key, ago(days=3))
    firing(pool, replace(OLD, key="cruzonic/another")).hold()
    doubted(pool, ago(seconds=0) - TAKEN_OUT - timedelta(minutes=1))
    clock = firing(pool, OLD)
    clock.catch_up()
    assert clock.fire() == 0


def test_a_clock_of_another_configuration_for_a_moment_loses_nothing(pool: LedgerPool) -> None:
    firing(pool, OLD)
    last_fired(pool, OLD.key, ago(hours=2))
    firing(pool, replace(OLD, key="cruzonic/another")).hold()
    clock = firing(pool, OLD)
    clock.catch_up()
    assert clock.fire() == 2


def test_a_clock_that_slept_beside_one_without_the_schedule_loses_nothing(pool: LedgerPool) -> None:
    clock, without = firing(pool, OLD), firing(pool, replace(OLD, key="cruzonic/another"))
    last_fired(pool, OLD.key, ago(hours=2))
    without.hold()
    doubted(pool, ago(hours=2))
    clock.catch_up()
    assert clock.fire() == 2


def test_of_two_lines_side_by_side_the_one_begun_last_fires(pool: LedgerPool) -> None:
    older = firing(pool, OLD)
    newer = firing(pool, replace(OLD, cron=planned_at(ago(minutes=-20))))
    last_fired(pool, OLD.key, ago(hours=2))
    for _ in range(3):  # they look in turns, and neither takes it from the other
        for clock in (older, newer):
            clock.catch_up()
            clock.owed.add(OLD.key, [ago(minutes=1).replace(second=0, microsecond=0)])
            doubted(pool, ago(seconds=90))
    assert older.fire() == 0
    assert older.owed.now() == {}
    assert newer.fire() == 3  # two by its line, and the one that was owed by hand
    assert row(pool)[0] == newer.schedules[OLD.key].plan


def test_one_that_had_looked_before_another_began_fires_nothing(pool: LedgerPool) -> None:
    older = firing(pool, OLD)
    last_fired(pool, OLD.key, ago(hours=1))
    older.catch_up()
    looked = older._plan(older.owed.now())
    firing(pool, replace(OLD, cron="30 3 * * *"))
    with borrowed(pool) as connection:  # the times of both are still to come, as far as the row says
        connection.execute("UPDATE schedule SET last_due = %s", [ago(hours=1)])
    assert older._write_many(looked)() == 0
    assert sum(older.write(OLD, each) for planned in looked for each in planned.decisions) == 0
    assert fires(pool) == []


def test_a_line_whose_clocks_are_gone_gives_way_and_nothing_since_is_lost(pool: LedgerPool) -> None:
    """A new version begins, fails and is taken back; the old clock never stopped."""
    older = firing(pool, OLD)
    firing(pool, replace(OLD, cron="30 3 29 2 *"))
    last_fired(pool, OLD.key, ago(hours=9))
    older.catch_up()
    doubted(pool, ago(hours=2))  # its clock was heard last before that
    older.catch_up()
    assert row(pool)[0] == OLD.plan
    assert older.fire() == 2


def test_a_clock_does_not_take_over_before_its_patience_ends(pool: LedgerPool) -> None:
    older, newer = firing(pool, OLD), firing(pool, replace(OLD, cron="30 3 * * *"))
    older.hold()
    doubted(pool, ago(seconds=0) - PATIENCE + timedelta(minutes=2))
    older.hold()
    assert row(pool)[0] == newer.schedules[OLD.key].plan
    newer.hold()
    assert row(pool)[2] is None


def test_a_removed_schedule_is_doubted_once(pool: LedgerPool) -> None:
    firing(pool, OLD)
    without = firing(pool)
    without.hold()
    first = row(pool)[2]
    without.hold()
    assert row(pool)[2] == first is not None


def test_nothing_is_looked_at_before_the_plans_are_known(pool: LedgerPool) -> None:
    firing(pool, OLD)
    other, queue = replace(OLD, cron="30 3 * * *"), Queue()
    found: list[str] = []

    class Looks(Ticks):
        def start(self, stop: threading.Event) -> None:
            found.append(row(pool)[0])
            stop.set()

    begun = Firing.of(pool, queue, Notifier(queue, None), [other])
    Clock(begun, Looks(pool, {})).run(threading.Event())
    assert found == [other.plan]
