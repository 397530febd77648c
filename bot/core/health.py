"""What was measured of a database's backups over a stretch of time: data at risk, and its age day by day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Run:
    """One stored backup: what it holds, as of when, when it was stored, its bytes, and how long it took."""

    kind: str
    snapshot_at: datetime
    finished_at: datetime
    size_bytes: int
    seconds: float


@dataclass(frozen=True)
class Loss:
    """The most that a loss of the database would have cost, and when; `over`: how often more than allowed."""

    worst: timedelta
    at: datetime
    over: int


def worst_loss(
    runs: Sequence[Run], since: datetime, now: datetime, allowed: timedelta | None = None
) -> Loss | None:
    """How old the newest stored data ever were between `since` and `now`; None where there were none.

    Args:
        runs: ascending by snapshot, the last one from before `since` included where there is one.
        since: where looking begins, UTC.
        now: where it ends.
        allowed: the RPO, for counting how often it was missed.
    """
    stretches = [(end - begin, end) for begin, end in _stretches(runs, now) if end > since]
    if not stretches:
        return None
    worst, at = max(stretches)
    over = sum(1 for age, _ in stretches if allowed is not None and age > allowed)
    return Loss(worst, at, over)


def ages_by_day(runs: Sequence[Run], days: Sequence[datetime], now: datetime) -> list[timedelta | None]:
    """For each day (its beginning), how old the newest stored data got during it; None before the first."""
    stretches = list(_stretches(runs, now))
    ages: list[timedelta | None] = []
    first = 0
    for day in days:
        ends = min(day + timedelta(days=1), now)
        while first < len(stretches) and stretches[first][1] <= day:
            first += 1
        found = []
        for begin, end in stretches[first:]:
            if begin >= ends:
                break
            found.append(min(end, ends) - begin)
        ages.append(max(found, default=None))
    return ages


def _stretches(runs: Sequence[Run], now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """From each snapshot until the next one was stored: so long, it was the newest there was."""
    for i, run in enumerate(runs):
        end = runs[i + 1].finished_at if i + 1 < len(runs) else now
        # Stored after `now` is not known yet: a test's clock, or the ledger's, may be ahead.
        yield run.snapshot_at, min(end, now)
