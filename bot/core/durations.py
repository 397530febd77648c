"""Spans of time as people write them in the configuration."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd])")


def parse_duration(value: object) -> float:
    """`"90s"`, `"48h"`, `"1h 30m"` or a number of seconds -> seconds.

    Raises:
        ValueError: with what to write instead.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        if value < 0:
            raise ValueError("a duration cannot be negative")
        return float(value)
    if isinstance(value, str):
        text = value.strip().lower()
        if text and re.fullmatch(rf"(?:{_SPAN.pattern}\s*)+", text):
            return sum(float(n) * _UNITS[unit] for n, unit in _SPAN.findall(text))
    raise ValueError(f"{value!r} is no duration; write '30s', '15m', '48h' or '2d'")


@dataclass(frozen=True)
class Keep:
    """A calendar-true retention: six months are six months, not 180 days. `forever` wins."""

    months: int = 0
    days: int = 0
    forever: bool = False

    def until(self, taken_at: datetime) -> datetime | None:
        """When what was taken then may go; None for never."""
        if self.forever:
            return None
        index = taken_at.month - 1 + self.months
        year, month = taken_at.year + index // 12, index % 12 + 1
        last_day = calendar.monthrange(year, month)[1]
        if taken_at.day > last_day:  # 31 August + 6 months ends with February, not before it
            moved = taken_at.replace(year=year, month=month, day=last_day) + timedelta(days=1)
        else:
            moved = taken_at.replace(year=year, month=month)
        return moved + timedelta(days=self.days)

    def back_from(self, now: datetime) -> datetime | None:
        """What is from before then may go now; None for never."""
        if self.forever:
            return None
        index = now.month - 1 - self.months
        year, month = now.year + index // 12, index % 12 + 1
        day = min(now.day, calendar.monthrange(year, month)[1])
        return now.replace(year=year, month=month, day=day) - timedelta(days=self.days)


def parse_keep(value: object) -> Keep:
    """`"6 months"`, `"30 days"`, `"2 weeks"`, `"1 year"`, `"forever"` -> Keep.

    Raises:
        ValueError: with what to write instead.
    """
    if isinstance(value, Keep):
        return value
    text = value.strip().lower() if isinstance(value, str) else ""
    if text in ("forever", "indefinite"):
        return Keep(forever=True)
    match = re.fullmatch(r"([1-9]\d{0,3})\s*(day|week|month|year)s?", text)
    if not match:
        raise ValueError(f"{value!r} is no time to keep something; write '6 months', '30 days' or 'forever'")
    n, unit = int(match[1]), match[2]
    return {
        "day": Keep(days=n),
        "week": Keep(days=7 * n),
        "month": Keep(months=n),
        "year": Keep(months=12 * n),
    }[unit]
