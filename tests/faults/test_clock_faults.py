"""Bad days of clocks and workers: killed half-way, apart by minutes, of two versions, without a ledger."""

from __future__ import annotations

import itertools
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from bot.clock.clock import Clock
from bot.clock.ticks import Ticks
from bot.errors import LedgerUnavailableError
from bot.ledger.connection import LedgerPool, borrowed, open_pool
from bot.ledger.migrate import migrate
from bot.sandbox.embedded.servers import EmbeddedServers
from tests.support import clock_program
from tests.support.clocks import every, fires, firing
from tests.support.forked import Forked
from tests.support.servers import stoppable_cluster, traversable_folder

pytestmark = pytest.mark.faults

OFTEN, SELDOM = "cruzonic/often", "fleetnest/often"
SCHEDULES = (f"{OFTEN}=1", f"{SELDOM}=2")

Start = Callable[..., Forked]


@pytest.fixture
def pool(ledger_url: str) -> Iterator[LedgerPool]:
    with open_pool(ledger_url) as opened:
        with borrowed(opened) as connection:
            connection.execute("CREATE TABLE effect (schedule text, due_at timestamptz)")
        yield opened


@pytest.fixture
def start(ledger_url: str) -> Iterator[Start]:
    """Start a clock or a worker; it is up when this returns. Killed at the end."""
    made: list[Forked] = []

    def begin(role: str, *schedules: str, shift: float = 0.0) -> Forked:
        process = Forked(
            clock_program.main,
            *(role, ledger_url, *(schedules or SCHEDULES)),
            environ=os.environ | {"SHIFT_SECONDS": str(shift)},
        )
        made.append(process)
        assert process.stdout.readline() == "ready\n"
        return process

    yield begin
    for process in made:
        with process:
            process.kill()


def until(look: Callable[[], object]) -> None:
    """Wait for something that must come; the suite's own timeout bounds it."""
    while not look():
        time.sleep(0.1)


def fired(pool: LedgerPool, key: str) -> list[datetime]:
    return [row["fire_time"] for row in fires(pool, key) if row["state"] in ("queued", "begun")]


def effects(pool: LedgerPool, key: str) -> list[datetime]:
    with borrowed(pool) as connection:
        rows = connection.execute(
            "SELECT due_at FROM effect WHERE schedule = %s ORDER BY due_at", [key]
        ).fetchall()
    return [row["due_at"] for row in rows]


def is_gapless(times: list[datetime], seconds: int) -> bool:
    return all(b - a == timedelta(seconds=seconds) for a, b in itertools.pairwise(times))


def all_begun(pool: LedgerPool) -> bool:
    return all(row["state"] == "begun" for row in fires(pool))


def test_a_clock_and_a_worker_killed_half_way_double_nothing_and_lose_nothing(
    pool: LedgerPool, start: Start
) -> None:
    clocks = [start("clock") for _ in range(3)]
    workers = [start("worker") for _ in range(2)]
    until(lambda: len(effects(pool, OFTEN)) >= 3)
    workers[0].kill()
    clocks[0].kill()
    killed_at = len(fired(pool, OFTEN))
    until(lambda: len(fired(pool, OFTEN)) >= killed_at + 4)
    for clock in clocks[1:]:
        clock.kill()
        clock.wait()
    until(lambda: all_begun(pool))
    for key, seconds in ((OFTEN, 1), (SELDOM, 2)):
        times = fired(pool, key)
        assert is_gapless(times, seconds), times
        assert effects(pool, key) == times


def test_every_clock_dead_for_a_while_is_made_up_for_by_the_next(pool: LedgerPool, start: Start) -> None:
    first = start("clock")
    until(lambda: len(fired(pool, OFTEN)) >= 2)
    first.kill()
    first.wait()
    before = fired(pool, OFTEN)[-1]
    until(lambda: datetime.now(before.tzinfo) > before + timedelta(seconds=4))
    start("clock")
    until(lambda: fired(pool, OFTEN)[-1] > before + timedelta(seconds=4))
    assert is_gapless(fired(pool, OFTEN), 1)


def test_clocks_minutes_apart_fire_each_time_once_and_none_early(pool: LedgerPool, start: Start) -> None:
    for shift in (-180.0, 0.0, 180.0):
        start("clock", shift=shift)
    until(lambda: len(fired(pool, OFTEN)) >= 4)
    rows = fires(pool, OFTEN)
    assert is_gapless(fired(pool, OFTEN), 1)
    assert [row for row in rows if row["fired_at"] < row["fire_time"]] == []


def test_the_only_clock_is_minutes_late_and_still_fires_in_time(pool: LedgerPool, start: Start) -> None:
    start("clock", shift=-600.0)
    until(lambda: len(fired(pool, OFTEN)) >= 3)
    late = [row["fired_at"] - row["fire_time"] for row in fires(pool, OFTEN)]
    assert max(late) < timedelta(seconds=60)  # by ten minutes, if it were left to the machine's own time


def test_two_versions_side_by_side(pool: LedgerPool, start: Start) -> None:
    old, new = ("clock", f"{OFTEN}=1"), ("clock", f"{OFTEN}=1", f"{SELDOM}=1")
    start(*old)
    start(*new)
    start("worker", f"{OFTEN}=1")  # the new schedule means nothing to this one
    until(lambda: len(fired(pool, SELDOM)) >= 2)
    start("worker", f"{OFTEN}=1", f"{SELDOM}=1")
    begun = fired(pool, SELDOM)[:2]
    until(lambda: set(begun) <= set(effects(pool, SELDOM)))
    assert is_gapless(fired(pool, OFTEN), 1)
    assert len(set(effects(pool, OFTEN))) == len(effects(pool, OFTEN))


def plan_of(pool: LedgerPool) -> tuple[str, datetime | None]:
    with borrowed(pool) as connection:
        found = connection.execute("SELECT plan, doubted_at FROM schedule WHERE key = %s", [OFTEN]).fetchone()
    assert found is not None
    return found["plan"], found["doubted_at"]


def test_two_lines_of_one_schedule_side_by_side(pool: LedgerPool, start: Start) -> None:
    start("clock", f"{OFTEN}=1")
    until(lambda: len(fired(pool, OFTEN)) >= 2)
    newer = start("clock", f"{OFTEN}=2")
    until(lambda: plan_of(pool)[0].startswith("*/2"))
    since = fired(pool, OFTEN)[-1]
    until(lambda: len([at for at in fired(pool, OFTEN) if at > since]) >= 4)
    newer.kill()
    newer.wait()
    until(lambda: plan_of(pool)[1])
    by_the_newer = [at for at in fired(pool, OFTEN) if at > since]
    assert [at.second % 2 for at in by_the_newer] == [0] * len(by_the_newer)
    assert is_gapless(by_the_newer, 2)
    with borrowed(pool) as connection:  # as if nobody had answered for long
        connection.execute("UPDATE schedule SET doubted_at = doubted_at - interval '1 hour'")
    until(lambda: plan_of(pool)[0].startswith("*/1"))
    last = by_the_newer[-1]
    until(lambda: len([at for at in fired(pool, OFTEN) if at > last]) >= 4)
    assert is_gapless([at for at in fired(pool, OFTEN) if at > last], 1)


def test_the_ledger_goes_away_at_a_fire_and_comes_back(embedded: EmbeddedServers) -> None:
    with traversable_folder() as folder, stoppable_cluster(folder, embedded.main) as cluster:
        url = cluster.url("postgres", cluster.superuser, cluster.password)
        migrate(url)
        # Impatient: an outage shorter than the wait for a connection is none.
        impatient = open_pool(url, timeout_seconds=1.0)
        with impatient as pool, _ticking(Clock(firing(pool, every(1)), Ticks(pool, {}))):
            until(lambda: len(fired(pool, OFTEN)) >= 2)
            port = cluster.port
            cluster.stop()
            away_at = datetime.now(UTC)
            until(lambda: datetime.now(UTC) > away_at + timedelta(seconds=3))
            cluster.start(preferred_port=port)
            until(lambda: _newest(pool) > away_at + timedelta(seconds=5))
            assert is_gapless(fired(pool, OFTEN), 1)


@contextmanager
def _ticking(clock: Clock) -> Iterator[None]:
    """The clock in a thread, stopped at the end."""
    stop = threading.Event()
    thread = threading.Thread(target=clock.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(60)
        assert not thread.is_alive()


def _newest(pool: LedgerPool) -> datetime:
    try:
        return fired(pool, OFTEN)[-1]
    except LedgerUnavailableError:
        return datetime.min.replace(tzinfo=UTC)
