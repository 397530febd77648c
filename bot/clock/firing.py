"""Owed times become rows and jobs, one transaction each; of any number of clocks one succeeds."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from bot.clock.owed import Owed
from bot.core.firing import Decision, Verdict, decide
from bot.core.schedules import CatchUp, Schedule
from bot.ledger import schedules as ledger
from bot.ledger.connection import LedgerPool, borrowed
from bot.ledger.queue import Queue
from bot.ledger.schedules import FireState, PauseRecord, Standing
from bot.services import due
from bot.services.fires import schedule_actor, tell
from bot.services.notifying import Notifier

# Of times missed by a schedule that comes every minute, no more are counted (or made up for) at a time.
_COUNTED = 1000


@dataclass(frozen=True)
class Firing:
    """Writes down what is due. The ledger's clock decides what is, so that machines may disagree."""

    pool: LedgerPool
    queue: Queue
    notifier: Notifier
    schedules: Mapping[str, Schedule]
    owed: Owed
    _next: dict[str, tuple[datetime, datetime]]

    @classmethod
    def of(cls, pool: LedgerPool, queue: Queue, notifier: Notifier, schedules: Sequence[Schedule]) -> Firing:
        """With nothing owed yet."""
        return cls(pool, queue, notifier, {each.key: each for each in schedules}, Owed(), {})

    def remember(self) -> None:
        """Have the ledger know every schedule: from now on its times count.

        Raises:
            LedgerUnavailableError: as everywhere here; nothing is lost by trying again.
        """
        with borrowed(self.pool) as connection:
            ledger.remember(connection, self.schedules)

    def catch_up(self) -> None:
        """Owe what the ledger lacks, whether no clock ran, this one slept, or the machine's time was set."""
        with borrowed(self.pool) as connection:
            standing = ledger.standing(connection, list(self.schedules))
        if standing.now is None:
            return
        for key, since in standing.since.items():
            if self._due_after(key, since) <= standing.now:
                self.owed.add(key, _missing(self.schedules[key], since, standing.now))

    def fire(self) -> int:
        """Write what is owed and due; returns how many times were fired by this clock."""
        waiting = self.owed.now()
        if not waiting:
            return 0
        with borrowed(self.pool) as connection:
            standing = ledger.standing(connection, list(waiting))
            earliest = min(min(times) for times in waiting.values())
            pauses = _by_schedule(ledger.pauses(connection, list(waiting), earliest))
        keys = list(waiting)
        random.shuffle(keys)  # clocks that begin at one instant then seldom meet at one row
        return sum(self._fire(key, waiting[key], standing, pauses.get(key, ())) for key in keys)

    def _fire(
        self, key: str, times: Collection[datetime], standing: Standing, pauses: Sequence[PauseRecord]
    ) -> int:
        schedule, since = self.schedules[key], standing.since.get(key)
        if since is None or standing.now is None:
            return 0  # the ledger does not know it yet
        decisions = decide(
            [at for at in times if at > since],
            policy=schedule.catch_up,
            now=standing.now,
            is_paused=lambda at: any(pause.covers(at) for pause in pauses),
        )
        fired = sum(self._write(schedule, decision) for decision in decisions)
        self.owed.settle(key, [at for at in times if at <= standing.now])
        return fired

    def _write(self, schedule: Schedule, decision: Decision) -> bool:
        with borrowed(self.pool) as connection:
            written = ledger.fire(
                connection,
                schedule.key,
                decision.at,
                kind=schedule.kind,
                local_time=due.wall_time(schedule, decision.at),
                missed=decision.missed,
                state=FireState(decision.verdict),
            )
            if written and decision.verdict is Verdict.FIRE:
                self.queue.fire(connection, schedule.key, decision.at)
            elif written and decision.verdict is Verdict.MISSED:
                actor = schedule_actor(connection, schedule.key)
                tell(self.notifier, connection, actor, schedule.key, decision.at)
        return written and decision.verdict is Verdict.FIRE

    def _due_after(self, key: str, since: datetime) -> datetime:
        """Computed once for each `since`: thousands of schedules are asked for every minute."""
        known = self._next.get(key)
        if known is None or known[0] != since:
            known = self._next[key] = (since, due.next_after(self.schedules[key], since))
        return known[1]


def _missing(schedule: Schedule, since: datetime, now: datetime) -> list[datetime]:
    """The times since then; after very many the newest stands for those that are not counted."""
    times = list(islice(due.between(schedule, since, now), _COUNTED))
    newest = due.last_due(schedule, now)
    if len(times) == _COUNTED and newest and schedule.catch_up is not CatchUp.ALL:
        times.append(newest)
    return times


def _by_schedule(pauses: Sequence[PauseRecord]) -> dict[str, list[PauseRecord]]:
    found: dict[str, list[PauseRecord]] = {}
    for pause in pauses:
        found.setdefault(pause.schedule, []).append(pause)
    return found
