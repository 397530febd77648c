"""What people are told of an alert: one message that is redrawn, its history in the thread."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.core.alerts import Alert, AlertEvent, What
from bot.core.people import Actor, Source
from bot.core.reply import Showing
from bot.errors import NotFoundError
from bot.ledger import alerts as ledger
from bot.ledger import audit
from bot.ledger.connection import LedgerConnection, LedgerPool, borrowed
from bot.services.alert_views import AlertLine, AlertMessage
from bot.services.notifying import Notifier

TOPIC = "alert"
CLOCK = Actor(team="local", user="clock", source=Source.SCHEDULE)


@dataclass(frozen=True)
class AlertTeller:
    """`channel` is the alerts channel; without one the operations channel hears of alerts.

    `taken_for`: how long whoever takes an alert has it.
    """

    pool: LedgerPool
    notifier: Notifier
    channel: str | None
    taken_for: timedelta | None = None

    def tell(
        self, connection: LedgerConnection, alert: Alert, what: What, now: datetime, by: Actor | None = None
    ) -> None:
        """Keep one step of an alert's life, and post it, in the caller's transaction."""
        event = AlertEvent(
            alert.seq,
            now,
            what,
            alert.level,
            alert.sentence,
            by.user if by else None,
            by.source.value if by else None,
        )
        ledger.add_event(connection, alert.id, event)
        if what is What.OPENED:
            self._post(connection, alert, "opened")
        else:
            self._post(connection, alert, f"change:{alert.seq}")
            self._post(connection, alert, f"history:{alert.seq}")
        details = {"key": alert.key, "severity": alert.severity.value, "level": alert.level}
        audit.record(connection, by or CLOCK, f"alert.{what.value}", f"alert:{alert.id}", details)

    def showing(self, subject: str, stage: str) -> Showing | None:
        """What a row of the outbox shows now; None where there is nothing to show any more."""
        try:
            with borrowed(self.pool) as connection:
                alert = ledger.get(connection, subject)
                events = ledger.events(connection, subject)
        except NotFoundError:
            return None
        kind, _, number = stage.partition(":")
        if kind != "history":
            return Showing(AlertMessage(alert, datetime.now(UTC)))
        event = next((e for e in events if str(e.seq) == number), None)
        return None if event is None else Showing(AlertLine(alert, event, self.taken_for), where="thread")

    def _post(self, connection: LedgerConnection, alert: Alert, stage: str) -> None:
        self.notifier.tell(connection, (TOPIC, alert.id), stage, team=CLOCK.team, channel=self.channel)
