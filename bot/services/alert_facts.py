"""Gathers what the rules for alerts look at: the ledger's facts beside the configuration's limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.core.alert_facts import DatabaseFacts, Planned, Stored
from bot.core.backup import Kind
from bot.core.schedules import Schedule
from bot.ledger import alert_facts as ledger
from bot.ledger import alerts, schedules
from bot.ledger.connection import LedgerConnection
from bot.ledger.schedules import PauseRecord
from bot.services import due
from bot.settings import Configuration

# A pause that ended longer ago than any grace no longer excuses a run that did not come.
_PAUSES_BACK = timedelta(days=40)


@dataclass
class Gatherer:
    """Asks everything once for all databases. Due times are remembered until the next one comes."""

    configuration: Configuration
    _due: dict[str, tuple[datetime | None, datetime]] = field(default_factory=dict)

    def databases(self, connection: LedgerConnection, now: datetime) -> list[DatabaseFacts]:
        """Every configured database as it stands."""
        names = list(self.configuration.databases)
        since = self._since(connection, now)
        plans = self._plans(connection, since, now)
        stored, failed = ledger.stored(connection, names), ledger.failed(connection, names)
        tested, proved = ledger.tested(connection, names), ledger.proved(connection, names)
        rates, running = ledger.rates(connection, names), ledger.running(connection)
        return [
            DatabaseFacts(
                name,
                since=since.get(since_mark(name), now),
                rpo=_span(settings.rpo),
                rto=_span(settings.rto),
                schedules=plans.get(name, ()),
                stored=stored.get(name, {}),
                failed=failed.get(name, ()),
                tested=tested.get(name),
                proved_at=proved.get(name),
                recovery=_recovery(stored.get(name, {}), rates.get(name)),
                running=running.get(name, ()),
            )
            for name, settings in self.configuration.databases.items()
        ]

    def _since(self, connection: LedgerConnection, now: datetime) -> Mapping[str, datetime]:
        """Since when each database and schedule is known. What is new here is known from now on."""
        keys = (*self.configuration.databases, *(schedule.key for schedule in self._configured()))
        alerts.mark_once(connection, [since_mark(key) for key in keys], now)
        return alerts.marks(connection)

    def _configured(self) -> list[Schedule]:
        return [s for s in due.schedules(self.configuration) if s.database is not None]

    def _plans(
        self, connection: LedgerConnection, since: Mapping[str, datetime], now: datetime
    ) -> dict[str, list[Planned]]:
        """Each database's schedules."""
        configured = self._configured()
        pauses = schedules.pauses(connection, [s.key for s in configured], now - _PAUSES_BACK)
        found: dict[str, list[Planned]] = {}
        for schedule in configured:
            owed = self._owed(schedule, now)
            plan = Planned(
                schedule.name,
                schedule.kind,
                owed,
                since[since_mark(schedule.key)],
                schedule.stale_after,
                paused=_is_excused([p for p in pauses if p.schedule == schedule.key], owed, now),
            )
            found.setdefault(schedule.database or "", []).append(plan)
        return found

    def _owed(self, schedule: Schedule, now: datetime) -> datetime | None:
        """The newest due time whose grace is over."""
        at = now - schedule.grace
        known = self._due.get(schedule.key)
        if known is None or not (known[0] or at) <= at < known[1]:
            known = due.last_due(schedule, at), due.next_after(schedule, at)
            self._due[schedule.key] = known
        return known[0]


def since_mark(key: str) -> str:
    """The name under which the ledger keeps since when a database or a schedule is known here."""
    return f"since:{key}"


def _is_excused(pauses: Sequence[PauseRecord], owed: datetime | None, now: datetime) -> bool:
    """Whether it is paused, or was when that was due."""
    return any(pause.covers(at) for pause in pauses for at in (now, owed) if at is not None)


def _recovery(stored: Mapping[Kind, Sequence[Stored]], seconds_a_byte: float | None) -> timedelta | None:
    """Today's size at measured rates; None where nothing was measured, or there is nothing to restore."""
    newest = next(iter(stored.get(Kind.FULL, ())), None)
    if newest is None or seconds_a_byte is None:
        return None
    return timedelta(seconds=newest.size_bytes * seconds_a_byte)


def _span(seconds: float | None) -> timedelta | None:
    return timedelta(seconds=seconds) if seconds else None
