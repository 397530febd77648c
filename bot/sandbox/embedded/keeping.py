"""Starts a cluster again that ended by itself: a few times, then it is said instead."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.errors import SandboxError
from bot.sandbox.embedded.cluster import Cluster

_TIMES = 3
_WITHIN_SECONDS = 600.0


@dataclass
class Keeper:
    """Looks after one running cluster. `clock` gives seconds."""

    cluster: Cluster
    clock: Callable[[], float] = time.monotonic
    _ends: list[float] = field(default_factory=list)
    _again_at: float | None = None

    def look_after(self) -> str | None:
        """Notice an end, and start again after a pause that doubles; a sentence where there is one to say.

        Raises:
            SandboxError: it ended too often in ten minutes, or does not start any more.
        """
        if self.cluster.pid is not None:
            return None
        now = self.clock()
        if self._again_at is None:
            return self._ended(now)
        if now < self._again_at:
            return None
        self._again_at = None
        self.cluster.start_again()
        return f"the embedded {self.cluster.name} server runs again"

    def _ended(self, now: float) -> str:
        self._ends = [end for end in self._ends if now - end < _WITHIN_SECONDS] + [now]
        if len(self._ends) > _TIMES:
            raise SandboxError(
                f"The embedded {self.cluster.name} server ended {len(self._ends)} times within ten minutes.",
                next_step=f"Look at the end of {self.cluster.log}, then start again.",
            )
        pause = 2.0 ** (len(self._ends) - 1)
        self._again_at = now + pause
        return f"the embedded {self.cluster.name} server ended by itself; again in {pause:.0f} s"
