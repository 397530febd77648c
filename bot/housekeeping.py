"""What every worker does beside its jobs: free what dead workers held, end dead runs, forget old things."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from procrastinate import JobContext

from bot.errors import SparewheelError
from bot.ledger import housekeeping, inbox
from bot.ledger.connection import LedgerPool, borrowed

log = logging.getLogger(__name__)

KEEP_JOBS = timedelta(days=2)
_PURGE_EVERY_SECONDS = 3600.0


class RunningJobs:
    """Which jobs this process really runs, and under which worker numbers. Safe in threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: set[int] = set()
        self._workers: set[int] = set()

    @contextmanager
    def noted(self, context: JobContext) -> Iterator[None]:
        """Count a job as running while inside."""
        job, worker = context.job.id, context.job.worker_id
        assert job is not None
        assert worker is not None  # a fetched job carries both
        with self._lock:
            self._jobs.add(job)
            self._workers.add(worker)
        try:
            yield
        finally:
            with self._lock:
                self._jobs.discard(job)

    def now(self) -> tuple[frozenset[int], frozenset[int]]:
        """The running jobs' numbers, and every worker number this process has had."""
        with self._lock:
            return frozenset(self._jobs), frozenset(self._workers)


class Housekeeper:
    """One round is one `tidy`. Any number of workers may do it: rows are taken by one of them at a time."""

    def __init__(
        self, pool: LedgerPool, running: RunningJobs, sweep: Callable[[], int], silent_after: float
    ) -> None:
        self._pool = pool
        self._running = running
        self._sweep = sweep
        self._silent_after = silent_after
        self._unaccounted: frozenset[int] = frozenset()
        self._purge_due = 0.0

    def tidy(self) -> None:
        """Do everything that is due. Never raises: the next round tries again."""
        for duty in (self._reap, self._sweep, self._purge):
            try:
                duty()
            except SparewheelError as error:
                log.warning("housekeeping: %s", error.sentence)
            except Exception:
                log.exception("housekeeping failed")

    def _reap(self) -> None:
        """A job that the queue gives to this process, and that it did not run in two rounds, is lost."""
        live, workers = self._running.now()
        with borrowed(self._pool) as connection:
            unaccounted = housekeeping.held_by(connection, workers) - live
            lost = unaccounted & self._unaccounted
            reaped = housekeeping.reap_stalled(
                connection, silent_seconds=self._silent_after, live=live, lost=lost
            )
        self._unaccounted = unaccounted
        if reaped.failed or reaped.retried:
            log.warning("dead workers' jobs: ended %s, queued again %s", reaped.failed, reaped.retried)

    def _purge(self) -> None:
        if time.monotonic() < self._purge_due:
            return
        with borrowed(self._pool) as connection:
            inbox.purge(connection)
            housekeeping.delete_old_jobs(connection, KEEP_JOBS)
        self._purge_due = time.monotonic() + _PURGE_EVERY_SECONDS
