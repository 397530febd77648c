"""Owed times become rows and jobs, in one transaction; of any number of clocks one succeeds."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from bot.clock.owed import Owed
from bot.core.firing import PUNCTUAL, Decision, Verdict, decide
from bot.core.schedules import CatchUp, Schedule
from bot.ledger import schedule_plans
from bot.ledger import schedules as ledger
from bot.ledger.connection import LedgerConnection, LedgerPool, borrowed
from bot.ledger.queue import Queue
from bot.ledger.schedule_plans import Doubted, Outdated, Replanned
from bot.ledger.schedules import FireState, PauseRecord, WantedFire
from bot.services import due
from bot.services.alert_facts import count_anew
from bot.services.fires import schedule_actor, tell
from bot.services.notifying import Notifier

log = logging.getLogger(__name__)

# Of times missed by a schedule that comes every minute, no more are counted (or made up for) at a time.
_COUNTED = 1000
_AT_ONCE = 50


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
        """Have the ledger know every schedule as it is planned here: from now on its times count.

        Raises:
            LedgerUnavailableError: as everywhere here; nothing is lost by trying again.
        """
        with borrowed(self.pool) as connection:
            doubted = schedule_plans.doubted(connection, self._plans())
            schedule_plans.trust(connection, [each.schedule for each in doubted if self._was_down(each)])
            for outdated in schedule_plans.outdated(connection, self._plans()):
                self._pass_on(connection, outdated)
            replanned = schedule_plans.begin(connection, self._plans())
            count_anew(connection, replanned)
        for each in replanned:
            log.warning("schedule %s", _said(each))

    def hold(self) -> None:
        """Say which plans are followed here; what a clock of other plans left is followed from now on.

        Raises:
            LedgerUnavailableError: see remember().
        """
        with borrowed(self.pool) as connection:
            replanned = schedule_plans.hold(connection, self._plans())
            count_anew(connection, replanned)
        for each in replanned:
            log.warning("schedule %s, which no clock follows any more", _said(each))

    def catch_up(self) -> None:
        """Owe what the ledger lacks, whether no clock ran, this one slept, or the machine's time was set."""
        self.hold()
        with borrowed(self.pool) as connection:
            standing = ledger.standing(connection, list(self.schedules))
        if standing.now is None:
            return
        for key, since in standing.since.items():
            # Where another clock's plan rules, nothing is owed here: the ledger would not take it.
            ours = standing.plans[key] == self.schedules[key].plan
            if ours and self._due_after(key, since) <= standing.now:
                self.owed.add(key, _missing(self.schedules[key], since, standing.now))

    def fire(self, stop: threading.Event | None = None) -> int:
        """Write what is owed and due, until `stop`; returns how many times were fired by this clock."""
        waiting = self.owed.now()
        if not waiting:
            return 0
        planned = self._plan(waiting)
        random.shuffle(planned)  # clocks that begin at one instant then seldom meet at one row
        single = [each for each in planned if each.fires_once]
        steps = [self._write_many(some) for some in _parts(single)]
        steps += [self._write(each) for each in planned if not each.fires_once]
        return sum(step() for step in steps if stop is None or not stop.is_set())

    def _plan(self, waiting: Mapping[str, frozenset[datetime]]) -> list[_Planned]:
        """What to write for each schedule, by the ledger's time and its own memory."""
        with borrowed(self.pool) as connection:
            standing = ledger.standing(connection, list(waiting))
            earliest = min(min(times) for times in waiting.values())
            pauses = _by_schedule(ledger.pauses(connection, list(waiting), earliest))
        return [
            _planned(self.schedules[key], waiting[key], since, standing.now, pauses.get(key, ()))
            for key, since in standing.since.items()
            if standing.now is not None
        ]

    def _pass_on(self, connection: LedgerConnection, outdated: Outdated) -> None:
        """What both plans wanted is not forgotten: what just came is fired, what is late is told."""
        schedule = self.schedules[outdated.schedule]
        wanted = _wanted_by_both(schedule, outdated)
        pauses = ledger.pauses(connection, [schedule.key], outdated.since) if wanted else ()
        decisions = decide(
            wanted,
            policy=CatchUp.NONE,
            now=outdated.now,
            is_paused=lambda at: any(pause.covers(at) for pause in pauses),
        )
        for decision in decisions:
            self._put(connection, schedule, decision, plan=outdated.before)

    def _was_down(self, doubted: Doubted) -> bool:
        """Whether a time went by before another clock looked: down already, it was not taken out by that."""
        return self._due_after(doubted.schedule, doubted.since) <= doubted.at - PUNCTUAL

    def _plans(self) -> dict[str, str]:
        return {key: schedule.plan for key, schedule in self.schedules.items()}

    def _write_many(self, planned: Sequence[_Planned]) -> Callable[[], int]:
        """One time each of many schedules in one transaction; with one each it takes eight times as long."""

        def step() -> int:
            with borrowed(self.pool) as connection:
                done = ledger.fire_many(connection, [each.wanted() for each in planned])
                self.queue.fires(connection, done.fired)
            for each in planned:
                if each.schedule.key in done.looked_at:
                    self.owed.settle(each.schedule.key, each.seen)
            return len(done.fired)

        return step

    def _write(self, planned: _Planned) -> Callable[[], int]:
        """Several times of one schedule, or one that is passed over: in their order, a transaction each."""

        def step() -> int:
            fired = sum(self.write(planned.schedule, decision) for decision in planned.decisions)
            self.owed.settle(planned.schedule.key, planned.seen)
            return fired

        return step

    def write(self, schedule: Schedule, decision: Decision) -> bool:
        """One row and what goes with it. False: nothing was fired, or another clock had done so."""
        with borrowed(self.pool) as connection:
            return self._put(connection, schedule, decision, schedule.plan)

    def _put(self, connection: LedgerConnection, schedule: Schedule, decision: Decision, plan: str) -> bool:
        written = ledger.fire(
            connection,
            schedule.key,
            decision.at,
            kind=schedule.kind,
            plan=plan,
            local_time=due.wall_time(schedule, decision.at),
            missed=decision.missed,
            state=FireState(decision.verdict),
        )
        if written and decision.verdict is Verdict.FIRE:
            self.queue.fires(connection, [(schedule.key, decision.at)])
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


@dataclass(frozen=True)
class _Planned:
    """What is to be written for one schedule; `seen` are the owed times that are dealt with by it."""

    schedule: Schedule
    decisions: Sequence[Decision]
    seen: Collection[datetime]

    @property
    def fires_once(self) -> bool:
        return len(self.decisions) == 1 and self.decisions[0].verdict is Verdict.FIRE

    def wanted(self) -> WantedFire:
        """Its only time, for the ledger."""
        (one,) = self.decisions
        local = due.wall_time(self.schedule, one.at)
        return WantedFire(
            self.schedule.key, self.schedule.plan, one.at, self.schedule.kind, local, one.missed
        )


def _planned(
    schedule: Schedule,
    times: Collection[datetime],
    since: datetime,
    now: datetime,
    pauses: Sequence[PauseRecord],
) -> _Planned:
    decisions = decide(
        [at for at in times if at > since],
        policy=schedule.catch_up,
        now=now,
        is_paused=lambda at: any(pause.covers(at) for pause in pauses),
    )
    return _Planned(schedule, decisions, [at for at in times if at <= now])


def _parts(planned: Sequence[_Planned]) -> list[Sequence[_Planned]]:
    return [planned[at : at + _AT_ONCE] for at in range(0, len(planned), _AT_ONCE)]


def _missing(schedule: Schedule, since: datetime, now: datetime) -> list[datetime]:
    """The times since then; after very many the newest stands for those that are not counted."""
    times = list(islice(due.between(schedule, since, now), _COUNTED))
    newest = due.last_due(schedule, now)
    if len(times) == _COUNTED and newest and schedule.catch_up is not CatchUp.ALL:
        times.append(newest)
    return times


def _wanted_by_both(schedule: Schedule, outdated: Outdated) -> set[datetime]:
    """The times that this schedule and its plan before (see Schedule.plan) have in common."""
    cron, _, zone = outdated.before.rpartition(" ")
    schedule = replace(schedule, catch_up=CatchUp.NEWEST)  # of very many the newest is among them
    try:
        before = set(_missing(replace(schedule, cron=cron, zone=zone), outdated.since, outdated.now))
    except Exception:
        log.warning("the plan %r of %s cannot be read here", outdated.before, schedule.key, exc_info=True)
        return set()
    return before.intersection(_missing(schedule, outdated.since, outdated.now)) if before else before


def _said(each: Replanned) -> str:
    was = "is back in the configuration" if each.before == each.now else f"was planned as {each.before!r}"
    return f"{each.schedule} {was}; {each.now!r} counts from {each.since:%Y-%m-%d %H:%M:%S} UTC on"


def _by_schedule(pauses: Sequence[PauseRecord]) -> dict[str, list[PauseRecord]]:
    found: dict[str, list[PauseRecord]] = {}
    for pause in pauses:
        found.setdefault(pause.schedule, []).append(pause)
    return found
