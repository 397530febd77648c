"""The last due time of a schedule, worked out once for as long as it is the last one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from bot.core.schedules import Schedule
from bot.services import due


@dataclass
class _Remembered:
    """From one due time until the next, that is the last one."""

    span: tuple[datetime, datetime] | None = None


def last_due(schedule: Schedule, at: datetime) -> datetime | None:
    """What due.last_due() says: cron lines cost a millisecond each, and a Home tab asks for hundreds."""
    remembered = _of(schedule)
    span = remembered.span
    if span is None or not span[0] <= at < span[1]:
        last = due.last_due(schedule, at)
        if last is None:
            return None
        span = (last, due.next_after(schedule, last))
        remembered.span = span
    return span[0]


@lru_cache(maxsize=10_000)
def _of(schedule: Schedule) -> _Remembered:
    del schedule  # the key
    return _Remembered()
