"""A clock or a worker process for tests that kill it: `clock_program clock|worker LEDGER SCHEDULES…`.

It is begun by tests.support.forked. SCHEDULES are `KEY=SECONDS`. A clock's own time may be shifted by SHIFT_SECONDS. A worker's handler writes
one row into the table `effect`, which has no key of its own: what is begun twice stands there twice.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
import threading

from apscheduler.schedulers import base

from bot.clock.clock import Clock
from bot.clock.ticks import Ticks
from bot.core.schedules import CatchUp, Schedule
from bot.jobs import Handlers, Scheduled, Worker, WorkerSettings
from bot.ledger.connection import LedgerPool, open_pool
from bot.ledger.queue import Queue
from bot.services.fires import Fire, Fires
from bot.services.notifying import Notifier
from tests.support.clocks import every, firing


class Shifted(dt.datetime):
    """A machine's time that is wrong."""

    by = dt.timedelta()

    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:
        return dt.datetime.now(tz) + cls.by


def main() -> None:
    role, url, *named = sys.argv[1:]
    schedules = [
        every(int(seconds), key, CatchUp.ALL) for key, _, seconds in (one.partition("=") for one in named)
    ]
    with open_pool(url) as pool:
        (clock if role == "clock" else worker)(pool, url, schedules)


def clock(pool: LedgerPool, _url: str, schedules: list[Schedule]) -> None:
    Shifted.by = dt.timedelta(seconds=float(os.environ["SHIFT_SECONDS"]))
    base.datetime = Shifted  # the library's only source of time
    works = Clock(firing(pool, *schedules), Ticks(pool, {}), catch_up_every=1.0)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    works.run(threading.Event())


def worker(pool: LedgerPool, url: str, schedules: list[Schedule]) -> None:
    def begin(fire: Fire) -> None:
        fire.connection.execute(
            "INSERT INTO effect (schedule, due_at) VALUES (%s, %s)", [fire.schedule.key, fire.due_at]
        )
        fire.connection.execute("SELECT pg_sleep(0.2)")  # long enough to be killed in the middle

    queue = Queue()
    known = {schedule.key: schedule for schedule in schedules}
    works = Fires(pool, known, queue, Notifier(queue, None), {"note": begin})

    def run_fire(key: str, due_at: dt.datetime, last_try: bool) -> None:
        works.run(key, due_at, last_try=last_try)

    nothing = Scheduled(run_fire, lambda _: None, lambda _key, _beat: None)
    handlers = Handlers(
        lambda _: None, lambda _: None, lambda _: None, lambda _: None, lambda: 0, scheduled=nothing
    )
    settings = WorkerSettings(housekeeping_every=0.5, heartbeat_every=0.3, silent_after=2.0, poll_every=0.2)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    Worker(url, pool, handlers, settings).run()
