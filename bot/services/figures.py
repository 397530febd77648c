"""What was measured of one database over time: data at risk, recoveries, coverage, and what comes next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from bot.core.backup import Kind
from bot.core.coverage import cover, months_before
from bot.core.health import worst_loss
from bot.core.schedules import RESTORE_TEST, Schedule
from bot.ledger import alerts as alerts_ledger
from bot.ledger import health
from bot.ledger import schedules as schedule_ledger
from bot.ledger.connection import LedgerConnection
from bot.services import due
from bot.services.alert_facts import since_mark
from bot.services.health_views import Facts, Kept, KindCoverage, Measured, NextRun
from bot.services.sources import Sources

MEASURED_DAYS = 30
_FULL = frozenset({Kind.FULL.value, Kind.SAFETY.value})
# A backup of the first kind is as good as one of each of the others.
_HOLDS: Mapping[Kind, frozenset[str]] = {
    Kind.FULL: _FULL,
    Kind.CRITICAL: _FULL | {Kind.CRITICAL.value},
    Kind.SCHEMA: _FULL | {Kind.SCHEMA.value},
}
_A_DAY = timedelta(days=1)


def facts(connection: LedgerConnection, sources: Sources, name: str, now: datetime) -> Facts:
    """Everything that is known of a configured database beyond its newest backups.

    Raises:
        NotFoundError: it is not configured.
    """
    since = now - timedelta(days=MEASURED_DAYS)
    schedules = due.of_database(sources.configuration, name)
    total = health.total(connection, name, since)
    return Facts(
        measured=_measured(connection, sources, name, now),
        kept=Kept(total.backups, total.size_bytes, total.grown_bytes, total.doubted),
        next_runs=_next_runs(connection, schedules, now),
        coverage=_coverage(connection, name, schedules, now, sources.settings(name).time_zone),
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
    """Of each scheduled kind six months, or less: nobody knows what was due before a schedule was known."""
    known = alerts_ledger.marks_of(connection, [since_mark(one.key) for one in schedules])
    found = []
    for kind in _HOLDS:
        wanted = [
            _Wanted(one, known.get(since_mark(one.key), now), now) for one in schedules if one.kind == kind
        ]
        if wanted:
            # Where a kind has several schedules, the one that comes most often says what is wanted.
            often = max(wanted, key=lambda one: len(one.times))
            found.append(_covered(connection, name, kind, often, zone))
    return found


class _Wanted:
    """What one schedule wanted of the last six months, as far as it is known here."""

    def __init__(self, schedule: Schedule, known_since: datetime, now: datetime) -> None:
        whole = months_before(now)
        self.known_since = known_since if known_since > whole else None
        self.since = self.known_since or whole
        # What is still within its grace is not asked for yet.
        self.times = due_times(schedule, self.since, now - schedule.grace)


def _covered(connection: LedgerConnection, name: str, kind: Kind, wanted: _Wanted, zone: str) -> KindCoverage:
    stored: list[datetime] = []
    own: list[datetime] = []
    if wanted.times:
        kinds = _FULL if kind is Kind.FULL else {kind.value}
        stored, own = health.first_of_each(connection, name, [*_HOLDS[kind]], [*kinds], wanted.times)
    coverage = cover(wanted.since, wanted.times, stored)
    by_full = coverage.covered - cover(wanted.since, wanted.times, own).covered
    return KindCoverage(kind, coverage, zone, wanted.known_since, by_full)


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
