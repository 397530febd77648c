"""Which stretch of time the stored backups cover, and where they leave gaps."""

from __future__ import annotations

import calendar
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

SIX = 6


@dataclass(frozen=True)
class Gap:
    """Due times in a row of which nothing was stored: the first, the last, and how many. Times are UTC."""

    first: datetime
    last: datetime
    missed: int


@dataclass(frozen=True)
class Coverage:
    """How many of the due times since `since` have a stored backup, and the gaps, oldest first."""

    since: datetime
    due: int
    covered: int
    gaps: tuple[Gap, ...] = ()


def months_before(at: datetime, months: int = SIX) -> datetime:
    """The same day of the month so many months ago; where there is none, the last day of that month.

    Six months are 181 to 184 days, never 180.
    """
    index = at.year * 12 + at.month - 1 - months
    year, month = divmod(index, 12)
    day = min(at.day, calendar.monthrange(year, month + 1)[1])
    return at.replace(year=year, month=month + 1, day=day)


def cover(since: datetime, due: Sequence[datetime], stored: Sequence[datetime]) -> Coverage:
    """Hold the stored snapshots against the due times.

    `due`: ascending, from `since` on, each over with its grace by now. `stored`: the snapshots' times,
    ascending. A due time is covered by a snapshot taken from then on until the next due time; the last one
    by anything since.
    """
    found = [_any_between(stored, due, i) for i in range(len(due))]
    return Coverage(since, len(due), sum(found), _gaps(due, found))


def _any_between(stored: Sequence[datetime], due: Sequence[datetime], i: int) -> bool:
    at = bisect_left(stored, due[i])
    return at < len(stored) and (i + 1 == len(due) or stored[at] < due[i + 1])


def _gaps(due: Sequence[datetime], found: Sequence[bool]) -> tuple[Gap, ...]:
    gaps: list[Gap] = []
    begun: list[datetime] = []
    for at, there in zip(due, found, strict=True):
        if not there:
            begun.append(at)
        elif begun:
            gaps.append(Gap(begun[0], begun[-1], len(begun)))
            begun = []
    if begun:
        gaps.append(Gap(begun[0], begun[-1], len(begun)))
    return tuple(gaps)
