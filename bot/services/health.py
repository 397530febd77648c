"""How one database stands: its newest backups against their limits, and what was measured over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from bot.core.alert_facts import CLOCKS_APART
from bot.core.backup import Kind
from bot.core.coverage import cover, months_before
from bot.core.health import worst_loss
from bot.core.schedules import RESTORE_TEST, Schedule
from bot.ledger import alerts as alerts_ledger
from bot.ledger import backups as ledger
from bot.ledger import health, restore_tests
from bot.ledger import schedules as schedule_ledger
from bot.ledger.connection import LedgerConnection
from bot.services import due
from bot.services.alert_facts import since_mark
from bot.services.health_views import Facts, Kept, KindCoverage, Measured, NextRun
from bot.services.sources import Sources
from bot.services.views import DatabaseStatus, KindStatus, Recovery

MEASURED_DAYS = 30
# The figures of more databases than these fit no message, and are not worked out for one.
FIGURES_AT_ONCE = 20
_KINDS = (Kind.FULL, Kind.CRITICAL, Kind.SCHEMA)
# A backup of the first kind is as good as one of each of the others.
_HOLDS: Mapping[Kind, frozenset[str]] = {
    Kind.FULL: frozenset({"full", "safety"}),
    Kind.CRITICAL: frozenset({"critical", "full", "safety"}),
    Kind.SCHEMA: frozenset({"schema", "full", "safety"}),
}
_A_DAY = timedelta(days=1)


def standing(
    connection: LedgerConnection, sources: Sources, name: str, now: datetime, *, figures: bool = True
) -> DatabaseStatus:
    """One configured database as the ledger knows it. `figures`: what was measured over time, too.

    Raises:
        NotFoundError: it is not configured.
    """
    settings = sources.settings(name)
    proved = restore_tests.last_pass(connection, name)
    schedules = due.of_database(sources.configuration, name)
    return DatabaseStatus(
        database=name,
        rpo=timedelta(seconds=settings.rpo) if settings.rpo else None,
        kinds=_kinds(connection, name, schedules, now),
        running=ledger.running_and_queued(connection, name),
        last_failure=ledger.standing_failure(connection, name),
        usual_size=ledger.usual_size(connection, name, Kind.FULL),
        rto=timedelta(seconds=settings.rto) if settings.rto else None,
        proved_at=proved.finished_at if proved else None,
        recovery=recovery(connection, name),
        facts=_facts(connection, sources, name, now) if figures else None,
    )


def recovery(connection: LedgerConnection, database: str) -> Recovery | None:
    """Today's size at measured rates; None where nothing was measured yet, or there is nothing to restore."""
    newest = ledger.newest_stored(connection, database, Kind.FULL)
    rates = restore_tests.rates(connection, database)
    if newest is None or newest.size_bytes is None or rates is None:
        return None
    return Recovery(timedelta(seconds=newest.size_bytes * (rates.download + rates.restore)), rates.tests)


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
    last = due.last_due(schedule, now - schedule.grace)
    return now - last + CLOCKS_APART if last else None


def _were_due(connection: LedgerConnection, schedules: Sequence[Schedule], now: datetime) -> list[Schedule]:
    """Those that were due, and their grace is over, since they are planned so: a new one is not late."""
    since = alerts_ledger.marks_of(connection, [since_mark(one.key) for one in schedules])
    found = []
    for one in schedules:
        owed, known = due.last_due(one, now - one.grace), since.get(since_mark(one.key))
        if owed and (known is None or owed > known):
            found.append(one)
    return found


def _kinds(
    connection: LedgerConnection, name: str, schedules: Sequence[Schedule], now: datetime
) -> list[KindStatus]:
    found = []
    for kind in _KINDS:
        mine = [one for one in schedules if one.kind == kind]
        newest = ledger.newest_stored(connection, name, kind)
        if newest or mine:
            asked = _were_due(connection, mine, now)
            if newest is not None:
                asked += [one for one in mine if one.stale_after is not None]
            found.append(KindStatus(kind, newest, allowed_age(asked, now)))
    return found


def _facts(connection: LedgerConnection, sources: Sources, name: str, now: datetime) -> Facts:
    since = now - timedelta(days=MEASURED_DAYS)
    schedules = due.of_database(sources.configuration, name)
    total = health.total(connection, name, since)
    zone = sources.settings(name).time_zone
    return Facts(
        measured=_measured(connection, sources, name, now),
        kept=Kept(total.backups, total.size_bytes, total.grown_bytes),
        next_runs=_next_runs(connection, schedules, now),
        coverage=_coverage(connection, name, schedules, now, zone),
        alerts=alerts_ledger.told(connection, name),
    )


def _next_runs(connection: LedgerConnection, schedules: Sequence[Schedule], now: datetime) -> list[NextRun]:
    """When each is due next, and whether a pause covers that time."""
    pauses = schedule_ledger.pauses(connection, [one.key for one in schedules], now)
    found = []
    for one in schedules:
        at = due.next_after(one, now)
        paused = any(pause.schedule == one.key and pause.covers(at) for pause in pauses)
        found.append(NextRun(one.name, one.kind, at, paused))
    return found


def _measured(connection: LedgerConnection, sources: Sources, name: str, now: datetime) -> Measured:
    since, rpo = now - timedelta(days=MEASURED_DAYS), sources.settings(name).rpo
    holding = [run for run in health.runs(connection, name, since) if run.kind in _HOLDS[Kind.CRITICAL]]
    tests, slowest = health.recoveries(connection, name, since)
    loss = worst_loss(holding, since, now, timedelta(seconds=rpo) if rpo else None)
    begins = holding[0].snapshot_at if holding and holding[0].snapshot_at > since else None
    return Measured(MEASURED_DAYS, loss, slowest, tests, begins)


def _coverage(
    connection: LedgerConnection, name: str, schedules: Sequence[Schedule], now: datetime, zone: str
) -> list[KindCoverage]:
    """Each scheduled kind's six months; what is due but still within its grace is not asked for yet."""
    found, since = [], months_before(now)
    for kind in _KINDS:
        mine = [one for one in schedules if one.kind == kind]
        if mine:
            # Where a kind has several schedules, the one that comes most often says what is wanted.
            times = max((due_times(one, since, now - one.grace) for one in mine), key=len)
            stored = health.first_of_each(connection, name, sorted(_HOLDS[kind]), times or [since])
            found.append(KindCoverage(kind, cover(since, times, stored), zone))
    return found


def due_times(schedule: Schedule, since: datetime, until: datetime) -> list[datetime]:
    """Every due time after the one and up to the other, ascending. Whole days are remembered."""
    plain = replace(schedule, key="", kind=RESTORE_TEST)
    day = since.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    times: list[datetime] = []
    while day <= until:
        times += _due_on(plain, day)
        day += _A_DAY
    return [at for at in times if since < at <= until]


@lru_cache(maxsize=20_000)
def _due_on(schedule: Schedule, day: datetime) -> tuple[datetime, ...]:
    """The due times of one day of UTC, of whichever schedule says the same."""
    before = day - timedelta(microseconds=1)
    return tuple(due.between(schedule, before, before + _A_DAY))
