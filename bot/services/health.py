"""How databases stand: their newest backups against their limits, asked once for however many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.core.alert_facts import CLOCKS_APART
from bot.core.backup import BackupRecord, Doubt, Kind
from bot.core.schedules import Schedule
from bot.ledger import alert_facts, doubts, health
from bot.ledger import alerts as alerts_ledger
from bot.ledger import backups as ledger
from bot.ledger.alert_facts import Rates
from bot.ledger.connection import LedgerConnection
from bot.services import due
from bot.services.alert_facts import since_mark
from bot.services.due_memory import last_due
from bot.services.figures import facts as over_time
from bot.services.sources import Sources
from bot.services.views import DatabaseStatus, KindStatus, Recovery

# The figures of more databases than these fit no message, and are not worked out for one.
FIGURES_AT_ONCE = 20
_KINDS = (Kind.FULL, Kind.CRITICAL, Kind.SCHEMA)


@dataclass(frozen=True)
class _Known:
    """What the ledger says of several databases, each thing by database; each question is asked once."""

    newest: Mapping[str, Mapping[Kind, BackupRecord]]
    doubted: Mapping[str, Sequence[BackupRecord]]
    unfinished: Sequence[BackupRecord]
    failures: Mapping[str, BackupRecord]
    usual_sizes: Mapping[str, int]
    proved: Mapping[str, datetime | None]
    lost_proofs: Mapping[str, Doubt]
    rates: Mapping[str, Rates]
    marks: Mapping[str, datetime]


def standing(
    connection: LedgerConnection,
    sources: Sources,
    names: Sequence[str],
    now: datetime,
    *,
    figures: bool = True,
) -> list[DatabaseStatus]:
    """Configured databases as the ledger knows them, those with problems first.

    `figures`: with what was measured over time; of more than FIGURES_AT_ONCE it never is.

    Raises:
        NotFoundError: one of them is not configured.
    """
    plans = {name: due.of_database(sources.configuration, name) for name in names}
    known = _ask(connection, names, plans)
    figures &= len(names) <= FIGURES_AT_ONCE
    found = [
        replace(
            _status(sources, name, plans[name], known, now),
            facts=over_time(connection, sources, name, now) if figures else None,
        )
        for name in names
    ]
    return sorted(found, key=lambda status: not status.needs_a_look(now))


def _ask(
    connection: LedgerConnection, names: Sequence[str], plans: Mapping[str, Sequence[Schedule]]
) -> _Known:
    keys = [since_mark(one.key) for plan in plans.values() for one in plan]
    return _Known(
        newest=health.newest(connection, names, (*_KINDS, Kind.SAFETY)),
        doubted=doubts.since_good(connection, names, _KINDS),
        unfinished=ledger.running_and_queued(connection, names[0] if len(names) == 1 else None),
        failures=health.standing_failures(connection, names),
        usual_sizes=health.usual_sizes(connection, names),
        proved=alert_facts.proved(connection, names),
        lost_proofs=health.lost_proofs(connection, names),
        rates=alert_facts.measured_rates(connection, names),
        marks=alerts_ledger.marks_of(connection, keys),
    )


def _status(
    sources: Sources, name: str, schedules: Sequence[Schedule], known: _Known, now: datetime
) -> DatabaseStatus:
    settings = sources.settings(name)
    newest, proved_at = known.newest.get(name, {}), known.proved.get(name)
    return DatabaseStatus(
        database=name,
        rpo=timedelta(seconds=settings.rpo) if settings.rpo else None,
        kinds=_kinds(newest, schedules, known.marks, now),
        running=[record for record in known.unfinished if record.database == name],
        last_failure=known.failures.get(name),
        usual_size=known.usual_sizes.get(name),
        rto=timedelta(seconds=settings.rto) if settings.rto else None,
        proved_at=proved_at,
        recovery=_recovery(newest.get(Kind.FULL), known.rates.get(name)),
        doubted=known.doubted.get(name, ()),
        lost_proof=None if proved_at else known.lost_proofs.get(name),
        provable=settings.staging_url_env is not None,
    )


def _recovery(newest: BackupRecord | None, rates: Rates | None) -> Recovery | None:
    """Today's size at measured rates; None where nothing was measured yet, or there is nothing to restore."""
    if newest is None or newest.size_bytes is None or rates is None:
        return None
    return Recovery(timedelta(seconds=newest.size_bytes * rates.seconds), rates.tests)


def _kinds(
    newest: Mapping[Kind, BackupRecord],
    schedules: Sequence[Schedule],
    marks: Mapping[str, datetime],
    now: datetime,
) -> list[KindStatus]:
    found = []
    for kind in _KINDS:
        mine, record = [one for one in schedules if one.kind == kind], newest.get(kind)
        if record or mine:
            asked = _were_due(marks, mine, now)
            if record is not None:
                asked += [one for one in mine if one.stale_after is not None]
            allowed = allowed_age(asked, now)
            found.append(KindStatus(kind, record, allowed, _stand_in(kind, newest, allowed, now)))
    return found


def _stand_in(
    kind: Kind, newest: Mapping[Kind, BackupRecord], allowed: timedelta | None, now: datetime
) -> BackupRecord | None:
    """A full backup that is young enough, and newer than the newest of this kind."""
    if kind is Kind.FULL or allowed is None:
        return None
    since = max([now - allowed, *_taken_at(newest.get(kind))])
    whole = [record for one in (Kind.FULL, Kind.SAFETY) if (record := newest.get(one))]
    return next((record for record in whole if any(at > since for at in _taken_at(record))), None)


def _taken_at(record: BackupRecord | None) -> list[datetime]:
    return [record.snapshot_at] if record and record.snapshot_at else []


def allowed_age(schedules: Sequence[Schedule], now: datetime) -> timedelta | None:
    """How old the newest backup of these schedules may be now; None where nothing was due yet.

    The configured `stale_after`, else back to the last due time whose grace is over, and a little more
    because a database's clock is not the ledger's.
    """
    limits = [limit for one in schedules if (limit := _limit(one, now)) is not None]
    return min(limits, default=None)


def _limit(schedule: Schedule, now: datetime) -> timedelta | None:
    if schedule.stale_after is not None:
        return schedule.stale_after
    last = last_due(schedule, now - schedule.grace)
    return now - last + CLOCKS_APART if last else None


def _were_due(marks: Mapping[str, datetime], schedules: Sequence[Schedule], now: datetime) -> list[Schedule]:
    """Those that were due, and their grace is over, since they are planned so: a new one is not late."""
    found = []
    for one in schedules:
        owed, known = last_due(one, now - one.grace), marks.get(since_mark(one.key))
        if owed and (known is None or owed > known):
            found.append(one)
    return found
