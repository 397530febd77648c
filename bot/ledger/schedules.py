"""Schedules in the ledger: what fired when, what came of it, and what is paused.

A time is fired by moving the schedule's `last_due` forward: of any number of clocks one can.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from psycopg.rows import DictRow

from bot.core.ids import new_id
from bot.core.people import Actor
from bot.ledger.connection import LedgerConnection
from bot.ledger.statements import statements


class FireState(StrEnum):
    """What became of a due time. QUEUED: a worker will begin it; the others are final."""

    QUEUED = "queued"
    BEGUN = "begun"
    FAILED = "failed"  # nothing could be begun
    PAUSED = "paused"
    MISSED = "missed"  # no clock ran, and the schedule wants nothing made up for


@dataclass(frozen=True)
class FireRecord:
    """A row of schedule_fire. `outcome`: `backup:ID`, `restore-test:ID`, `done`, or a sentence."""

    schedule: str
    fire_time: datetime
    kind: str
    fired_at: datetime
    missed: int  # earlier ones that this one stands for
    state: FireState
    outcome: str | None


@dataclass(frozen=True)
class PauseRecord:
    """A row of schedule_pause. Times are UTC."""

    id: str
    schedule: str
    reason: str
    team: str
    paused_user: str
    source: str
    channel: str | None
    paused_at: datetime
    ends_at: datetime
    reminders: int
    ended_at: datetime | None
    ended_user: str | None
    ended_source: str | None

    def covers(self, at: datetime) -> bool:
        """Whether what was due at this time was not wanted."""
        return self.paused_at <= at < (self.ended_at or self.ends_at)


@dataclass(frozen=True)
class LastRun:
    """The newest run that a schedule asked for. `how`: a backup's state, or a restore test's verdict."""

    schedule: str
    what: str  # backup, restore-test
    id: str
    how: str
    at: datetime
    due_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True)
class Standing:
    """Up to when each schedule's times are dealt with, by which plan, and the ledger's own time."""

    since: Mapping[str, datetime]
    plans: Mapping[str, str | None]
    now: datetime | None


def standing(conn: LedgerConnection, keys: Collection[str]) -> Standing:
    """How far each schedule has come, by the ledger's clock."""
    rows = statements("schedules").every(conn, "standing", keys=list(keys))
    return Standing(
        {row["key"]: row["since"] for row in rows},
        {row["key"]: row["plan"] for row in rows},
        max((row["now"] for row in rows), default=None),
    )


def fire(
    conn: LedgerConnection,
    schedule: str,
    fire_time: datetime,
    *,
    kind: str,
    plan: str | None = None,
    local_time: datetime | None = None,
    missed: int = 0,
    state: FireState = FireState.QUEUED,
    outcome: str | None = None,
) -> bool:
    """Take a due time. False: it was taken before, or a later one was, or another plan than `plan` rules."""
    row = statements("schedules").one(
        conn,
        "fire",
        schedule=schedule,
        plan=plan,
        fire_time=fire_time,
        local_time=local_time,
        kind=kind,
        missed=missed,
        state=state.value,
        outcome=outcome,
    )
    return row is not None


@dataclass(frozen=True)
class WantedFire:
    """A due time that is to be fired, by a plan that must rule."""

    schedule: str
    plan: str
    fire_time: datetime
    kind: str
    local_time: datetime | None
    missed: int


@dataclass(frozen=True)
class FiredMany:
    """`looked_at`: the schedules that no other clock was at. `fired`: those whose time was taken here."""

    looked_at: frozenset[str]
    fired: Sequence[tuple[str, datetime]]


def fire_many(conn: LedgerConnection, wanted: Sequence[WantedFire]) -> FiredMany:
    """Take one due time each of many schedules, all or none of them in the caller's transaction."""
    rows = statements("schedules").every(conn, "lock", keys=[each.schedule for each in wanted])
    free = frozenset(row["key"] for row in rows)
    ours = [each for each in wanted if each.schedule in free]
    fired = statements("schedules").every(
        conn,
        "fire_many",
        keys=[each.schedule for each in ours],
        plans=[each.plan for each in ours],
        fire_times=[each.fire_time for each in ours],
        local_times=[each.local_time for each in ours],
        kinds=[each.kind for each in ours],
        missed=[each.missed for each in ours],
    )
    return FiredMany(free, [(row["schedule"], row["fire_time"]) for row in fired])


def claim(conn: LedgerConnection, schedule: str, fire_time: datetime) -> FireRecord | None:
    """A fire that nobody began, locked until the caller's transaction ends; None where it is settled."""
    row = statements("schedules").one(conn, "claim", schedule=schedule, fire_time=fire_time)
    return None if row is None else _fire(row)


def settle(
    conn: LedgerConnection, schedule: str, fire_time: datetime, state: FireState, outcome: str
) -> bool:
    """Keep what came of a fire. False: that is known already."""
    return (
        statements("schedules").run(
            conn, "settle", schedule=schedule, fire_time=fire_time, state=state.value, outcome=outcome
        )
        == 1
    )


def get(conn: LedgerConnection, schedule: str, fire_time: datetime) -> FireRecord | None:
    """One fire, or None."""
    row = statements("schedules").one(conn, "get", schedule=schedule, fire_time=fire_time)
    return None if row is None else _fire(row)


def newest(conn: LedgerConnection, keys: Sequence[str]) -> dict[str, FireRecord]:
    """The newest fire of each schedule that ever fired."""
    rows = statements("schedules").every(conn, "newest", keys=list(keys))
    return {row["schedule"]: _fire(row) for row in rows}


def last_runs(conn: LedgerConnection, keys: Sequence[str]) -> dict[str, LastRun]:
    """The newest run of each schedule's kind; what followed a backup by `then` does not hide it."""
    rows = statements("schedules").every(conn, "runs", keys=list(keys))
    found: dict[str, LastRun] = {}
    for row in rows:  # backups come first
        found.setdefault(row["schedule"], LastRun(**row))
    return found


def purge(conn: LedgerConnection, older_than: timedelta) -> int:
    """Forget what fired long ago; answers how many."""
    return statements("schedules").run(conn, "purge", older_than_seconds=older_than.total_seconds())


def pause(
    conn: LedgerConnection,
    schedule: str,
    *,
    actor: Actor,
    reason: str,
    ends_at: datetime,
    channel: str | None = None,
) -> PauseRecord | None:
    """Have nothing of it begin until then. None: it is paused already."""
    row = statements("schedules").one(
        conn,
        "pause",
        id=new_id(),
        schedule=schedule,
        reason=reason,
        team=actor.team,
        user=actor.user,
        source=actor.source.value,
        channel=channel,
        ends_at=ends_at,
    )
    return None if row is None else _pause(row)


def end_pause(conn: LedgerConnection, schedule: str, actor: Actor) -> PauseRecord | None:
    """Let it go on. None: it is not paused."""
    row = statements("schedules").one(
        conn, "end_pause", schedule=schedule, user=actor.user, source=actor.source.value
    )
    return None if row is None else _pause(row)


def end_over(conn: LedgerConnection, actor: Actor) -> list[PauseRecord]:
    """Close the pauses whose time is over; each goes to one caller."""
    rows = statements("schedules").every(conn, "end_over", user=actor.user, source=actor.source.value)
    return [_pause(row) for row in rows]


def get_pause(conn: LedgerConnection, pause_id: str) -> PauseRecord | None:
    """One pause, or None."""
    row = statements("schedules").one(conn, "get_pause", id=pause_id)
    return None if row is None else _pause(row)


def pauses(conn: LedgerConnection, keys: Collection[str], since: datetime) -> list[PauseRecord]:
    """The pauses of these schedules that stand, or stood at some time after `since`."""
    return [
        _pause(row) for row in statements("schedules").every(conn, "pauses", keys=list(keys), since=since)
    ]


def remind(conn: LedgerConnection, every: timedelta) -> list[PauseRecord]:
    """The pauses of which nobody was reminded for that long; each goes to one caller, and counts as told."""
    rows = statements("schedules").every(conn, "remind", every_seconds=every.total_seconds())
    return [_pause(row) for row in rows]


def try_lock(conn: LedgerConnection, number: int) -> bool:
    """Whether nobody else holds the lock of this number; it is held until the transaction ends."""
    return bool(statements("schedules").value(conn, "try_lock", number=number))


def _fire(row: DictRow) -> FireRecord:
    names = ("schedule", "fire_time", "kind", "fired_at", "missed", "outcome")
    return FireRecord(**{name: row[name] for name in names}, state=FireState(row["state"]))


_PAUSE = (
    *("id", "schedule", "reason", "team", "paused_user", "source", "channel", "paused_at", "ends_at"),
    *("reminders", "ended_at", "ended_user", "ended_source"),
)


def _pause(row: DictRow) -> PauseRecord:
    return PauseRecord(**{name: row[name] for name in _PAUSE})
