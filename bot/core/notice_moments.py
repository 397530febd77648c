"""Times as people type or pick them for a notice: one instant, or a sentence on what is wrong."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_DIGITS = re.compile(r"\d{9,11}")
_DAY_ALONE = re.compile(r"\d{4}-\d\d-\d\d")
_HOUR_ALONE = re.compile(r"\d\d:\d\d")
_FURTHEST = timedelta(days=2 * 366)


class WrongError(ValueError):
    """A value that cannot be taken; the message is for the person who typed it.

    `of_day`: what is wrong with a time is its day. `at`: the time that was understood all the same.
    """

    def __init__(self, sentence: str, *, of_day: bool = False, at: datetime | None = None) -> None:
        super().__init__(sentence)
        self.of_day, self.at = of_day, at


def refuse_far(at: datetime, now: datetime) -> None:
    """A time that can only be a slip of the hand.

    Raises:
        WrongError: it is more than two years away, and on which side.
    """
    if abs(at - now) > _FURTHEST:
        way = "too far ahead" if at > now else "too long ago"
        raise WrongError(f"This is {way}, more than two years; look at the year.", of_day=True, at=at)


def moment(text: str, zone: str, *, picked: bool = False) -> datetime:
    """A time as people type it, or as Slack's pickers give it (`picked`, or seconds since 1970) -> UTC.

    Raises:
        WrongError: with a sentence: no time, or one that does not exist, or happens twice, in `zone`.
    """
    if _DIGITS.fullmatch(text):
        return datetime.fromtimestamp(int(text), UTC)
    if picked:
        _refuse_half(text)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise WrongError("This is no time; write it like 2026-03-01 22:00.") from None
    if len(text) <= len("2026-03-01"):
        raise WrongError("The hour is missing; write it like 2026-03-01 22:00.")
    try:
        return (at if at.tzinfo else _local(at, zone, picked)).astimezone(UTC)
    except OverflowError:  # the calendar's first and last day, in a zone that is not UTC
        side = "too far ahead" if at.year > 1 else "too long ago"
        raise WrongError(f"This is {side}; look at the year.", of_day=True) from None


def _refuse_half(text: str) -> None:
    """A day without an hour, or the other way round."""
    if _DAY_ALONE.fullmatch(text):
        raise WrongError("Choose the time too.")
    if _HOUR_ALONE.fullmatch(text):
        raise WrongError("Choose the day too.", of_day=True)


def _local(at: datetime, zone: str, picked: bool) -> datetime:
    """A wall clock's time in its zone, where that is one instant and no more."""
    first, second = (at.replace(tzinfo=ZoneInfo(zone), fold=fold) for fold in (0, 1))
    if first.astimezone(UTC).astimezone(first.tzinfo).replace(tzinfo=None) != at:
        raise WrongError(
            f"{at:%H:%M} does not exist on that day in {zone}: the clocks go forward over it. "
            "Choose another time."
        )
    if first.utcoffset() == second.utcoffset():
        return first
    if picked:
        begins, ends = _doubled(at, first, second)
        raise WrongError(
            "This hour comes twice that night, as clocks go back; "
            f"choose a time before {begins:%H:%M} or from {ends:%H:%M} on."
        )
    one, other = (each.isoformat(sep=" ", timespec="minutes") for each in (first, second))
    raise WrongError(
        f"{at:%H:%M} happens twice on that day in {zone}: the clocks go back. "
        f"Write which one, {one} or {other}."
    )


def _doubled(at: datetime, first: datetime, second: datetime) -> tuple[datetime, datetime]:
    """From when to when wall clocks show every minute twice; `at` is one of them."""
    zone = first.tzinfo
    minute = timedelta(minutes=1)

    def twice(each: datetime) -> bool:
        return len({each.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1)}) > 1

    begins = at.replace(second=0, microsecond=0)
    while twice(begins - minute):
        begins -= minute
    before, after = first.utcoffset(), second.utcoffset()
    assert before is not None
    assert after is not None
    return begins, begins + (before - after)
