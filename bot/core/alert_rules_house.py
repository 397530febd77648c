"""What is wrong with the bot's own parts: its workers and its queues."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from bot.core import units
from bot.core.alert_facts import HouseFacts, Limits, Waiting
from bot.core.alert_words import utc
from bot.core.alerts import Condition, Severity

WORKER_GONE, QUEUE_STUCK, AUDIT_BROKEN = "worker-gone", "queue-stuck", "audit-broken"
_CRITICAL = Severity.CRITICAL
# Workers say that they live every ten seconds; a restart takes some.
_WORKER_SILENT = timedelta(seconds=60)
_WORKER_AFTER = timedelta(seconds=90)


def of_house(facts: HouseFacts, now: datetime, limits: Limits) -> list[Condition]:
    """Everything that is wrong with the bot's own parts."""
    return [*_worker_gone(facts, now), *_queue_stuck(facts, now, limits)]


def _worker_gone(facts: HouseFacts, now: datetime) -> Iterator[Condition]:
    heard = facts.worker_heard_at
    if heard is not None and now - heard <= _WORKER_SILENT:
        return
    last = f"the last was heard of at {utc(heard)}" if heard else "none was heard of"
    yield Condition(
        WORKER_GONE,
        WORKER_GONE,
        _CRITICAL,
        None,
        f"No worker runs: {last}. No backup is taken, and commands are not carried out.",
        "Start `sparewheel worker`, and look into its log for why it ended.",
        after=_WORKER_AFTER,
    )


def stuck_key(queue: str) -> str:
    """The key of the alert that says that nobody takes up this queue's jobs."""
    return f"{QUEUE_STUCK}:{queue}"


def _queue_stuck(facts: HouseFacts, now: datetime, limits: Limits) -> Iterator[Condition]:
    for waiting in facts.waiting:
        if not waiting.busy and now - waiting.since > limits.stuck_after:
            yield _stuck(waiting)


def _stuck(waiting: Waiting) -> Condition:
    return Condition(
        stuck_key(waiting.queue),
        QUEUE_STUCK,
        _CRITICAL,
        None,
        f"No worker takes up {waiting.what}: {units.plural(waiting.jobs, 'job waits', 'jobs wait')}, "
        f"the oldest since {utc(waiting.since)}.",
        "Look whether the worker still works; restart it if it does not.",
    )
