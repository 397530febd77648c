"""What people ask of alerts: what is open, one with its history, and that they look after it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from bot.core import alerts as life
from bot.core.alerts import Alert, State
from bot.core.ids import ID_LENGTH
from bot.core.people import Action, Actor
from bot.errors import UserError
from bot.ledger import alerts as ledger
from bot.ledger.connection import LedgerConnection, LedgerPool, borrowed
from bot.services.access import Gate
from bot.services.alert_telling import AlertTeller
from bot.services.alert_views import AlertDetails, AlertList, AlertTaken
from bot.services.by_id import the_one

_SEE_OPEN = "Type `/alerts` to see what is open."
_LATELY = timedelta(hours=24)
_LATELY_SHOWN = 10
# Somebody else may be quicker once; twice in the same instant means that it is over.
_TRIES = 3


@dataclass(frozen=True)
class AlertDesk:
    """The use cases behind `/alerts`, the same for Slack and the command line."""

    pool: LedgerPool
    gate: Gate
    teller: AlertTeller

    def open_alerts(self, database: str | None = None) -> list[Alert]:
        """What people were told of and is not over, critical ones first."""
        with borrowed(self.pool) as connection:
            return ledger.told(connection, database)

    def listing(self, actor: Actor, database: str | None = None) -> AlertList:
        """What is open, and what was over in the last day.

        Raises:
            NotAllowedError: no role allows it.
        """
        self.gate.admit(actor, Action.SEE, {"verb": "alerts"})
        now = datetime.now(UTC)
        with borrowed(self.pool) as connection:
            over = ledger.resolved_since(connection, now - _LATELY, _LATELY_SHOWN)
            found = ledger.told(connection, database)
        return AlertList(found, [a for a in over if database in (None, a.database)], now)

    def show(self, actor: Actor, text: str) -> AlertDetails:
        """One alert with its history.

        Raises:
            NotAllowedError, NotFoundError, UserError: see acknowledge().
        """
        self.gate.admit(actor, Action.SEE, {"verb": "alert"})
        with borrowed(self.pool) as connection:
            alert = _find(connection, text)
            return AlertDetails(alert, ledger.events(connection, alert.id), datetime.now(UTC))

    def acknowledge(self, actor: Actor, text: str, now: datetime | None = None) -> AlertTaken:
        """Say that this person looks after it: nobody else is called, and reminders end.

        Raises:
            NotAllowedError: no role allows it.
            NotFoundError: there is no such alert.
            UserError: the text is no id, begins several, or the alert is over.
        """
        self.gate.admit(actor, Action.ACKNOWLEDGE, {"alert": text[:ID_LENGTH]})
        now = now or datetime.now(UTC)
        for _ in range(_TRIES):
            with borrowed(self.pool) as connection:
                alert = _find(connection, text)
                if alert.state is State.RESOLVED:
                    raise UserError(f"Alert {alert.id} is over already.", next_step=_SEE_OPEN)
                step = life.acknowledge(alert, actor, now)
                if step.alert is None or step.what is None:
                    return AlertTaken(alert, False, now, self.teller.taken_for)
                if ledger.save(connection, step.alert, alert.seq):
                    self.teller.tell(connection, step.alert, step.what, now, actor)
                    return AlertTaken(step.alert, True, now, self.teller.taken_for)
        raise UserError(f"Alert {text} changed at the same moment.", next_step="Look at it and try again.")


def _find(connection: LedgerConnection, text: str) -> Alert:
    """The alert that an id or the beginning of one means."""
    return the_one(text, partial(ledger.find_by_prefix, connection), noun="alert", next_step=_SEE_OPEN)
