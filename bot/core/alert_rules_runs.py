"""What went wrong with a database's runs: failed, slow, shrunk, slower than they may be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from bot.core import units
from bot.core.alert_facts import DatabaseFacts, Limits, Running, Stored, Unreadable
from bot.core.alert_words import span, utc
from bot.core.alerts import Condition, Severity
from bot.core.backup import Kind
from bot.core.verdict import Verdict

_CRITICAL, _WARNING = Severity.CRITICAL, Severity.WARNING
# Below these a share of the whole says nothing: a few rows more or less are a quiet day.
_FEW_ROWS, _FEW_BYTES = 100, 100_000
# A run of seconds that takes some seconds more is no news.
_SLOW_AT_LEAST = timedelta(minutes=10)
# Where none like it ever ended.
_SLOW_UNKNOWN = timedelta(hours=1)
WITH_ROWS = frozenset({f"{Kind.FULL} backup", f"{Kind.CRITICAL} backup"})
_FALL_OF = 5
CHECK_FAILED = "check-failed"


def failed(facts: DatabaseFacts, now: datetime, limits: Limits) -> Iterator[Condition]:
    """A backup failed, and no later one has made up for it."""
    del now, limits
    for found in facts.failed:
        yield Condition(
            f"backup-failed:{facts.name}/{found.kind}",
            "backup-failed",
            _CRITICAL,
            facts.name,
            f"The {found.kind} backup `{found.id}` of `{facts.name}` failed at {utc(found.finished_at)}: "
            f"{found.sentence}",
            found.next_step or f"Type `/backup show {found.id}`.",
        )


def not_proved(facts: DatabaseFacts, now: datetime, limits: Limits) -> Iterator[Condition]:
    """The newest restore test did not pass."""
    del now, limits
    found = facts.tested
    if isinstance(found, Unreadable):
        raise found.error
    if found is None or found.verdict is Verdict.PASS:
        return
    bad = found.verdict is Verdict.FAIL
    said = "failed" if bad else "could not verify everything"
    yield Condition(
        f"restore-test:{facts.name}",
        "restore-test",
        _CRITICAL if bad else _WARNING,
        facts.name,
        f"The restore test `{found.id}` of `{facts.name}` {said}: {found.sentence}",
        "Read its report in its thread, mend the cause, and type "
        f"`/restore-test {found.backup_id} {facts.name}` again.",
    )


def check_failed(facts: DatabaseFacts, now: datetime, limits: Limits) -> Iterator[Condition]:
    """The newest backup of a kind was read back, and is not what was written."""
    del now, limits
    for found in facts.checked:
        if found.passed:
            continue
        yield Condition(
            f"{CHECK_FAILED}:{facts.name}/{found.id}",
            CHECK_FAILED,
            _CRITICAL,
            facts.name,
            f"The {found.kind} backup `{found.id}` of `{facts.name}`, of {utc(found.snapshot_at)}, "
            f"did not pass its check: {found.sentence or 'its bytes are not those written.'}",
            f"Do not count on it. Type `/backup now {found.kind} {facts.name}`.",
        )


def slow(facts: DatabaseFacts, now: datetime, limits: Limits) -> Iterator[Condition]:
    """A run takes much longer than the last ones like it."""
    for run in facts.running:
        if run.usual is None or not is_slow(run, now, limits):
            continue
        yield Condition(
            f"slow:{facts.name}/{run.id}",
            "slow",
            _WARNING,
            facts.name,
            f"The {run.what} `{run.id}` of `{facts.name}` runs since {utc(run.started_at)}; "
            f"usual are {span(run.usual)}.",
            "Look at its message for how far it is, and at the database for what holds it up.",
        )


def brings_rows(run: Running, now: datetime, limits: Limits) -> bool:
    """Whether it is a backup with rows that does not take longer than one may."""
    return run.what in WITH_ROWS and not is_slow(run, now, limits)


def is_slow(run: Running, now: datetime, limits: Limits) -> bool:
    """Whether it takes longer than one like it may."""
    return now - run.started_at > _slow_limit(run, limits)


def _slow_limit(run: Running, limits: Limits) -> timedelta:
    if run.usual is None:
        return _SLOW_UNKNOWN
    return max(run.usual * limits.slow, run.usual + _SLOW_AT_LEAST)


def shrunk(facts: DatabaseFacts, now: datetime, limits: Limits) -> Iterator[Condition]:
    """The newest backup is much smaller than the ones before it."""
    del now
    for kind, backups in facts.stored.items():
        if kind is Kind.SCHEMA or len(backups) < 2:  # noqa: PLR2004 - one to compare, one to compare with
            continue
        fall = _fall(backups[0], backups[1:], limits)
        if fall is None:
            continue
        yield Condition(
            f"shrunk:{facts.name}/{kind}",
            "shrunk",
            _CRITICAL if backups[0].rows == 0 else _WARNING,
            facts.name,
            f"The {kind} backup `{backups[0].id}` of `{facts.name}`, of {utc(backups[0].snapshot_at)}, "
            f"has {fall}.",
            f"Look whether that much was really deleted: `/backup show {backups[0].id}`.",
        )


def _fall(newest: Stored, before: Sequence[Stored], limits: Limits) -> str | None:
    """What fell, and from where; rows are said rather than bytes."""
    rows = _middle([b.rows for b in before[:_FALL_OF] if b.rows is not None])
    if newest.rows is not None and rows >= _FEW_ROWS and newest.rows < rows * (1 - limits.shrink):
        return f"{units.plural(newest.rows, 'row')}; the ones before it had {units.count_text(rows)}"
    size = _middle([b.size_bytes for b in before[:_FALL_OF]])
    if size >= _FEW_BYTES and newest.size_bytes < size * (1 - limits.shrink):
        return f"{units.size_text(newest.size_bytes)}; the ones before it had {units.size_text(size)}"
    return None


def _middle(numbers: list[int]) -> int:
    return sorted(numbers)[len(numbers) // 2] if numbers else 0


def rto(facts: DatabaseFacts, now: datetime, limits: Limits) -> Iterator[Condition]:
    """Bringing the newest backup back would take longer than it may."""
    del now, limits
    if facts.rto is not None and facts.recovery is not None and facts.recovery > facts.rto:
        yield Condition(
            f"rto:{facts.name}",
            "rto",
            _WARNING,
            facts.name,
            f"Bringing `{facts.name}` back would take about {span(facts.recovery)} at the speed of the last "
            f"restore tests; it may take {span(facts.rto)}.",
            "Restore with more jobs or on a faster server, or agree on a longer time.",
        )


def no_schedule(facts: DatabaseFacts, now: datetime, limits: Limits) -> Iterator[Condition]:
    """Nothing takes backups of this database by itself."""
    del now, limits
    if not any(p.kind in (Kind.FULL, Kind.CRITICAL) for p in facts.schedules):
        yield Condition(
            f"no-schedule:{facts.name}",
            "no-schedule",
            _WARNING,
            facts.name,
            f"No schedule takes backups of `{facts.name}`; there are only those that somebody asks for.",
            f"Add `[databases.{facts.name}.schedules.daily]` to the configuration.",
        )
