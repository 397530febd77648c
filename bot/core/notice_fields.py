"""What a notice asks its writer for: types of variables, and what is wrong with a value in a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.core.durations import parse_duration
from bot.core.mrkdwn import clean
from bot.core.notice_moments import WrongError, moment, refuse_far

# Slack's own limit of what can be typed into one field of a form.
LONGEST = 3000
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

    `suggest`: what a form starts with, `now` or so long after it (`+1h`). `within_window`: a span that is no
    longer than the window that its text announces.
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
    within_window: bool = False


Value = str | datetime | float | bool | None


@dataclass(frozen=True)
class Filled:
    """Values ready for a template, and a sentence for each field that is wrong. Optional and empty: None."""

    values: Mapping[str, Value]
    errors: Mapping[str, str]


def read(
    fields: Sequence[NoticeField],
    typed: Mapping[str, str],
    zone: str,
    now: datetime | None,
    *,
    picked: bool = False,
) -> Filled:
    """What was typed, checked. Times without an offset are meant in `zone`.

    `now` None: the past is allowed (a text that was approved earlier, a sample). `picked`: days and hours
    were chosen apart, nothing else can be written; what is wrong with a day is told under NAME__day.
    """
    values: dict[str, Value] = {}
    errors: dict[str, str] = {}
    understood: dict[str, datetime] = {}
    for field in fields:
        try:
            value = values[field.name] = _value(field, typed.get(field.name, ""), zone, now, picked)
        except WrongError as wrong:
            errors[place(field.name, picked and wrong.of_day)] = str(wrong)
            value = wrong.at
        if isinstance(value, datetime):
            understood[field.name] = value
    for name in typed.keys() - {field.name for field in fields}:
        errors[name] = f"This notice has no field called {clean(name)[:40]}."
    _compare(fields, understood, errors, ZoneInfo(zone) if picked else None)
    return Filled(values, errors)


def place(name: str, of_day: bool) -> str:
    """Where a form shows what is wrong with a time: at its day, or under its own name (the hour)."""
    return f"{name}__day" if of_day else name


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


def _value(field: NoticeField, typed: str, zone: str, now: datetime | None, picked: bool) -> Value:
    text = _cleaned(field, typed)
    if field.type is FieldType.CHECKED:
        return text.lower() in _YES
    if not text:
        if field.required:
            raise WrongError("This is needed.")
        return None
    if field.type is FieldType.DATETIME:
        return _moment(field, moment(text, zone, picked=picked), zone, now)
    if field.type is FieldType.DURATION:
        return _duration(text)
    if field.type is FieldType.CHOICE and text not in field.choices:
        raise WrongError(f"Choose one of: {', '.join(field.choices)}.")
    return text


def _cleaned(field: NoticeField, typed: str) -> str:
    text = clean(typed.replace("\r\n", "\n"), lines=field.type is FieldType.PARAGRAPH).strip()
    if len(text) > field.limit:
        raise WrongError(f"This is too long: {len(text):,} characters, of {field.limit:,} at most.")
    return text


def _duration(text: str) -> float:
    try:
        seconds = parse_duration(text)
    except ValueError:
        raise WrongError("This is no span of time; write 30s, 15m, 2h or 1h 30m.") from None
    if seconds <= 0:
        raise WrongError("This must be longer than nothing; write 30s, 15m or 2h.")
    return seconds


def _moment(field: NoticeField, at: datetime, zone: str, now: datetime | None) -> datetime:
    if now is None:
        return at
    refuse_far(at, now)
    if field.ahead and at <= now:
        if _day(at, zone) < _day(now, zone):
            raise WrongError("This day is past; choose one that lies ahead.", of_day=True, at=at)
        raise WrongError("This time is past; choose one that lies ahead.", at=at)
    return at


def _day(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()


def _compare(
    fields: Sequence[NoticeField],
    times: Mapping[str, datetime],
    errors: dict[str, str],
    zone: ZoneInfo | None,
) -> None:
    """What must come after another; said instead of what else is wrong with its time.

    `zone`: where days and hours were picked apart; None: they were not.
    """
    labels = {field.name: field.label for field in fields}
    for field in fields:
        this, other = times.get(field.name), times.get(field.after or "")
        if this is None or other is None or this > other:
            continue
        errors.pop(place(field.name, True), None)
        errors.pop(field.name, None)
        of_day = zone is not None and this.astimezone(zone).date() < other.astimezone(zone).date()
        errors[place(field.name, of_day)] = f"This must come after {labels[field.after or ''].lower()}."
