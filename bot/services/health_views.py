"""What is known of a database beyond its newest backups: measured, kept, covered, and what comes next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.alerts import Alert
from bot.core.backup import Kind
from bot.core.coverage import Coverage
from bot.core.health import Loss


@dataclass(frozen=True)
class Measured:
    """The last `days` days: data at risk, and how long bringing a full backup back took in restore tests.

    `begins`: the first backup of all, where it is younger than that; before it everything was at risk.
    """

    days: int
    loss: Loss | None
    recovery: timedelta | None = None  # the slowest
    tests: int = 0
    begins: datetime | None = None


@dataclass(frozen=True)
class Kept:
    """What the ledger knows to be stored, and good. `grown_bytes`: what came in the last 30 days.

    `doubted`: how many more are known to be gone or damaged, and count for nothing.
    """

    backups: int
    size_bytes: int
    grown_bytes: int
    doubted: int = 0


@dataclass(frozen=True)
class NextRun:
    """When a schedule is due next. `paused`: it will not run then."""

    name: str
    kind: str
    at: datetime
    paused: bool = False


@dataclass(frozen=True)
class KindCoverage:
    """How much of six months the stored backups of a kind cover; `zone`: in which dates are meant.

    `known_since`: since when this schedule is known here, where that is less than six months; what was due
    before it nobody knows. `by_full`: how many of the due times only a full backup covers.
    """

    kind: Kind
    coverage: Coverage
    zone: str
    known_since: datetime | None = None
    by_full: int = 0


@dataclass(frozen=True)
class Facts:
    """All of it for one database."""

    measured: Measured
    kept: Kept
    next_runs: Sequence[NextRun] = ()
    coverage: Sequence[KindCoverage] = ()
    alerts: Sequence[Alert] = ()


@dataclass(frozen=True)
class Chart:
    """One database in the picture: bytes and seconds for each day, None where there was nothing."""

    database: str
    sizes: Sequence[int | None]
    durations: Sequence[float | None]
    ages: Sequence[float | None]
    rpo: float | None = None
