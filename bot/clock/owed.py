"""The due times that the ledger does not hold yet, and the scheduling library's way to add to them."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from apscheduler.executors.base import BaseExecutor
from apscheduler.triggers.base import BaseTrigger

from bot.core.schedules import Schedule
from bot.services import due


class Owed:
    """Times by schedule, each once. Safe in threads; `changed` is set where something was added."""

    def __init__(self) -> None:
        self.changed = threading.Event()
        self._lock = threading.Lock()
        self._times: dict[str, set[datetime]] = {}

    def add(self, key: str, times: Iterable[datetime]) -> None:
        """Owe these."""
        with self._lock:
            self._times.setdefault(key, set()).update(times)
        self.changed.set()

    def settle(self, key: str, times: Iterable[datetime]) -> None:
        """These are in the ledger."""
        with self._lock:
            left = self._times.get(key, set()).difference(times)
            if left:
                self._times[key] = left
            else:
                self._times.pop(key, None)

    def now(self) -> Mapping[str, frozenset[datetime]]:
        """Everything that is owed."""
        with self._lock:
            return {key: frozenset(times) for key, times in self._times.items()}


class DueTrigger(BaseTrigger):  # type: ignore[misc] # the library carries no types
    """Our own rule of what is due, in the library's shape."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        """After the previous time, never before it: a clock that is set back repeats nothing."""
        return due.next_after(self._schedule, previous or now)


class OwingExecutor(BaseExecutor):  # type: ignore[misc] # the library carries no types
    """Runs nothing: a time that has come is owed. How late that was is judged later, by the ledger's time."""

    def __init__(self, owed: Owed) -> None:
        super().__init__()
        self._owed = owed

    def _do_submit_job(self, job: Any, run_times: list[datetime]) -> None:
        self._owed.add(job.id, [at.astimezone(UTC) for at in run_times])
        self._run_job_success(job.id, [])
