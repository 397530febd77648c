"""What services answer about schedules: facts for an edge to show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.schedules import Schedule
from bot.ledger.schedules import FireRecord, LastRun, PauseRecord


@dataclass(frozen=True)
class ScheduleStanding:
    """One schedule: what it last did, whether it is paused, and when it comes next.

    `fire`: the newest due time that was dealt with. `next_due` comes after the pause, where it is paused.
    """

    schedule: Schedule
    next_due: datetime
    fire: FireRecord | None = None
    run: LastRun | None = None
    pause: PauseRecord | None = None
    seen: bool = True  # False: no clock has seen it yet, so nothing will begin


@dataclass(frozen=True)
class ScheduleList:
    """`/backup schedule`: of one database or of all, in the order of the configuration."""

    schedules: Sequence[ScheduleStanding]
    database: str | None
    now: datetime


@dataclass(frozen=True)
class PauseMessage:
    """A pause as everybody sees it; over where `pause.ended_at` is set. `reminder`: said again, daily."""

    pause: PauseRecord
    next_due: datetime | None  # the first time that comes after it; None: not configured any more
    now: datetime
    reminder: bool = False
    idle: bool = False  # nothing is due while it lasts


@dataclass(frozen=True)
class NothingBegan:
    """A due time that nothing came of: missed while no clock ran, or refused. `sentence` says why."""

    key: str
    due_at: datetime
    fire: FireRecord
    next_due: datetime | None
