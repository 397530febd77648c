"""What is looked at every minute, by one clock at a time, each thing in a thread of its own."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.errors import SparewheelError
from bot.ledger import schedules as ledger
from bot.ledger.connection import LedgerPool, borrowed

log = logging.getLogger(__name__)

Tick = Callable[[], None]
EVERY_SECONDS = 60.0


@dataclass(frozen=True)
class Ticks:
    """Runs each tick every minute until told to stop. One that fails, or hangs, holds up no other."""

    pool: LedgerPool
    ticks: Mapping[str, Tick]
    every_seconds: float = EVERY_SECONDS

    def start(self, stop: threading.Event) -> None:
        """Begin; the threads end with `stop`, or with the process."""
        for name in self.ticks:
            threading.Thread(target=self._keep_ticking, args=(name, stop), daemon=True, name=name).start()

    def run(self, name: str) -> bool:
        """Run one tick now, unless another clock is at it; returns whether it was run. Never raises."""
        try:
            with borrowed(self.pool) as connection:
                if not ledger.try_lock(connection, _number(name)):
                    return False
                self.ticks[name]()
        except SparewheelError as error:
            log.warning("%s: %s", name, error.sentence)
        except Exception:
            log.exception("the tick %s failed", name)
        return True

    def _keep_ticking(self, name: str, stop: threading.Event) -> None:
        while not stop.is_set():
            self.run(name)
            stop.wait(self.every_seconds)


def _number(name: str) -> int:
    """The lock's number, the same in every process and version."""
    digest = hashlib.sha256(f"sparewheel tick {name}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
