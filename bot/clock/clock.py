"""A clock process: the scheduling library says when, the ledger decides which of the clocks says so."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import Any

from apscheduler.schedulers.background import BackgroundScheduler

from bot.clock.firing import Firing
from bot.clock.owed import DueTrigger, OwingExecutor
from bot.clock.ticks import Ticks
from bot.errors import SparewheelError

log = logging.getLogger(__name__)

_LOOK_SECONDS = 1.0
_CATCH_UP_SECONDS = 60.0


@dataclass(frozen=True)
class Clock:
    """Any number of them may run. Nothing is kept in one that the ledger does not hold."""

    firing: Firing
    ticks: Ticks
    catch_up_every: float = _CATCH_UP_SECONDS

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop. A ledger that is away is waited for; what was due meanwhile is owed."""
        # Before anything is looked at: what is planned otherwise now was not due at its old times.
        remembered = self._remember()
        self.ticks.start(stop)
        scheduler = self._scheduler()
        scheduler.start()
        try:
            self._keep_firing(stop, remembered=remembered)
        finally:
            scheduler.shutdown(wait=False)

    def _scheduler(self) -> Any:
        """The library with a store in memory: one shared by processes loses and doubles jobs (its FAQ)."""
        scheduler = BackgroundScheduler(timezone="UTC", daemon=True)
        scheduler.add_executor(OwingExecutor(self.firing.owed), "default")
        for key, schedule in self.firing.schedules.items():
            scheduler.add_job(
                _nothing,
                DueTrigger(schedule),
                id=key,
                # Lateness is judged where the fire is written; here nothing is left out and nothing merged.
                misfire_grace_time=None,
                coalesce=False,
                max_instances=len(self.firing.schedules) + 1000,
            )
        return scheduler

    def _remember(self) -> bool:
        try:
            self.firing.remember()
        except SparewheelError:
            return False  # said, and tried again, by _keep_firing
        return True

    def _keep_firing(self, stop: threading.Event, *, remembered: bool) -> None:
        next_look, well = 0.0, True
        while not stop.is_set():
            try:
                if not remembered:
                    self.firing.remember()
                    remembered = True
                if time.monotonic() >= next_look:
                    self.firing.catch_up()
                    next_look = time.monotonic() + self.catch_up_every
                self.firing.fire(stop)
                well = True
            except SparewheelError as error:
                if well:
                    log.warning("%s What is due is owed until it can.", error.sentence)
                well = False
            except Exception:
                log.exception("the clock could not fire; it tries again")
            self.firing.owed.changed.wait(_LOOK_SECONDS)
            self.firing.owed.changed.clear()


def _nothing() -> None:
    """What the library believes to run; the executor never does."""
