"""A worker in a thread on a real queue, what its handlers saw, and what stands in the queue."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from bot.core.backup import Kind
from bot.core.people import Actor, Source
from bot.errors import DumpFailedError
from bot.jobs import Handlers, Worker, WorkerSettings
from bot.ledger import backups
from bot.ledger.connection import LedgerPool, borrowed
from bot.ledger.queue import Queue

ANN = Actor("T1", "UANN", Source.SLACK)
QUICK = WorkerSettings(
    housekeeping_every=0.3, heartbeat_every=0.3, silent_after=2.0, poll_every=0.5, grace=20.0
)
PATIENCE = 60.0  # a bound on hanging: what is waited for comes within a second or two


def _nothing(_: str) -> None:
    """A handler that has nothing to do."""


def handlers(
    run_backup: Callable[[str], None] = _nothing,
    run_check: Callable[[str], None] = _nothing,
    deliver: Callable[[str], None] = _nothing,
    sweep: Callable[[], int] = lambda: 0,
) -> Handlers:
    return Handlers(run_backup, run_check, _nothing, deliver, sweep)


@contextmanager
def working(url: str, pool: LedgerPool, does: Handlers, settings: WorkerSettings = QUICK) -> Iterator[Worker]:
    """A worker in a thread, stopped at the end."""
    worker = Worker(url, pool, does, settings)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield worker
    finally:
        if not worker._stop_early.is_set():
            worker.stop()
        thread.join(PATIENCE)
        assert not thread.is_alive()


@dataclass
class Seen:
    """What handlers were called with, for a test to wait on."""

    calls: list[str] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def note(self, call: str) -> None:
        with self._changed:
            self.calls.append(call)
            self._changed.notify_all()

    def wait_for(self, number: int) -> list[str]:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.calls) >= number, PATIENCE), self.calls
            return list(self.calls)


def asked(pool: LedgerPool, database: str = "cruzonic") -> str:
    """A waiting backup with its job."""
    with borrowed(pool) as conn:
        record = backups.insert(conn, actor=ANN, database=database, kind=Kind.FULL)
        Queue().backup(conn, record.id, database)
    return record.id


def job_states(pool: LedgerPool) -> list[str]:
    with borrowed(pool) as conn:
        rows = conn.execute("SELECT status::text FROM procrastinate_jobs ORDER BY id").fetchall()
    return [row["status"] for row in rows]


def until(condition: Callable[[], bool]) -> None:
    """Poll for something in the ledger that nobody announces."""
    pause = threading.Event()
    for _ in range(int(PATIENCE / 0.1)):
        if condition():
            return
        pause.wait(0.1)
    raise AssertionError("it did not come about")


def ran(pool: LedgerPool, backup_id: str, attempt: str = "a1") -> None:
    """A whole run, as short as can be."""
    with borrowed(pool) as conn:
        if backups.claim(conn, backup_id, attempt, 60):
            backups.mark_failed(conn, backup_id, attempt, DumpFailedError("It was only a test."))
