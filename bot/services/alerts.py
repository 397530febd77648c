"""Looks at everything that can be wrong, tells people once, and keeps asking until somebody answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.core import alerts as life
from bot.core.alert_facts import Limits
from bot.core.alert_rules import DATABASE_RULES, QUEUE_STUCK, WORKER_GONE, of_database, of_house
from bot.core.alerts import Alert, Condition, Policy, QuietHours, Resolution, Step
from bot.core.ids import new_id
from bot.ledger import alert_facts
from bot.ledger import alerts as ledger
from bot.ledger.connection import LedgerConnection, LedgerPool, borrowed
from bot.services.alert_facts import Gatherer
from bot.services.alert_looks import Looker
from bot.services.alert_telling import AlertTeller
from bot.services.witnesses import STORAGE_AWAY
from bot.settings import Configuration

EVALUATED = "evaluated"
# Looks come every minute, or every five at most; when none came to its end for so long, we are not well.
LOOKED_WITHIN = timedelta(minutes=11)
# A message that nobody takes up for this long is delivered by the clock, where no worker can.
_UNDELIVERED_SECONDS = 30.0

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
        self.apply(self._look_at_ledger(now), now)
        if self._storage_is_due(now):
            self.apply(self._look_at_storage(now), now)
        with borrowed(self.pool) as connection:
            ledger.mark(connection, EVALUATED, now)

    def apply(self, seen: Seen, now: datetime) -> None:
        """Let every alert take the step that this look means for it, each in a transaction of its own."""
        policy = policy_of(self.configuration)
        with borrowed(self.pool) as connection:
            live = {alert.key: alert for alert in ledger.live(connection)}
            over = {alert.key: alert for alert in ledger.lately_resolved(connection, now - policy.hold)}
        found = {condition.key: condition for condition in seen.conditions}
        for key, alert in live.items():
            self._write(alert, self._next(alert, found.get(key), seen, now, policy), now)
        for key, condition in found.items():
            if key not in live:
                self._begin(over.get(key), condition, now, policy)

    def now(self) -> datetime:
        """The ledger's time: a machine whose clock is minutes off would miss workers that live."""
        with borrowed(self.pool) as connection:
            return ledger.now(connection)

    def nobody_delivers(self) -> bool:
        """Whether it is known that messages wait for a worker that does not come."""
        with borrowed(self.pool) as connection:
            return any(alert.key in (WORKER_GONE, QUEUE_STUCK) for alert in ledger.told(connection))

    def undelivered(self) -> list[str]:
        """The outbox ids of alerts' messages that wait for longer than they should."""
        with borrowed(self.pool) as connection:
            return ledger.undelivered(connection, _UNDELIVERED_SECONDS)

    def _storage_is_due(self, now: datetime) -> bool:
        """Now and then, and every time while it is known to be away."""
        with borrowed(self.pool) as connection:
            last = ledger.marks(connection).get(self.looker.mark)
            away = any(alert.rule == STORAGE_AWAY for alert in ledger.live(connection))
        return last is None or away or now - last >= timedelta(seconds=self.configuration.alerts.look_every)

    def _look_at_ledger(self, now: datetime) -> Seen:
        limits = limits_of(self.configuration)
        with borrowed(self.pool) as connection:
            databases = self.gatherer.databases(connection, now)
            house = alert_facts.house(connection)
        seen = Seen(of_house(house, now, limits), {(WORKER_GONE, None), (QUEUE_STUCK, None)})
        for facts in databases:
            seen.conditions += of_database(facts, now, limits)
            seen.looked |= {(rule, facts.name) for rule in DATABASE_RULES}
        return seen

    def _look_at_storage(self, now: datetime) -> Seen:
        conditions, looked = self.looker.look(now)
        return Seen(list(conditions), set(looked))

    def _next(
        self, alert: Alert, condition: Condition | None, seen: Seen, now: datetime, policy: Policy
    ) -> Step:
        """The step of an alert that is not over; one that this look says nothing about goes on as it was."""
        if alert.database is not None and alert.database not in self.configuration.databases:
            # Not at once: while a new configuration is rolled out, another clock may know the database.
            return life.without(alert, now, policy, Resolution.NOT_CONFIGURED)
        held = self._held(alert, now)
        if condition is None and (alert.rule, alert.database) not in seen.looked:
            return life.unseen(alert, now, policy, held=held)
        if seen.is_final:
            policy = replace(policy, hold=timedelta(0))
        return life.advance(alert, condition, now, policy, held=held)

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
    )


def limits_of(configuration: Configuration) -> Limits:
    """What counts as too much, as configured."""
    settings = configuration.alerts
    return Limits(settings.shrink, settings.slow, timedelta(seconds=settings.stuck_after))
