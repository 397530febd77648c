"""Times as customers read them: the day, the clock, the zone by name, and the same in UTC."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

_MINUTE, _HOUR = 60, 3600


def moment_text(at: datetime, zone: str) -> str:
    """`Sunday 1 November 2026, 01:30 EDT (UTC-04:00)`; in UTC without the bracket."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{_day(local)}, {_clock(local, zone)}"


def day_text(at: datetime, zone: str) -> str:
    """`Sunday 1 November 2026`."""
    return _day(at.astimezone(ZoneInfo(zone)))


def times_text(at: datetime, zones: Sequence[str]) -> str:
    """One instant in UTC and in each zone: the audience's first."""
    return " = ".join(moment_text(at, zone) for zone in _with_utc(zones))


def window_lines(start: datetime, end: datetime, zones: Sequence[str]) -> list[str]:
    """A window, one line for each zone (the audience's first, with the length; UTC last).

    Where the clocks change inside, the line says so: start and end alone would give the wrong length.
    """
    first, *others = [_window(start, end, zone) for zone in _with_utc(zones)]
    return [f"{first}, {span_text((end - start).total_seconds())}", *others]


def span_text(seconds: float) -> str:
    """`1 hour 30 minutes`, `2 days`, `45 seconds`: words for customers, whole seconds."""
    rest = round(seconds)
    parts = []
    for size, word in ((86400, "day"), (_HOUR, "hour"), (_MINUTE, "minute"), (1, "second")):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {word}{'' if count == 1 else 's'}")
    return " ".join(parts) or "no time"


def _with_utc(zones: Sequence[str]) -> list[str]:
    return [*(zone for zone in dict.fromkeys(zones) if zone != "UTC"), "UTC"]


def _window(start: datetime, end: datetime, zone: str) -> str:
    first, last = start.astimezone(ZoneInfo(zone)), end.astimezone(ZoneInfo(zone))
    until = "" if first.date() == last.date() else f"{_day(last)}, "
    shift = first.utcoffset() != last.utcoffset()
    begins = _clock(first, zone) if shift else f"{first:%H:%M}"
    note = f"; the clocks {_turn(first, last)} in between" if shift else ""
    return f"{_day(first)}, {begins} to {until}{_clock(last, zone)}{note}"


def _turn(first: datetime, last: datetime) -> str:
    before, after = first.utcoffset(), last.utcoffset()
    assert before is not None
    assert after is not None
    return "go forward" if after > before else "go back"


def _day(local: datetime) -> str:
    return f"{local:%A} {local.day} {local:%B %Y}"


def _clock(local: datetime, zone: str) -> str:
    """`01:30 EDT (New York, UTC-04:00)`. An abbreviation alone means different things on two continents."""
    if zone == "UTC" or local.tzinfo is UTC:
        return f"{local:%H:%M} UTC"
    place = zone.rpartition("/")[2].replace("_", " ")
    offset = local.isoformat()[-6:]
    name = local.tzname() or ""
    short = f"{name} " if name.isalpha() else ""
    return f"{local:%H:%M} {short}({place}, UTC{offset})"
