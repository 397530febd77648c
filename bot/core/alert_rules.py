"""What is wrong with a database: facts in, conditions out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core import alert_rules_runs as runs
from bot.core.alert_facts import CAUGHT_UP_WITHIN, CLOCKS_APART, DatabaseFacts, Limits, Planned, Stored
from bot.core.alert_words import span, utc
from bot.core.alerts import Condition, Severity
from bot.core.backup import Kind
from bot.core.schedules import RESTORE_TEST

_CRITICAL, _WARNING = Severity.CRITICAL, Severity.WARNING
# What is due begins a little later.
_BEGINS_WITHIN = timedelta(minutes=5)

_Rule = Callable[[DatabaseFacts, datetime, Limits], Iterator[Condition]]


def no_backup(facts: DatabaseFacts, now: datetime, limits: Limits) -> Iterator[Condition]:
    """No backup with rows at all, once the first one was due (or the RPO is over)."""
    if facts.newest_rows is not None:
        return
    due = [p for p in facts.schedules if p.kind in (Kind.FULL, Kind.CRITICAL) and _overdue(p)]
    if due or (facts.rpo is not None and now - facts.since > facts.rpo):
        yield Condition(
            f"no-backup:{facts.name}",
            "no-backup",
            _CRITICAL,
            facts.name,
            f"There is no backup of `{facts.name}` at all"
            + (f", though `{due[0].name}` was due at {utc(due[0].owed)}." if due else ".")
            + _silent(facts, None),
            f"Type `/backup now full {facts.name}`.",
            waits=_is_catching_up(facts, runs.WITH_ROWS, now, limits),
        )


def stale(facts: DatabaseFacts, now: datetime, limits: Limits) -> Iterator[Condition]:
    """A schedule's newest backup is older than its last due time plus grace, or than `stale_after`."""
    if facts.newest_rows is None:  # said once, by no_backup
        return
    for plan in facts.schedules:
        if plan.kind == RESTORE_TEST or plan.paused:
            continue
        newest = next(iter(facts.stored.get(Kind(plan.kind), ())), None)
        if reason := _why_stale(plan, newest, now):
            yield Condition(
                f"stale:{facts.name}/{plan.name}",
                "stale",
                _CRITICAL,
                facts.name,
                f"`{facts.name}`: {reason}{_silent(facts, newest)}",
                f"Type `/backup now {plan.kind} {facts.name}`, then look why the schedule `{plan.name}` "
                "brought nothing.",
                waits=_is_catching_up(facts, {f"{plan.kind} backup"}, now, limits),
            )


def _why_stale(plan: Planned, newest: Stored | None, now: datetime) -> str | None:
    if newest is None:
        return (
            f"there is no {plan.kind} backup, though `{plan.name}` was due at {utc(plan.owed)}."
            if _overdue(plan)
            else None
        )
    if plan.stale_after is not None:
        return (
            f"the newest {plan.kind} backup is of {utc(newest.snapshot_at)}; "
            f"it may be {span(plan.stale_after)} old."
            if now - newest.snapshot_at > plan.stale_after
            else None
        )
    if _overdue(plan) and plan.owed is not None and newest.snapshot_at < plan.owed - CLOCKS_APART:
        return (
            f"the {plan.kind} backup `{plan.name}` should have taken at {utc(plan.owed)} is missing: "
            f"the newest one is of {utc(newest.snapshot_at)}."
        )
    return None


def rpo(facts: DatabaseFacts, now: datetime, limits: Limits) -> Iterator[Condition]:
    """More would be lost than may be, if the database were gone now, and no backup began in time."""
    newest = facts.newest_rows
    if facts.rpo is None or newest is None:
        return
    # Where backups come as seldom as the RPO allows, each is due at the moment that it breaks, every night.
    begins_by = newest.snapshot_at + facts.rpo + _BEGINS_WITHIN
    if now <= begins_by or any(
        run.started_at <= begins_by and runs.brings_rows(run, now, limits) for run in facts.running
    ):
        return
    yield Condition(
        f"rpo:{facts.name}",
        "rpo",
        _CRITICAL,
        facts.name,
        f"If `{facts.name}` were lost now, everything since {utc(newest.snapshot_at)} would be gone; "
        f"at most {span(facts.rpo)} may be.{_silent(facts, newest)}",
        f"Type `/backup now full {facts.name}`.",
        waits=_is_catching_up(facts, runs.WITH_ROWS, now, limits),
    )


def unproved(facts: DatabaseFacts, now: datetime, limits: Limits) -> Iterator[Condition]:
    """Nothing was restored and found equal since the restore test was due."""
    del now, limits
    for plan in facts.schedules:
        if plan.kind != RESTORE_TEST or plan.paused or not _overdue(plan) or plan.owed is None:
            continue
        if facts.proved_at is not None and facts.proved_at >= plan.owed:
            continue
        last = f"the last proof is of {utc(facts.proved_at)}" if facts.proved_at else "it never was"
        yield Condition(
            f"unproved:{facts.name}/{plan.name}",
            "unproved",
            _WARNING,
            facts.name,
            f"No backup of `{facts.name}` was proved since `{plan.name}` was due at {utc(plan.owed)}: "
            f"{last}.",
            f"Type `/restore-test latest {facts.name}`.",
        )


DATABASE_RULES: dict[str, _Rule] = {
    "no-backup": no_backup,
    "stale": stale,
    "rpo": rpo,
    "unproved": unproved,
    "backup-failed": runs.failed,
    "restore-test": runs.not_proved,
    runs.CHECK_FAILED: runs.check_failed,
    "slow": runs.slow,
    "shrunk": runs.shrunk,
    "rto": runs.rto,
    "no-schedule": runs.no_schedule,
}
COULD_NOT_LOOK = "could-not-look"


@dataclass(frozen=True)
class Look:
    """What is wrong, the rules that could say so, and what kept the others from it."""

    conditions: Sequence[Condition]
    looked: frozenset[str]
    failed: Mapping[str, Exception]


def of_database(
    facts: DatabaseFacts, now: datetime, limits: Limits, rules: Mapping[str, _Rule] = DATABASE_RULES
) -> Look:
    """Everything that is wrong with a database. A rule that raises keeps no other from looking."""
    found: list[Condition] = []
    failed: dict[str, Exception] = {}
    for name, rule in rules.items():
        try:
            found += rule(facts, now, limits)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other rules must be heard
            failed[name] = error
            found.append(could_not_look(COULD_NOT_LOOK, facts.name, name, error))
    return Look(found, frozenset({*rules, COULD_NOT_LOOK} - failed.keys() - _not_ours(facts)), failed)


def _not_ours(facts: DatabaseFacts) -> set[str]:
    """The rules that ask when something was due, where only clocks of another plan know that."""
    kinds = {plan.kind for plan in facts.schedules if plan.elsewhere}
    tests = {"unproved"} if RESTORE_TEST in kinds else set()
    return tests | {"stale", "no-backup"} if kinds - {RESTORE_TEST} else tests


def could_not_look(rule: str, database: str, part: str, error: Exception) -> Condition:
    """Nobody knows whether that is well; `part` names what was to be looked at."""
    return Condition(
        f"{rule}:{database}/{part}",
        rule,
        _WARNING,
        database,
        f"Could not look at `{part}` of `{database}` ({type(error).__name__}); it may be well, or not.",
        "Look into the clock's log. Where a newer version of Sparewheel writes into this ledger, run that.",
    )


def _is_catching_up(facts: DatabaseFacts, whats: AbstractSet[str], now: datetime, limits: Limits) -> bool:
    """Whether a clock that is back after a silence may still bring what was missed.

    For some minutes it may; after that, while such a run is under way and takes no longer than one may.
    """
    if facts.silence is None:
        return False
    until = facts.silence.until + CAUGHT_UP_WITHIN
    return now <= until or any(
        run.what in whats and run.started_at <= until and not runs.is_slow(run, now, limits)
        for run in facts.running
    )


def _silent(facts: DatabaseFacts, newest: Stored | None) -> str:
    """When no clock ran, where that may be why nothing newer is there."""
    silence = facts.silence
    if silence is None or (newest is not None and newest.snapshot_at >= silence.until):
        return ""
    return f" No clock was at work from {utc(silence.since)} to {utc(silence.until)}."


def _overdue(plan: Planned) -> bool:
    """Whether it was due since it is known, and its grace is over."""
    return plan.owed is not None and plan.owed > plan.since
