"""The words after `/backup schedule` -> what is wanted: a look at all, a pause, or the end of one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.durations import parse_duration
from bot.errors import WordsError
from commands import suggest
from commands.tokens import straighten

COMMAND = f"{suggest.COMMAND} schedule"
_VERB = re.compile(r"schedules?(?:\s+|$)", re.IGNORECASE)
_BECAUSE = re.compile(r"\s+because(?:\s+|$)|\s*:\s+", re.IGNORECASE)
_SPAN = re.compile(r"\s+for\s+((?:\d+(?:\.\d+)?\s*[smhd]\s*)+)$", re.IGNORECASE)
_UNTIL = re.compile(r"\s+until\s+(\d{4}-\d\d-\d\d)(?:[\sT]+(\d\d:\d\d))?$", re.IGNORECASE)
_MISTYPED = re.compile(r"(sc?h?ed[a-z]*)\b", re.IGNORECASE)
_UNCLEAR = re.compile(r"\s+((?:for|until)\s+.*)$", re.IGNORECASE)
_TIMES = "Write `for 30m`, `for 2d`, `until 2030-12-01` or `until 2030-12-01 08:00`."


@dataclass(frozen=True)
class KnownSchedules:
    """What a name may mean: every key (`<database>/<name>`), and the database of this place, if any."""

    keys: tuple[str, ...]
    databases: tuple[str, ...]
    default: str | None = None


@dataclass(frozen=True)
class ShowSchedules:
    """All of them, or those of one database."""

    database: str | None = None


@dataclass(frozen=True)
class Pause:
    """Have nothing begin for a while. An `end` without a zone is meant in the schedule's own."""

    key: str
    end: timedelta | datetime
    reason: str


@dataclass(frozen=True)
class Resume:
    """Let it go on."""

    key: str


ScheduleWanted = ShowSchedules | Pause | Resume


def about_schedules(text: str) -> bool:
    """Whether these words, typed after `/backup`, are for here.

    Raises:
        WordsError: they were meant to be, by the look of it; with the command as its suggestion.
    """
    text = straighten(text).strip()
    if _VERB.match(text):
        return True
    first = _MISTYPED.match(text)
    if first and suggest.near(first[1], ("schedule", "schedules")):
        raise WordsError(f'"{first[1]}" means nothing here.', suggestion=COMMAND + text[first.end() :])
    return False


def changes_one(text: str) -> bool:
    """Whether these words, which begin with `schedule`, would pause one or let it go on."""
    verb = _VERB.sub("", straighten(text).strip(), count=1).split(" ")[0]
    return verb.lower() in ("pause", "resume")


def parse(text: str, known: KnownSchedules) -> ScheduleWanted:
    """Read what was typed, from the word `schedule` on.

    Raises:
        WordsError: with what to type instead.
    """
    rest = _VERB.sub("", straighten(text).strip(), count=1).strip()
    verb, _, words = rest.partition(" ")
    if verb.lower() == "pause":
        return _pause(words, known)
    if verb.lower() == "resume":
        return Resume(_key(words, known))
    if not rest or rest.lower() == "list":
        return ShowSchedules()
    if rest.lower() in known.databases:
        return ShowSchedules(rest.lower())
    near = suggest.near(rest.split()[0], ("pause", "resume", *known.databases))
    raise WordsError(
        f"{_echo(rest)} means nothing here.",
        suggestion=f"{COMMAND} {near}" if near in known.databases else None,
        next_step=f"Type `{COMMAND}` to see them all. {_like(next(iter(known.keys), None))}".strip(),
    )


def _pause(words: str, known: KnownSchedules) -> Pause:
    head, *reason = _BECAUSE.split(f" {words}", maxsplit=1)
    end, name = _end(head.rstrip())
    key = _key(name, known)
    if end is None:
        suggestion = _mended(key, "for 1d", reason)
        raise WordsError("Say until when.", next_step=_like(key), suggestion=suggestion)
    if not reason or not reason[0].strip():
        raise WordsError("Say why, so that others know.", next_step=_like(key))
    return Pause(key, end, reason[0].strip())


def _end(head: str) -> tuple[timedelta | datetime | None, str]:
    """The end that stands last, and what stands before it."""
    if span := _SPAN.search(head):
        return timedelta(seconds=parse_duration(span[1].strip())), head[: span.start()]
    if until := _UNTIL.search(head):
        try:
            return datetime.fromisoformat(f"{until[1]}T{until[2] or '00:00'}"), head[: until.start()]
        except ValueError:
            raise WordsError(f"{until[1]} {until[2] or ''} is no date.", next_step=_TIMES) from None
    if unclear := _UNCLEAR.search(head):
        raise WordsError(f"{_echo(unclear[1])} says no time.", next_step=_TIMES)
    return None, head


def _key(words: str, known: KnownSchedules) -> str:
    """The one schedule that is named: `daily`, `cruzonic/daily`, or both words in any order."""
    named = [word.lower() for word in re.split(r"[\s/]+", words.strip()) if word]
    if not named:
        raise WordsError("Say which schedule.", next_step=f"Type `{COMMAND}` to see them all.")
    fitting = [key for key in known.keys if set(named) <= set(key.split("/"))]
    here = [key for key in fitting if key.partition("/")[0] == known.default]
    found = fitting if len(fitting) == 1 else here
    if len(found) == 1:
        return found[0]
    if fitting:
        raise WordsError(
            f"{_echo(words)} is the name of several: {suggest.names(fitting)}.", next_step="Name one of them."
        )
    near = suggest.near("/".join(named), known.keys) or _near_name(named, known.keys)
    meant = f" Did you mean {near}?" if near else ""
    raise WordsError(
        f"There is no schedule {_echo(words)}.{meant}", next_step=f"Type `{COMMAND}` to see them all."
    )


def _near_name(named: Sequence[str], keys: Sequence[str]) -> str | None:
    names = {key.partition("/")[2]: key for key in keys}
    near = suggest.near(named[-1], names)
    return names[near] if near else None


def _like(key: str | None) -> str:
    """An example that can be typed as it stands: two databases may have a schedule of one name."""
    return f"Like `{COMMAND} pause {key} for 2d because the server moves`." if key else ""


def _mended(key: str, end: str, reason: Sequence[str]) -> str | None:
    return f"{COMMAND} pause {key} {end} because {reason[0]}" if reason else None


def _echo(words: str) -> str:
    words = " ".join(words.split())
    return f'"{words if len(words) <= 60 else words[:60] + "…"}"'  # noqa: PLR2004 - one line on a phone
