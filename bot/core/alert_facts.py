"""What the rules for alerts look at: one database, or the bot's own parts, at one instant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.core.backup import Kind
from bot.core.verdict import Verdict

# A database's clock says when its snapshot was taken, the ledger's when it was due.
CLOCKS_APART = timedelta(minutes=5)
# What was missed while no clock ran begins within that time after one runs again.
CAUGHT_UP_WITHIN = timedelta(minutes=10)


@dataclass(frozen=True)
class Stored:
    """A good backup. Size in bytes."""

    id: str
    snapshot_at: datetime
    size_bytes: int
    rows: int | None


@dataclass(frozen=True)
class Checked:
    """The newest backup of a kind, good or not, and what its last check said."""

    kind: Kind
    id: str
    snapshot_at: datetime
    passed: bool
    sentence: str | None


@dataclass(frozen=True)
class Planned:
    """A schedule, and since when it is known here.

    `owed` is the newest due time whose grace is over, None where there is none: each time before it is as
    good as made up for by whatever came since. `elsewhere`: other clocks fire it, by a plan not known here.
    """

    name: str
    kind: str
    owed: datetime | None
    since: datetime
    stale_after: timedelta | None = None
    paused: bool = False
    elsewhere: bool = False


@dataclass(frozen=True)
class Failed:
    """The newest failed backup of its kind that no later success has made up for."""

    id: str
    kind: str
    finished_at: datetime
    sentence: str
    next_step: str


@dataclass(frozen=True)
class Unreadable:
    """A row that is there and means nothing to this version; the rule that needs it raises `error`."""

    error: Exception


@dataclass(frozen=True)
class Silence:
    """The last time that no clock looked at anything, by its two ends."""

    since: datetime
    until: datetime


@dataclass(frozen=True)
class LastTest:
    """The newest restore test that ended, stopped ones left out."""

    id: str
    backup_id: str
    finished_at: datetime
    verdict: Verdict
    sentence: str


@dataclass(frozen=True)
class Running:
    """A backup or restore test under way; `usual` is the median of the last ones like it, if any."""

    id: str
    what: str
    started_at: datetime
    usual: timedelta | None


@dataclass(frozen=True)
class DatabaseFacts:
    """One configured database. `stored`: of each kind the newest good backups, newest first."""

    name: str
    since: datetime
    rpo: timedelta | None = None
    rto: timedelta | None = None
    schedules: Sequence[Planned] = ()
    stored: Mapping[Kind, Sequence[Stored]] = field(default_factory=dict)
    checked: Sequence[Checked] = ()
    failed: Sequence[Failed] = ()
    tested: LastTest | Unreadable | None = None
    proved_at: datetime | None = None
    recovery: timedelta | None = None
    running: Sequence[Running] = ()
    silence: Silence | None = None

    @property
    def newest_rows(self) -> Stored | None:
        """The newest backup that holds rows; one of definitions alone saves nobody's data."""
        found = [backups[0] for kind, backups in self.stored.items() if backups and kind is not Kind.SCHEMA]
        return max(found, key=lambda backup: backup.snapshot_at, default=None)


@dataclass(frozen=True)
class Waiting:
    """Jobs of one queue that a free worker could take up at once, `what` in words.

    `busy`: a living worker is at others of this queue, so that waiting is nothing strange.
    """

    queue: str
    what: str
    jobs: int
    since: datetime
    busy: bool = False


@dataclass(frozen=True)
class HouseFacts:
    """The bot's own parts: when a worker was last heard, and what waits for one."""

    worker_heard_at: datetime | None
    waiting: Sequence[Waiting] = ()


@dataclass(frozen=True)
class Limits:
    """What counts as too much. `shrink` is a share, `slow` a factor."""

    shrink: float = 0.3
    slow: float = 2.0
    stuck_after: timedelta = timedelta(minutes=10)
