"""What a notice asks its writer for: types of variables, and what is wrong with a value in a sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.core.durations import parse_duration
from bot.core.mrkdwn import clean

_DIGITS = re.compile(r"\d{9,11}")
# Slack's own limit of what can be typed into one field of a form.
LONGEST = 3000
_FURTHEST = timedelta(days=2 * 366)
_YES = frozenset({"yes", "true", "1", "on"})


class FieldType(StrEnum):
    """How a variable is asked for, and what it becomes in a template."""

    TEXT = "text"  # one line -> str
    PARAGRAPH = "paragraph"  # several lines -> str
    DATETIME = "datetime"  # -> datetime in UTC
    DURATION = "duration"  # -> float, seconds
    CHOICE = "choice"  # one of `choices` -> str
    CHECKED = "checked"  # a box that somebody ticks -> bool


@dataclass(frozen=True)
class NoticeField:
    """One variable of a stage. `ahead`: must lie in the future. `after`: the field it must come after.

    `suggest`: what a form starts with, `now` or so long after it (`+1h`).
    """

    name: str
    type: FieldType
    label: str
    sample: str
    hint: str = ""
    required: bool = True
    choices: tuple[str, ...] = ()
    ahead: bool = False
    after: str | None = None
    limit: int = LONGEST
    suggest: str = ""


Value = str | datetime | float | bool | None


@dataclass(frozen=True)
class Filled:
    """Values ready for a template, and a sentence for each field that is wrong. Optional and empty: None."""

    values: Mapping[str, Value]
    errors: Mapping[str, str]


class _WrongError(ValueError):
    """A value that cannot be taken; the message is for the person who typed it."""


def read(fields: Sequence[NoticeField], typed: Mapping[str, str], zone: str, now: datetime | None) -> Filled:
    """What was typed, checked. Times without an offset are meant in `zone`.

    `now` None: the past is allowed (a text that was approved earlier, a sample).
    """
    values: dict[str, Value] = {}
    errors: dict[str, str] = {}
    for field in fields:
        try:
            values[field.name] = _value(field, typed.get(field.name, ""), zone, now)
        except _WrongError as wrong:
            errors[field.name] = str(wrong)
    for name in typed.keys() - {field.name for field in fields}:
        errors[name] = f"This notice has no field called {clean(name)[:40]}."
    _compare(fields, values, errors)
    return Filled(values, errors)


def canonical(values: Mapping[str, Value]) -> dict[str, str]:
    """Values as text that read() takes back unchanged: times in UTC, durations in seconds, ticks as yes."""
    return {name: _text(value) for name, value in values.items() if value not in (None, False)}


def suggested(fields: Sequence[NoticeField], now: datetime) -> dict[str, str]:
    """The times that a form starts with, in the form of canonical(), as whole minutes."""
    minute = now.astimezone(UTC).replace(second=0, microsecond=0)
    ahead = {one.name: one.suggest.removeprefix("+") for one in fields if one.suggest}
    return {
        name: (minute if span == "now" else minute + timedelta(seconds=parse_duration(span))).isoformat()
        for name, span in ahead.items()
    }


def _text(value: Value) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, bool):
        return "yes"
    return f"{value:f}s" if isinstance(value, float) else str(value)


def _value(field: NoticeField, typed: str, zone: str, now: datetime | None) -> Value:
    text = _cleaned(field, typed)
    if field.type is FieldType.CHECKED:
        return text.lower() in _YES
    if not text:
        if field.required:
            raise _WrongError("This is needed.")
        return None
    if field.type is FieldType.DATETIME:
        return _moment(field, text, zone, now)
    if field.type is FieldType.DURATION:
        return _duration(text)
    if field.type is FieldType.CHOICE and text not in field.choices:
        raise _WrongError(f"Choose one of: {', '.join(field.choices)}.")
    return text


def _cleaned(field: NoticeField, typed: str) -> str:
    text = clean(typed.replace("\r\n", "\n"), lines=field.type is FieldType.PARAGRAPH).strip()
    if len(text) > field.limit:
        raise _WrongError(f"This is too long: {len(text):,} characters, of {field.limit:,} at most.")
    return text


def _duration(text: str) -> float:
    try:
        seconds = parse_duration(text)
    except ValueError:
        raise _WrongError("This is no span of time; write 30s, 15m, 2h or 1h 30m.") from None
    if seconds <= 0:
        raise _WrongError("This must be longer than nothing; write 30s, 15m or 2h.")
    return seconds


def _moment(field: NoticeField, text: str, zone: str, now: datetime | None) -> datetime:
    at = moment(text, zone)
    if now is not None and abs(at - now) > _FURTHEST:
        raise _WrongError("This is more than two years away; look at the year.")
    if now is not None and field.ahead and at <= now:
        raise _WrongError("This time is past; choose one that lies ahead.")
    return at


def moment(text: str, zone: str) -> datetime:
    """A time as people type it, or as Slack's picker gives it (seconds since 1970) -> UTC.

    Raises:
        ValueError: with a sentence: no time, or one that does not exist, or happens twice, in `zone`.
    """
    if _DIGITS.fullmatch(text):
        return datetime.fromtimestamp(int(text), UTC)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise _WrongError("This is no time; write it like 2026-03-01 22:00.") from None
    if len(text) <= len("2026-03-01"):
        raise _WrongError("The hour is missing; write it like 2026-03-01 22:00.")
    return (at if at.tzinfo else _local(at, zone)).astimezone(UTC)


def _local(at: datetime, zone: str) -> datetime:
    """A wall clock's time in its zone, where that is one instant and no more."""
    first, second = (at.replace(tzinfo=ZoneInfo(zone), fold=fold) for fold in (0, 1))
    if first.astimezone(UTC).astimezone(first.tzinfo).replace(tzinfo=None) != at:
        raise _WrongError(
            f"{at:%H:%M} does not exist on that day in {zone}: the clocks go forward over it. "
            "Choose another time."
        )
    if first.utcoffset() != second.utcoffset():
        one, other = (each.isoformat(sep=" ", timespec="minutes") for each in (first, second))
        raise _WrongError(
            f"{at:%H:%M} happens twice on that day in {zone}: the clocks go back. "
            f"Write which one, {one} or {other}."
        )
    return first


def _compare(fields: Sequence[NoticeField], values: Mapping[str, Value], errors: dict[str, str]) -> None:
    labels = {field.name: field.label for field in fields}
    for field in fields:
        this, other = values.get(field.name), values.get(field.after or "")
        if isinstance(this, datetime) and isinstance(other, datetime) and this <= other:
            errors[field.name] = f"This must come after {labels[field.after or ''].lower()}."
