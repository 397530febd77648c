"""What is wrong with a database or with the bot itself: facts in, conditions out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from bot.core import alert_rules_runs as runs
from bot.core import units
from bot.core.alert_facts import CLOCKS_APART, DatabaseFacts, HouseFacts, Limits, Planned, Stored
from bot.core.alert_words import span, utc
from bot.core.alerts import Condition, Severity
from bot.core.backup import Kind
from bot.core.schedules import RESTORE_TEST

_CRITICAL, _WARNING = Severity.CRITICAL, Severity.WARNING
# Workers say that they live every ten seconds; a restart takes some.
_WORKER_SILENT = timedelta(seconds=60)
_WORKER_AFTER = timedelta(seconds=90)
# What is due begins a little later.
_BEGINS_WITHIN = timedelta(minutes=5)

_Rule = Callable[[DatabaseFacts, datetime, Limits], Iterator[Condition]]


def no_backup(facts: DatabaseFacts, now: datetime, limits: Limits) -> Iterator[Condition]:
    """No backup with rows at all, once the first one was due (or the RPO is over)."""
    del limits
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
            + (f", though `{due[0].name}` was due at {utc(due[0].owed)}." if due else "."),
            f"Type `/backup now full {facts.name}`.",
        )


def stale(facts: DatabaseFacts, now: datetime, limits: Limits) -> Iterator[Condition]:
    """A schedule's newest backup is older than its last due time plus grace, or than `stale_after`."""
    del limits
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
                f"`{facts.name}`: {reason}",
                f"Type `/backup now {plan.kind} {facts.name}`, then look why the schedule `{plan.name}` "
                "brought nothing.",
            )


def _why_stale(plan: Planned, newest: Stored | None, now: datetime) -> str | None:
    if newest is None:
        return (
            f"there is no {plan.kind} backup, though `{plan.name}` was due at {utc(plan.owed)}."
            if _overdue(plan)
            else None
        )
    age = now - newest.snapshot_at
    if plan.stale_after is not None:
        allowed = f"it may be {span(plan.stale_after)} old"
        return (
            f"the newest {plan.kind} backup is {span(age)} old; {allowed}."
            if age > plan.stale_after
            else None
        )
    if _overdue(plan) and plan.owed is not None and newest.snapshot_at < plan.owed - CLOCKS_APART:
        return (
            f"the {plan.kind} backup `{plan.name}` should have taken at {utc(plan.owed)} is missing: "
            f"the newest one is {span(age)} old."
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
        f"If `{facts.name}` were lost now, {span(now - newest.snapshot_at)} of data would be gone; "
        f"at most {span(facts.rpo)} may be.",
        f"Type `/backup now full {facts.name}`.",
    )


def unproved(facts: DatabaseFacts, now: datetime, limits: Limits) -> Iterator[Condition]:
    """Nothing was restored and found equal since the restore test was due."""
    del limits
    for plan in facts.schedules:
        if plan.kind != RESTORE_TEST or plan.paused or not _overdue(plan) or plan.owed is None:
            continue
        if facts.proved_at is not None and facts.proved_at >= plan.owed:
            continue
        last = f"the last proof is {span(now - facts.proved_at)} old" if facts.proved_at else "it never was"
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
    "check-failed": runs.check_failed,
    "slow": runs.slow,
    "shrunk": runs.shrunk,
    "rto": runs.rto,
    "no-schedule": runs.no_schedule,
}
WORKER_GONE, QUEUE_STUCK = "worker-gone", "queue-stuck"


def of_database(facts: DatabaseFacts, now: datetime, limits: Limits) -> list[Condition]:
    """Everything that is wrong with a database."""
    return [found for rule in DATABASE_RULES.values() for found in rule(facts, now, limits)]


def of_house(facts: HouseFacts, now: datetime, limits: Limits) -> list[Condition]:
    """Everything that is wrong with the bot's own parts."""
    return [*_worker_gone(facts, now), *_queue_stuck(facts, now, limits)]


def _worker_gone(facts: HouseFacts, now: datetime) -> Iterator[Condition]:
    heard = facts.worker_heard_at
    if heard is not None and now - heard <= _WORKER_SILENT:
        return
    last = f"the last was heard {span(now - heard)} ago" if heard else "none was heard of"
    yield Condition(
        WORKER_GONE,
        WORKER_GONE,
        _CRITICAL,
        None,
        f"No worker runs: {last}. No backup is taken, and commands are not carried out.",
        "Start `sparewheel worker`, and look into its log for why it ended.",
        after=_WORKER_AFTER,
    )


def _queue_stuck(facts: HouseFacts, now: datetime, limits: Limits) -> Iterator[Condition]:
    if facts.waiting_since is None or now - facts.waiting_since <= limits.stuck_after:
        return
    yield Condition(
        QUEUE_STUCK,
        QUEUE_STUCK,
        _CRITICAL,
        None,
        f"The queue is stuck: {units.plural(facts.waiting, 'message')} or fires wait, the oldest for "
        f"{span(now - facts.waiting_since)}.",
        "Look whether the worker still works; restart it if it does not.",
    )


def _overdue(plan: Planned) -> bool:
    """Whether it was due since it is known, and its grace is over."""
    return plan.owed is not None and plan.owed > plan.since
