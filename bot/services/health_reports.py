"""The health report: made from the ledger and a look at the storage, on demand or when it is due."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bot.core.people import Action, Actor
from bot.core.reply import Attachment, Showing
from bot.core.units import duration_text
from bot.ledger import alerts, approvals, health
from bot.ledger.connection import LedgerConnection, LedgerPool, borrowed
from bot.services import due, picture
from bot.services.access import Gate
from bot.services.alerts import EVALUATED, LOOKED_WITHIN
from bot.services.doubting import Doubting
from bot.services.fires import Fire
from bot.services.glance import glance
from bot.services.health import FIGURES_AT_ONCE, standing
from bot.services.notifying import Notifier
from bot.services.report_views import HealthReport, Part
from bot.services.sources import Sources

TOPIC = "report"
_SUMMARY, _DETAILS = "opened", "details"
_ROUNDS = 3


@dataclass(frozen=True)
class HealthReports:
    """Makes reports. `clock` tells the time, UTC."""

    pool: LedgerPool
    sources: Sources
    doubting: Doubting
    notifier: Notifier
    gate: Gate
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def on_demand(self, actor: Actor, database: str | None = None) -> HealthReport:
        """The whole report for somebody who asks.

        Raises:
            NotAllowedError, NotFoundError: the role does not reach; no such database.
        """
        self.gate.admit(actor, Action.SEE, {"verb": "report"})
        if database:
            self.sources.settings(database)
        return self.health(database)

    def health(self, database: str | None = None, part: Part = Part.WHOLE) -> HealthReport:
        """How everything stands, or one configured database.

        Raises:
            LedgerUnavailableError: nothing is known without it.
        """
        now = self.clock()
        report = self._from_ledger(database, now)
        seen = glance(self.doubting, report.databases)
        for _ in range(_ROUNDS):
            if not seen.changed:
                break
            # What is gone does not count; is what counts now there?
            report = self._from_ledger(database, now)
            seen = glance(self.doubting, report.databases)
        return replace(report, part=part, not_seen=[*report.not_seen, *seen.not_seen])

    def picture(self, database: str | None = None) -> Attachment | None:
        """The last weeks of the databases that need a look first; None where there is nothing to draw."""
        now = self.clock()
        with borrowed(self.pool) as connection:
            names = [database] if database else self._worst_first(connection, now)
            drawn = picture.charts(connection, self.sources, names, now)
        return picture.picture(drawn, now)

    def post(self, fire: Fire) -> str | None:
        """Leave the report of a due time for delivery: a message, and its thread."""
        subject = f"{fire.due_at.astimezone(UTC):%Y-%m-%dT%H:%MZ}"
        channel = self.sources.configuration.report.channel
        for stage in (_SUMMARY, _DETAILS):
            self.notifier.tell(
                fire.connection, (TOPIC, subject), stage, team=fire.actor.team, channel=channel
            )
        return f"{TOPIC}:{subject}"

    def showing(self, subject: str, stage: str) -> Showing | None:
        """What is posted, as things are at the moment of delivery; None once the next report is due."""
        if self._is_outdated(subject):
            return None
        if stage != _DETAILS:
            return Showing(self.health(part=Part.SUMMARY))
        drawn = self.picture() if self.sources.configuration.report.picture else None
        return Showing(self.health(part=Part.DETAILS), where="thread", attach=drawn)

    def _from_ledger(self, database: str | None, now: datetime) -> HealthReport:
        with borrowed(self.pool) as connection:
            return self._read(connection, database, now)

    def _read(self, connection: LedgerConnection, database: str | None, now: datetime) -> HealthReport:
        names = (database,) if database else self.sources.names()
        few = len(names) <= FIGURES_AT_ONCE
        found = standing(connection, self.sources, names, now)
        known = set(self.sources.names())
        return HealthReport(
            found,
            now,
            asked_for=database,
            alerts=[]
            if database
            else [a for a in alerts.told(connection) if not few or a.database not in known],
            pending=[] if database else approvals.pending(connection),
            removed=[] if database else [n for n in health.databases(connection) if n not in known],
            not_seen=[*_not_looked(connection, now), *([] if few else [_too_many(len(names))])],
        )

    def _worst_first(self, connection: LedgerConnection, now: datetime) -> list[str]:
        names = self.sources.names()
        if len(names) <= picture.AT_ONCE:
            return list(names)
        return [s.database for s in standing(connection, self.sources, names, now, figures=False)]

    def _is_outdated(self, subject: str) -> bool:
        schedule = due.find(self.sources.configuration, f"house/{TOPIC}")
        last = due.last_due(schedule, self.clock()) if schedule else None
        return last is not None and f"{last:%Y-%m-%dT%H:%MZ}" > subject


def _not_looked(connection: LedgerConnection, now: datetime) -> Iterator[str]:
    """Alerts that nobody looks for any more are not a sign that all is well."""
    looked = alerts.marks_of(connection, [EVALUATED]).get(EVALUATED)
    if looked is not None and now - looked > LOOKED_WITHIN:
        ago = duration_text((now - looked).total_seconds())
        yield f"Nothing was looked at for alerts for {ago}: look into the clock's log for why."


def _too_many(databases: int) -> str:
    return (
        f"What was measured over time is not worked out for {databases} databases at a time; "
        "`/backup report` with a name does it for one."
    )
