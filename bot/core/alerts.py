"""An alert's life as pure rules: opened, acknowledged, reminded, escalated, resolved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.core.people import Actor

HIGHEST_LEVEL = 3


class Severity(StrEnum):
    """A critical alert calls people, at any hour; a warning is read when there is time."""

    WARNING = "warning"
    CRITICAL = "critical"


class State(StrEnum):
    """Where an alert stands. WAITING: seen, and nobody was told yet."""

    WAITING = "waiting"
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class What(StrEnum):
    """One step of an alert's life."""

    OPENED = "opened"
    REOPENED = "reopened"
    ACKNOWLEDGED = "acknowledged"
    REMINDED = "reminded"
    ESCALATED = "escalated"
    WORSENED = "worsened"
    LAPSED = "lapsed"  # whoever took it had it for too long
    RESOLVED = "resolved"


class Resolution(StrEnum):
    """Why an alert is over."""

    GONE = "gone"
    NOT_CONFIGURED = "not-configured"


@dataclass(frozen=True)
class Condition:
    """Something that is wrong right now. `key` tells it from everything else that can be wrong.

    `after`: it has to last that long before anybody is told. `waits`: nobody is told yet, because what would
    end it is on its way; of what people were told already, it changes nothing.
    """

    key: str
    rule: str
    severity: Severity
    database: str | None
    sentence: str
    next_step: str
    after: timedelta = timedelta(0)
    waits: bool = False


@dataclass(frozen=True)
class Alert:
    """A row of the ledger's `alert`. Times are UTC; `level` counts the contacts' levels called so far."""

    id: str
    key: str
    rule: str
    severity: Severity
    database: str | None
    sentence: str
    next_step: str
    state: State
    seq: int
    seen_at: datetime
    missing_since: datetime | None = None
    opened_at: datetime | None = None
    raised_at: datetime | None = None  # opened, opened again, or worsened: escalation counts from here
    told_at: datetime | None = None
    level: int = 0
    acknowledged_at: datetime | None = None
    acknowledged_user: str | None = None
    acknowledged_source: str | None = None
    resolved_at: datetime | None = None
    resolution: Resolution | None = None


@dataclass(frozen=True)
class AlertEvent:
    """One line of an alert's history, numbered from 1."""

    seq: int
    at: datetime
    what: What
    level: int
    sentence: str
    by_user: str | None = None
    by_source: str | None = None


@dataclass(frozen=True)
class QuietHours:
    """The hours of a zone's day in which nobody is told of warnings; `begin` after `end` spans midnight."""

    begin: time
    end: time
    zone: str

    def cover(self, now: datetime) -> bool:
        """Whether it is quiet at this instant."""
        local = now.astimezone(ZoneInfo(self.zone)).time()
        if self.begin <= self.end:
            return self.begin <= local < self.end
        return local >= self.begin or local < self.end


@dataclass(frozen=True)
class Policy:
    """How an alert goes on by itself.

    `escalate_after[0]` calls the second level of contacts, `[1]` the third, counted from the opening.
    An alert is over once its condition was away for `hold`; back within `hold`, it is the same alert again.
    Whoever took a critical one is reminded every `remind_taker_every`, and has any for `taken_for`.
    """

    remind_every: timedelta | None
    escalate_after: tuple[timedelta, ...]
    hold: timedelta
    quiet: QuietHours | None = None
    remind_taker_every: timedelta | None = None
    taken_for: timedelta | None = None


@dataclass(frozen=True)
class Step:
    """What one look makes of an alert. `alert` None: it never was one. `what` None: nobody need be told."""

    alert: Alert | None
    what: What | None = None


def first_seen(alert_id: str, condition: Condition, now: datetime) -> Alert:
    """A condition that was not there before."""
    return Alert(
        alert_id,
        condition.key,
        condition.rule,
        condition.severity,
        condition.database,
        condition.sentence,
        condition.next_step,
        State.WAITING,
        seq=0,
        seen_at=now,
    )


def advance(
    alert: Alert, condition: Condition | None, now: datetime, policy: Policy, *, held: bool = False
) -> Step:
    """One look at an alert's condition: at most one step of its life.

    Args:
        alert: as the ledger has it.
        condition: what was seen now; None where it was looked for and is not there.
        now: UTC.
        policy: how alerts go on.
        held: an announced maintenance covers it; heeded for warnings only.
    """
    if condition is None:
        return without(alert, now, policy)
    severity = alert.severity
    alert = replace(
        alert,
        severity=condition.severity,
        sentence=condition.sentence,
        next_step=condition.next_step,
        missing_since=None,
    )
    quiet = _is_quiet(alert, now, policy, held=held)
    if alert.state is State.WAITING:
        ripe = now - alert.seen_at >= condition.after and not quiet and not condition.waits
        return _raised(alert, What.OPENED, now) if ripe else Step(alert)
    if alert.state is State.RESOLVED:
        return Step(alert) if quiet or condition.waits else _raised(alert, What.REOPENED, now)
    if severity is Severity.WARNING and alert.severity is Severity.CRITICAL:
        return _raised(alert, What.WORSENED, now)
    return Step(alert) if quiet else _unanswered(alert, now, policy)


def unseen(alert: Alert, now: datetime, policy: Policy, *, held: bool = False) -> Step:
    """A moment at which nobody looked: what was there at the last look goes on calling people."""
    if alert.missing_since is not None or _is_quiet(alert, now, policy, held=held):
        return Step(alert)
    return _unanswered(alert, now, policy)


def acknowledge(alert: Alert, actor: Actor, now: datetime) -> Step:
    """Somebody looks after it: nobody else is called. Without effect unless it is open."""
    if alert.state is not State.OPEN:
        return Step(alert)
    taken = replace(
        alert,
        state=State.ACKNOWLEDGED,
        acknowledged_at=now,
        acknowledged_user=actor.user,
        acknowledged_source=actor.source.value,
    )
    return _told(taken, What.ACKNOWLEDGED)


def close(alert: Alert, now: datetime, resolution: Resolution) -> Step:
    """The end, whatever the condition says."""
    if alert.state is State.WAITING:
        return Step(None)
    over = replace(alert, state=State.RESOLVED, resolved_at=now, resolution=resolution, missing_since=None)
    return _told(over, What.RESOLVED)


def without(alert: Alert, now: datetime, policy: Policy, resolution: Resolution = Resolution.GONE) -> Step:
    """One look that found no such condition: the end, once that lasted."""
    if alert.state is State.RESOLVED:
        return Step(alert)
    if alert.state is State.WAITING:
        return Step(None)
    if alert.missing_since is None and policy.hold > timedelta(0):
        return Step(replace(alert, missing_since=now))
    if now - (alert.missing_since or now) < policy.hold:
        return Step(alert)
    return close(alert, now, resolution)


def _is_quiet(alert: Alert, now: datetime, policy: Policy, *, held: bool) -> bool:
    """Whether people are left in peace now; never of what is critical."""
    quiet = policy.quiet is not None and policy.quiet.cover(now)
    return alert.severity is Severity.WARNING and (held or quiet)


def _unanswered(alert: Alert, now: datetime, policy: Policy) -> Step:
    """What happens to an alert that lasts: nobody answers, or whoever took it has not ended it."""
    if alert.state is State.ACKNOWLEDGED:
        return _taken(alert, now, policy)
    if alert.state is not State.OPEN or alert.raised_at is None or alert.told_at is None:
        return Step(alert)
    waits = policy.escalate_after[: HIGHEST_LEVEL - 1]
    if 1 <= alert.level <= len(waits) and now - alert.raised_at >= waits[alert.level - 1]:
        return _told(replace(alert, level=alert.level + 1, told_at=now), What.ESCALATED)
    if policy.remind_every is not None and now - alert.told_at >= policy.remind_every:
        return _told(replace(alert, told_at=now), What.REMINDED)
    return Step(alert)


def _taken(alert: Alert, now: datetime, policy: Policy) -> Step:
    """Somebody has it in hand: of a critical one they are reminded, and after a time others are asked."""
    since, told_at = alert.acknowledged_at, alert.told_at
    if since is None or told_at is None:
        return Step(alert)
    if policy.taken_for is not None and now - since >= policy.taken_for:
        return _raised(alert, What.LAPSED, now)
    every = policy.remind_taker_every
    if alert.severity is Severity.CRITICAL and every is not None and now - max(since, told_at) >= every:
        return _told(replace(alert, told_at=now), What.REMINDED)
    return Step(alert)


def _raised(alert: Alert, what: What, now: datetime) -> Step:
    """Opened, opened again, worsened or lapsed: whoever had it in hand, all are asked anew."""
    up = replace(
        alert,
        state=State.OPEN,
        opened_at=alert.opened_at or now,
        raised_at=now,
        told_at=now,
        level=1 if alert.severity is Severity.CRITICAL else 0,
        acknowledged_at=None,
        acknowledged_user=None,
        acknowledged_source=None,
        resolved_at=None,
        resolution=None,
    )
    return _told(up, what)


def _told(alert: Alert, what: What) -> Step:
    return Step(replace(alert, seq=alert.seq + 1), what)
