"""Clocks for tests: how one is made, what stands in the ledger, and how the past is arranged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from psycopg.rows import DictRow

from bot.clock.firing import Firing
from bot.core.schedules import CatchUp, Schedule
from bot.ledger.connection import LedgerPool, borrowed
from bot.ledger.queue import Queue
from bot.services.notifying import Notifier

HOURLY = Schedule("cruzonic/hourly", "note", "0 * * * *", "UTC")


def every(seconds: int, key: str = "cruzonic/often", catch_up: CatchUp = CatchUp.ALL) -> Schedule:
    """One that comes every few seconds."""
    return Schedule(key, "note", f"*/{seconds} * * * * *", "UTC", catch_up)


def firing(pool: LedgerPool, *schedules: Schedule) -> Firing:
    """A clock's inner part; the ledger knows its schedules."""
    queue = Queue()
    made = Firing.of(pool, queue, Notifier(queue, "C0OPS"), schedules)
    made.remember()
    return made


def last_fired(pool: LedgerPool, key: str, at: datetime) -> None:
    """As if that time had been the last one that any clock fired."""
    with borrowed(pool) as connection:
        connection.execute("UPDATE schedule SET last_due = %s WHERE key = %s", [at, key])


def ago(**span: float) -> datetime:
    return datetime.now(UTC) - timedelta(**span)


def fires(pool: LedgerPool, *keys: str) -> Sequence[DictRow]:
    """The rows of these schedules (or of all), oldest first."""
    with borrowed(pool) as connection:
        return connection.execute(
            "SELECT * FROM schedule_fire WHERE cardinality(%s::text[]) = 0 OR schedule = ANY (%s)"
            " ORDER BY fire_time, schedule",
            [list(keys), list(keys)],
        ).fetchall()


def jobs(pool: LedgerPool, task: str = "run_fire") -> Sequence[DictRow]:
    """The queue's jobs of one task."""
    with borrowed(pool) as connection:
        return connection.execute(
            "SELECT * FROM procrastinate_jobs WHERE task_name = %s ORDER BY id", [task]
        ).fetchall()


def outbox(pool: LedgerPool) -> list[tuple[str, str, str]]:
    """What waits to be said."""
    with borrowed(pool) as connection:
        rows = connection.execute("SELECT topic, subject, stage FROM outbox ORDER BY seq").fetchall()
    return [(row["topic"], row["subject"], row["stage"]) for row in rows]
