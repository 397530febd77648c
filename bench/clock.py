"""The clock: 1,000 databases with 4 schedules each, from the due time to the queued job, with 1 and 3 clocks.

Two days in one minute each: every schedule due at one instant, and the same number spread over the minute.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from bot.clock.clock import Clock
from bot.clock.firing import Firing
from bot.clock.ticks import Ticks
from bot.core.schedules import CatchUp, Schedule
from bot.ledger.connection import borrowed, open_pool
from bot.ledger.queue import Queue
from bot.services.notifying import Notifier

DATABASES, EACH = 1000, 4
SCHEDULES = DATABASES * EACH
ZONES = ("UTC", "America/New_York", "Europe/Helsinki", "Australia/Lord_Howe")
ONE_INSTANT, SPREAD = "all at one instant", "spread over a minute"
_MB = 1_000_000
_PERCENTILES = """
    SELECT count(*) AS fires,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM fired_at - fire_time)) AS p50,
        percentile_cont(0.99) WITHIN GROUP (ORDER BY extract(epoch FROM fired_at - fire_time)) AS p99,
        (SELECT count(*) FROM procrastinate_jobs) AS jobs
    FROM schedule_fire
"""


@dataclass(frozen=True)
class Row:
    """What one combination came to: seconds, and the share of one core and the memory of each clock."""

    way: str
    clocks: int
    fires: int
    jobs: int
    p50: float
    p99: float
    cpu: float
    peak_mb: float


def schedules(way: str) -> list[Schedule]:
    """Each comes once a minute; the hours are named, which is the slower rule."""
    return [
        Schedule(
            f"db{n // EACH}/s{n % EACH}",
            "note",
            f"{30 if way == ONE_INSTANT else n % 60} * 0-23 * * *",
            ZONES[n % EACH],
            CatchUp.NEWEST,
        )
        for n in range(SCHEDULES)
    ]


def measure(url: str) -> list[Row]:
    """Every combination, a minute and a half each, on an otherwise idle ledger."""
    return [_one(url, way, clocks) for way in (ONE_INSTANT, SPREAD) for clocks in (1, 3)]


def lines(rows: list[Row]) -> list[str]:
    """The results as a table in Markdown."""
    return [
        f"| {SCHEDULES:,} schedules | clocks | fires | jobs | p50, s | p99, s | CPU each | memory each |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        *(
            f"| {row.way} | {row.clocks} | {row.fires:,} | {row.jobs:,} | {row.p50:.2f} | {row.p99:.2f} "
            f"| {row.cpu:.0%} | {row.peak_mb:.0f} MB |"
            for row in rows
        ),
    ]


def _one(url: str, way: str, clocks: int) -> Row:
    with open_pool(url) as pool, borrowed(pool) as connection:
        connection.execute("TRUNCATE schedule_fire, schedule, procrastinate_jobs CASCADE")
    running = [_start(url, way) for _ in range(clocks)]
    try:
        found = _after_a_minute(running)
    finally:
        for process in running:
            process.kill()
            process.wait()
    with open_pool(url) as pool, borrowed(pool) as connection:
        row = connection.execute(_PERCENTILES).fetchone()
    assert row is not None
    cpu, peak = found
    numbers = {name: float(row[name] or 0) for name in ("p50", "p99")}
    result = Row(way, clocks, row["fires"], row["jobs"], cpu=cpu, peak_mb=peak / _MB, **numbers)
    print(json.dumps(result.__dict__), flush=True)
    return result


def _start(url: str, way: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.clock", url, way],
        cwd=Path(__file__).parents[1],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def _after_a_minute(running: list[subprocess.Popen[str]]) -> tuple[float, float]:
    """The mean share of a core and the mean memory of each, over the minute in which everything is due."""
    watched = [psutil.Process(process.pid) for process in running]
    before = [sum(each.cpu_times()[:2]) for each in watched]
    began = time.monotonic()
    time.sleep(75)
    taken = time.monotonic() - began
    cpu = [(sum(each.cpu_times()[:2]) - spent) / taken for each, spent in zip(watched, before, strict=True)]
    memory = [each.memory_info().rss for each in watched]
    return sum(cpu) / len(cpu), sum(memory) / len(memory)


def main(url: str, way: str) -> None:
    """One clock in a process of its own, until it is told to stop."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
    with open_pool(url) as pool:
        queue = Queue()
        firing = Firing.of(pool, queue, Notifier(queue, None), schedules(way))
        firing.remember()
        clock = Clock(firing, Ticks(pool, {}))
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        clock.run(stop)


if __name__ == "__main__":
    main(*sys.argv[1:])
