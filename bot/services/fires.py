"""Begins what a schedule's due time asks for, once, whichever worker comes to it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.core.firing import late_because
from bot.core.people import Actor, Role, Source
from bot.core.schedules import Due, Schedule
from bot.errors import LedgerUnavailableError, NotConfiguredHereError, SparewheelError
from bot.ledger import audit, installation
from bot.ledger import schedules as ledger
from bot.ledger.connection import LedgerConnection, LedgerPool, borrowed
from bot.ledger.queue import Queue
from bot.ledger.schedules import FireRecord, FireState
from bot.services.heartbeats import Beat
from bot.services.notifying import Notifier
from bot.services.outcomes import unforeseen

log = logging.getLogger(__name__)

TOPIC = "schedule"
DONE = "done"


@dataclass(frozen=True)
class Fire:
    """One due time of one schedule. What is done through `connection` is done once, with the fire itself."""

    schedule: Schedule
    due_at: datetime
    connection: LedgerConnection
    actor: Actor
    late: str | None = None  # why it comes after its time, in a few words

    @property
    def due(self) -> Due:
        """What runs keep of it."""
        return Due(self.schedule.key, self.due_at, self.late)


# Begins what is due and says what it was (`backup:ID`), or None where no name is needed.
Handler = Callable[[Fire], str | None]


@dataclass(frozen=True)
class Fires:
    """`schedules`: those configured here, by key; `handlers`: a schedule's kind -> what begins it."""

    pool: LedgerPool
    schedules: Mapping[str, Schedule]
    queue: Queue
    notifier: Notifier
    handlers: Mapping[str, Handler]
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def run(self, key: str, due_at: datetime, *, last_try: bool = True) -> None:
        """Begin it, or keep in the ledger and say why not. One that is settled already is left alone.

        Raises:
            LedgerUnavailableError: the ledger cannot be reached; another try may help.
            NotConfiguredHereError: this process does not know the schedule, and `last_try` is not set.
        """
        try:
            with borrowed(self.pool) as connection:
                fired = ledger.claim(connection, key, due_at)
                if fired is not None:
                    outcome = self._begin(connection, fired, last_try=last_try)
                    ledger.settle(connection, key, due_at, FireState.BEGUN, outcome)
        except (LedgerUnavailableError, NotConfiguredHereError):
            raise
        except SparewheelError as error:
            self._fail(key, due_at, error)
        except Exception as error:
            log.exception("schedule %s could not begin", key)
            self._fail(key, due_at, unforeseen(error))

    def _begin(self, connection: LedgerConnection, fired: FireRecord, *, last_try: bool) -> str:
        schedule = self.schedules.get(fired.schedule)
        if schedule is None or fired.kind not in self.handlers:
            raise _gone(fired.schedule) if last_try else _not_here(fired.schedule)
        late = late_because(fired.fire_time, fired.fired_at, self.clock(), fired.missed)
        actor = schedule_actor(connection, fired.schedule)
        outcome = self.handlers[fired.kind](Fire(schedule, fired.fire_time, connection, actor, late))
        return outcome or DONE

    def _fail(self, key: str, due_at: datetime, error: SparewheelError) -> None:
        """In a transaction of its own: what was begun is undone."""
        with borrowed(self.pool) as connection:
            if not ledger.settle(connection, key, due_at, FireState.FAILED, error.sentence):
                return
            actor = schedule_actor(connection, key)
            tell(self.notifier, connection, actor, key, due_at)
            schedule = self.schedules.get(key)
            if schedule and schedule.heartbeat_url_env:
                self.queue.ping(connection, key, Beat.FAIL.name)
            details = {"due_at": due_at.isoformat(), "rule": error.rule, "sentence": error.sentence}
            audit.record(connection, actor, "schedule.failed", f"schedule:{key}", details)


def schedule_actor(connection: LedgerConnection, key: str) -> Actor:
    """The schedule as somebody who asks."""
    found = installation.get(connection)
    return Actor(found.team if found else "local", key, Source.SCHEDULE, frozenset({Role.OPERATOR}))


def tell(notifier: Notifier, connection: LedgerConnection, actor: Actor, key: str, due_at: datetime) -> None:
    """Say in the operations channel what became of a due time that nothing came of."""
    subject = f"{key}@{due_at.isoformat()}"
    notifier.tell(connection, (TOPIC, subject), "verdict", team=actor.team, channel=None)


def _gone(key: str) -> SparewheelError:
    return SparewheelError(
        f"The schedule {key} is no longer in the configuration.",
        next_step="Nothing has to be done, if it was taken out on purpose.",
    )


def _not_here(key: str) -> NotConfiguredHereError:
    return NotConfiguredHereError(f"This worker's configuration does not hold the schedule {key}.")
