"""Looks at everything that can be wrong, tells people once, and keeps asking until somebody answers."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from bot.core import alerts as life
from bot.core.alert_facts import Limits
from bot.core.alert_rules import COULD_NOT_LOOK, could_not_look, of_database
from bot.core.alert_rules_house import AUDIT_BROKEN, QUEUE_STUCK, WORKER_GONE, of_house, stuck_key
from bot.core.alert_rules_runs import CHECK_FAILED
from bot.core.alerts import Alert, Condition, Policy, QuietHours, Resolution, Step
from bot.core.ids import new_id
from bot.errors import LedgerUnavailableError
from bot.ledger import alert_facts
from bot.ledger import alerts as ledger
from bot.ledger.connection import LedgerConnection, LedgerPool, borrowed
from bot.ledger.queue import FAST
from bot.services import silences
from bot.services.alert_facts import Gatherer
from bot.services.alert_looks import Looker
from bot.services.alert_telling import AlertTeller
from bot.services.witnesses import STORAGE_AWAY, WITNESS
from bot.settings import Configuration

EVALUATED = "evaluated"
# When no look came to its end for so long, we are not well.
LOOKED_WITHIN = silences.NOTICED_AFTER
# A message that nobody takes up for this long is delivered by the clock, where no worker can.
_UNDELIVERED_SECONDS = 30.0
# One backup that is not what it should be is one alert, whichever of them saw it first.
_TWINS = {WITNESS: CHECK_FAILED, CHECK_FAILED: WITNESS}

log = logging.getLogger(__name__)
HeldBack = Callable[[str, str, datetime], bool]


@dataclass
class Seen:
    """What one look found. `looked`: of which rules and databases an absence means something.

    `is_final`: an absence is the end at once, because the next look comes late and nothing can flap.
    """

    conditions: list[Condition] = field(default_factory=list)
    looked: set[tuple[str, str | None]] = field(default_factory=set)
    is_final: bool = False


@dataclass(frozen=True)
class Alerts:
    """`held_back(database, rule, now)`: an announced maintenance explains it; heeded for warnings."""

    pool: LedgerPool
    configuration: Configuration
    gatherer: Gatherer
    looker: Looker
    teller: AlertTeller
    held_back: HeldBack = lambda database, rule, now: False  # noqa: ARG005 - the seam's signature

    def evaluate(self, now: datetime | None = None) -> None:
        """One look at everything, and what follows from it. Any number of processes may do it at once.

        `now`: the ledger's time, where nothing is said.

        Raises:
            LedgerUnavailableError: the ledger is away; an outside watcher misses our heartbeat then.
        """
        now = now or self.now()
        with borrowed(self.pool) as connection:
            silences.note_look(connection, now)
        self.apply(self._look_at_ledger(now), now)
        if self._storage_is_due(now):
            self.apply(self._look_at_storage(now), now)
        with borrowed(self.pool) as connection:
            ledger.mark(connection, EVALUATED, now)

    def apply(self, seen: Seen, now: datetime) -> None:
        """Let every alert take the step that this look means for it, each in a transaction of its own.

        Raises:
            ExceptionGroup: some could not be written; the others were.
            LedgerUnavailableError: the ledger is away.
        """
        policy = policy_of(self.configuration)
        with borrowed(self.pool) as connection:
            live = {alert.key: alert for alert in ledger.live(connection)}
            over = {alert.key: alert for alert in ledger.lately_resolved(connection, now - policy.hold)}
        found = {condition.key: condition for condition in seen.conditions}
        steps = [
            partial(self._go_on, alert, found.get(key), seen, now, policy) for key, alert in live.items()
        ]
        steps += [
            partial(self._begin, over.get(key), condition, now, policy)
            for key, condition in found.items()
            if key not in live and _twin(condition) not in live
        ]
        if errors := [error for step in steps if (error := _error_of(step)) is not None]:
            raise ExceptionGroup("some alerts could not be written", errors)

    def now(self) -> datetime:
        """The ledger's time: a machine whose clock is minutes off would miss workers that live."""
        with borrowed(self.pool) as connection:
            return ledger.now(connection)

    def nobody_delivers(self) -> bool:
        """Whether it is known that messages wait for a worker that does not come."""
        with borrowed(self.pool) as connection:
            return any(alert.key in (WORKER_GONE, stuck_key(FAST)) for alert in ledger.told(connection))

    def undelivered(self) -> list[str]:
        """The outbox ids of alerts' messages that wait for longer than they should."""
        with borrowed(self.pool) as connection:
            return ledger.undelivered(connection, _UNDELIVERED_SECONDS)

    def _storage_is_due(self, now: datetime) -> bool:
        """Now and then, and every time while it is known to be away."""
        with borrowed(self.pool) as connection:
            last = ledger.marks_of(connection, [self.looker.mark]).get(self.looker.mark)
            away = any(alert.rule == STORAGE_AWAY for alert in ledger.live(connection))
        return last is None or away or now - last >= timedelta(seconds=self.configuration.alerts.look_every)

    def _look_at_ledger(self, now: datetime) -> Seen:
        limits = limits_of(self.configuration)
        with borrowed(self.pool) as connection:
            gathered = self.gatherer.gather(connection, now)
            house = alert_facts.house(connection)
        seen = Seen(of_house(house, now, limits), {(WORKER_GONE, None), (QUEUE_STUCK, None)})
        for facts in gathered.databases:
            look = of_database(facts, now, limits)
            seen.conditions += look.conditions
            seen.looked |= {(rule, facts.name) for rule in look.looked}
            for rule, error in look.failed.items():
                log.error("the rule %s could not look at %s", rule, facts.name, exc_info=error)
        for name, error in gathered.failed.items():
            log.error("could not look at %s", name, exc_info=error)
            seen.conditions.append(could_not_look(COULD_NOT_LOOK, name, "the ledger", error))
        return seen

    def _look_at_storage(self, now: datetime) -> Seen:
        conditions, looked = self.looker.look(now)
        return Seen(list(conditions), set(looked))

    def _go_on(
        self, alert: Alert, condition: Condition | None, seen: Seen, now: datetime, policy: Policy
    ) -> None:
        self._write(alert, self._next(alert, condition, seen, now, policy), now)

    def _next(
        self, alert: Alert, condition: Condition | None, seen: Seen, now: datetime, policy: Policy
    ) -> Step:
        """The step of an alert that is not over; one that this look says nothing about goes on as it was."""
        if self._is_nobodys(alert, condition):
            # Not at once: while a new configuration is rolled out, another clock may know it.
            return life.without(alert, now, policy, Resolution.NOT_CONFIGURED)
        held = self._held(alert, now)
        if condition is None and (alert.rule, alert.database) not in seen.looked:
            return life.unseen(alert, now, policy, held=held)
        if seen.is_final:
            policy = replace(policy, hold=timedelta(0))
        return life.advance(alert, condition, now, policy, held=held)

    def _is_nobodys(self, alert: Alert, condition: Condition | None) -> bool:
        """Whether the configuration wants nobody to look at it any more."""
        if alert.database is not None and alert.database not in self.configuration.databases:
            return True
        never = self.configuration.house.audit_check == "never"
        return alert.rule == AUDIT_BROKEN and never and condition is None

    def _begin(self, before: Alert | None, condition: Condition, now: datetime, policy: Policy) -> None:
        """A condition without an alert: one that was just over goes on, else a new one begins."""
        alert = before or life.first_seen(new_id(), condition, now)
        step = life.advance(alert, condition, now, policy, held=self._held(alert, now))
        self._write(alert, step, now, is_new=before is None)

    def _held(self, alert: Alert, now: datetime) -> bool:
        return alert.database is not None and self.held_back(alert.database, alert.rule, now)

    def _write(self, before: Alert, step: Step, now: datetime, *, is_new: bool = False) -> None:
        with borrowed(self.pool) as connection:
            if is_new and not ledger.insert(connection, before):
                return  # another clock was quicker
            keep(connection, self.teller, before, step, now)


def _twin(condition: Condition) -> str | None:
    """The key under which another rule tells of the same backup."""
    other = _TWINS.get(condition.rule)
    return f"{other}:{condition.key.partition(':')[2]}" if other else None


def _error_of(step: Callable[[], None]) -> Exception | None:
    """Take it; what stands in the way of one alert is no reason to leave out the others."""
    try:
        step()
    except LedgerUnavailableError:
        raise
    except Exception as error:  # noqa: BLE001 - raised by the caller, after the others
        return error
    return None


def keep(connection: LedgerConnection, teller: AlertTeller, before: Alert, step: Step, now: datetime) -> bool:
    """Write a step and tell of it. False, and nothing told, where somebody else was quicker."""
    after = step.alert
    if after is None:
        return ledger.forget(connection, before.id)
    if after != before and not ledger.save(connection, after, before.seq):
        return False
    if step.what is not None:
        teller.tell(connection, after, step.what, now)
    return True


def policy_of(configuration: Configuration) -> Policy:
    """How alerts go on, as configured."""
    settings = configuration.alerts
    quiet = settings.quiet_hours
    return Policy(
        timedelta(seconds=settings.remind_every),
        tuple(timedelta(seconds=seconds) for seconds in settings.escalate_after),
        timedelta(seconds=settings.hold),
        QuietHours(quiet.begin, quiet.end, quiet.time_zone) if quiet else None,
        timedelta(seconds=settings.remind_taker_every),
        timedelta(seconds=settings.taken_for),
    )


def limits_of(configuration: Configuration) -> Limits:
    """What counts as too much, as configured."""
    settings = configuration.alerts
    return Limits(settings.shrink, settings.slow, timedelta(seconds=settings.stuck_after))
