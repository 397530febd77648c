"""Gathers what the rules for alerts look at: the ledger's facts beside the configuration's limits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.core.alert_facts import DatabaseFacts, Planned, Stored
from bot.core.backup import Kind
from bot.core.schedules import Schedule
from bot.ledger import alert_facts as ledger
from bot.ledger import alerts, schedule_plans, schedules
from bot.ledger.connection import LedgerConnection
from bot.ledger.schedule_plans import Replanned
from bot.ledger.schedules import PauseRecord
from bot.services import due, silences
from bot.settings import Configuration

# A pause that ended longer ago than any grace no longer excuses a run that did not come.
_PAUSES_BACK = timedelta(days=40)


@dataclass(frozen=True)
class Gathered:
    """Each database's facts, and what stood in the way where there are none."""

    databases: Sequence[DatabaseFacts]
    failed: Mapping[str, Exception]


@dataclass
class Gatherer:
    """Asks everything once for all databases. Due times are remembered until the next one comes."""

    configuration: Configuration
    _due: dict[str, tuple[datetime | None, datetime]] = field(default_factory=dict)

    def gather(self, connection: LedgerConnection, now: datetime) -> Gathered:
        """Every configured database as it stands. One that cannot be made out keeps no other from it."""
        facts_of = self._facts_of(connection, now)
        found: list[DatabaseFacts] = []
        failed: dict[str, Exception] = {}
        for name in self.configuration.databases:
            try:
                found.append(facts_of(name))
            except Exception as error:  # noqa: BLE001 - told by the caller, of this database alone
                failed[name] = error
        return Gathered(found, failed)

    def _facts_of(self, connection: LedgerConnection, now: datetime) -> Callable[[str], DatabaseFacts]:
        """Asks for everything; what is answered makes one database's facts."""
        names = list(self.configuration.databases)
        elsewhere = self._elsewhere(connection)
        marks, pauses = self._marks(connection, now, elsewhere), self._pauses(connection, now)
        stored, failed = ledger.stored(connection, names), ledger.failed(connection, names)
        checked = ledger.checked(connection, names)
        tested, proved = ledger.tested(connection, names), ledger.proved(connection, names)
        rates, running = ledger.rates(connection, names), ledger.running(connection)

        def facts_of(name: str) -> DatabaseFacts:
            settings = self.configuration.databases[name]
            return DatabaseFacts(
                name,
                since=marks.get(since_mark(name), now),
                rpo=_span(settings.rpo),
                rto=_span(settings.rto),
                schedules=self._planned(name, marks, pauses, elsewhere, now),
                stored=stored.get(name, {}),
                checked=checked.get(name, ()),
                failed=failed.get(name, ()),
                tested=tested.get(name),
                proved_at=proved.get(name),
                recovery=_recovery(stored.get(name, {}), rates.get(name)),
                running=running.get(name, ()),
                silence=silences.last(marks),
            )

        return facts_of

    def _marks(
        self, connection: LedgerConnection, now: datetime, elsewhere: Collection[str]
    ) -> Mapping[str, datetime]:
        """Since when each database and schedule is known, and the last silence.

        What is new here is known from now on. A plan that no clock follows (yet) owes nothing.
        """
        planned = [schedule.key for schedule in self._configured()]
        names = [since_mark(key) for key in (*self.configuration.databases, *planned)]
        alerts.mark_once(connection, names, now)
        names += [silences.SILENT_SINCE, silences.SILENT_UNTIL]
        return alerts.marks_of(connection, names) | {since_mark(key): now for key in elsewhere}

    def _elsewhere(self, connection: LedgerConnection) -> frozenset[str]:
        """The schedules that are fired by another plan than the one that is configured here."""
        planned = {schedule.key: schedule.plan for schedule in self._configured()}
        ruling = schedule_plans.ruling(connection, list(planned))
        return frozenset(key for key, plan in planned.items() if ruling.get(key) not in (None, plan))

    def _configured(self) -> list[Schedule]:
        return [s for s in due.schedules(self.configuration) if s.database is not None]

    def _pauses(self, connection: LedgerConnection, now: datetime) -> Mapping[str, Sequence[PauseRecord]]:
        """Those that may excuse something, by schedule."""
        keys = [schedule.key for schedule in self._configured()]
        found: dict[str, list[PauseRecord]] = defaultdict(list)
        for pause in schedules.pauses(connection, keys, now - _PAUSES_BACK):
            found[pause.schedule].append(pause)
        return found

    def _planned(
        self,
        database: str,
        marks: Mapping[str, datetime],
        pauses: Mapping[str, Sequence[PauseRecord]],
        elsewhere: Collection[str],
        now: datetime,
    ) -> list[Planned]:
        """One database's schedules."""
        found = []
        for schedule in due.of_database(self.configuration, database):
            owed = self._owed(schedule, now)
            plan = Planned(
                schedule.name,
                schedule.kind,
                owed,
                marks[since_mark(schedule.key)],
                schedule.stale_after,
                paused=_is_excused(pauses.get(schedule.key, ()), owed, now),
                elsewhere=schedule.key in elsewhere,
            )
            found.append(plan)
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


def count_anew(connection: LedgerConnection, replanned: Sequence[Replanned]) -> None:
    """Nothing of these schedules was due before; but what is seen to be wrong is not over by that."""
    wrong = _wrong(connection) if replanned else frozenset()
    for each in replanned:
        database = each.schedule.partition("/")[0]
        hang_on_it = {f"stale:{each.schedule}", f"unproved:{each.schedule}", f"no-backup:{database}"}
        if not wrong & hang_on_it:
            alerts.mark(connection, since_mark(each.schedule), each.since)


def _wrong(connection: LedgerConnection) -> frozenset[str]:
    """The keys of what was still wrong at the last look."""
    return frozenset(alert.key for alert in alerts.live(connection) if alert.missing_since is None)


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
