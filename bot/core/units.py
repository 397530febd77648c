"""Sizes, spans and counts as people read them; the same in Slack and on the command line."""

from __future__ import annotations

_SIZES = ("kB", "MB", "GB", "TB", "PB")
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_STEP = 1000


def size_text(size: int) -> str:
    """Bytes -> `512 bytes`, `46.4 MB` (decimal units, as object stores bill them)."""
    if size < _STEP:
        return "1 byte" if size == 1 else f"{size} bytes"
    value, units = size / _STEP, iter(_SIZES)
    unit = next(units)
    # 999.96 would print as "1000.0": the next unit says it better.
    while round(value, 1) >= _STEP and unit != _SIZES[-1]:
        value, unit = value / _STEP, next(units)
    return f"{value:,.1f} {unit}"


def duration_text(seconds: float) -> str:
    """Seconds -> `0.4 s`, `12 s`, `1 min 12 s`, `4 h`, `2 h 03 min`, `3 d 4 h`, `2 d`. Below 0 is 0."""
    seconds = max(seconds, 0.0)
    if round(seconds, 1) < 10:  # noqa: PLR2004 - under ten seconds a tenth still tells something
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return _two(whole // _MINUTE, "min", whole % _MINUTE, "s")
    if whole < _DAY:
        return _two(whole // _HOUR, "h", whole % _HOUR // _MINUTE, "min")
    hours = whole % _DAY // _HOUR
    return f"{whole // _DAY} d {hours} h" if hours else f"{whole // _DAY} d"


def _two(large: int, unit: str, small: int, small_unit: str) -> str:
    """Two units, the smaller one with two digits and only where there is something of it."""
    return f"{large} {unit} {small:02d} {small_unit}" if small else f"{large} {unit}"


def count_text(number: int) -> str:
    """`1234567` -> `1,234,567`."""
    return f"{number:,}"


def plural(number: int, one: str, many: str = "") -> str:
    """`(1, "table")` -> `1 table`, `(3, "table")` -> `3 tables`; `many` where an s is not enough."""
    return f"{count_text(number)} {one if number == 1 else many or one + 's'}"


def share(done: int, expected: int) -> float:
    """How far, between 0 and 1; an estimate that was too low stops at 0.99 rather than lie."""
    if expected <= 0:
        return 0.0
    return min(max(done, 0) / expected, 0.99)
