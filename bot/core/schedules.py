"""Rules for schedules: how they are written, what they are called, and how they read in words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

_FIELDS = ("minute", "hour", "day of month", "month", "weekday")
_DAYS = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
_FIRST = re.compile(r"first (mon|tues|wednes|thurs|fri|satur|sun)day(?: (?:[01]\d|2[0-3]):[0-5]\d)?")

HOUSE = "house"  # what stands before the slash where a schedule belongs to no database
RESTORE_TEST = "restore-test"


class CatchUp(StrEnum):
    """What is done for the runs that were due while no clock ran."""

    NEWEST = "newest"
    ALL = "all"
    NONE = "none"


@dataclass(frozen=True)
class Schedule:
    """One configured schedule. `key` is `<database>/<name>`, or `house/<name>` for the bot's own."""

    key: str
    kind: str  # full, critical, schema, restore-test; of the house: report, audit-check, housekeeping
    cron: str
    zone: str
    catch_up: CatchUp = CatchUp.NEWEST
    grace: timedelta = timedelta(hours=6)
    stale_after: timedelta | None = None
    then: str | None = None  # what follows a stored backup: restore-test
    heartbeat_url_env: str | None = None

    @property
    def database(self) -> str | None:
        """The database it is about; None for the house's own."""
        owner = self.key.partition("/")[0]
        return None if owner == HOUSE else owner

    @property
    def name(self) -> str:
        """Its name within the database."""
        return self.key.partition("/")[2]

    @property
    def plan(self) -> str:
        """When it is due, as one text: where that changes, its earlier times mean nothing any more."""
        return f"{self.cron} {self.zone}"

    @property
    def by_the_wall(self) -> bool:
        """Whether its hours are named: then each wall-clock time comes once a date, whatever the clocks do.

        One that comes every hour goes by time as it passes, through the hour that comes twice, too.
        """
        return self.cron.startswith("first ") or self.cron.split()[-4] != "*"


@dataclass(frozen=True)
class Due:
    """What asked for a run, where no person did. `late` says why it comes after its time, if it does."""

    schedule: str
    at: datetime
    late: str | None = None


def check_cron(text: str) -> str:
    """Five cron fields with weekdays as names, or `first monday [HH:MM]`.

    A weekday as a number is refused: crontab counts from Sunday, the scheduling library from Monday,
    and a backup would run on the wrong day (APScheduler #286).

    Raises:
        ValueError: with what to write instead.
    """
    if _FIRST.fullmatch(text.strip().lower()):
        return text.strip().lower()
    fields = text.split()
    if len(fields) != len(_FIELDS):
        raise ValueError(f"{text!r} needs five fields ({', '.join(_FIELDS)}), like '0 2 * * sun'")
    for value, name in zip(fields[:4], _FIELDS, strict=False):
        if not re.fullmatch(r"[\d*/,a-z-]+", value.lower()):
            raise ValueError(f"{text!r}: {value!r} is no {name}")
    weekday = fields[4].lower()
    if re.search(r"\d", weekday.split("/")[0]):
        raise ValueError(
            f"{text!r}: write the weekday as a name (sun, mon-fri), not as a number; "
            "programs disagree about which day 0 is"
        )
    if weekday != "*" and not all(part in _DAYS for part in re.split(r"[,-]", weekday)):
        raise ValueError(f"{text!r}: {fields[4]!r} is no weekday; write sun, mon-fri or mon,thu")
    if weekday != "*" and fields[2] != "*":
        raise ValueError(
            f"{text!r}: name a day of the month or a weekday, not both; programs disagree about "
            "whether either is enough ('first monday 09:00' is understood)"
        )
    return " ".join(fields)


def describe(cron: str) -> str:
    """A checked schedule in words, like `on Sunday at 02:00`; the line itself where words would mislead."""
    if cron.startswith("first "):
        _, day, *at = cron.split()
        return f"on the first {day.capitalize()} of the month at {at[0] if at else '00:00'}"
    minute, hour, day, month, weekday = cron.lower().split()
    when = _time_in_words(minute, hour)
    days = _days_in_words(day, month, weekday)
    if when is None or days is None:
        return f"by `{cron}`"
    if hour == "*":
        return when if days == "every day" else f"{when}, {days}"
    return f"{days} at {when}"


_LONG = {
    "mon": "Monday",
    "tue": "Tuesday",
    "wed": "Wednesday",
    "thu": "Thursday",
    "fri": "Friday",
    "sat": "Saturday",
    "sun": "Sunday",
}


def _time_in_words(minute: str, hour: str) -> str | None:
    if hour == "*":
        if minute in ("*", "*/1"):
            return "every minute"
        if re.fullmatch(r"\*/\d+", minute):
            return f"every {minute[2:]} minutes"
        return f"every hour at :{int(minute):02}" if minute.isdecimal() else None
    if not minute.isdecimal() or not re.fullmatch(r"\d+(,\d+)*", hour):
        return None
    return " and ".join(f"{int(h):02}:{int(minute):02}" for h in hour.split(","))


def _days_in_words(day: str, month: str, weekday: str) -> str | None:
    if month != "*":
        return None
    if day.isdecimal():
        return f"on day {int(day)} of the month"
    if day != "*":
        return None
    if weekday == "*":
        return "every day"
    if span := re.fullmatch(r"([a-z]{3})-([a-z]{3})", weekday):
        return f"{_LONG[span[1]]} to {_LONG[span[2]]}"
    return "on " + " and ".join(_LONG[name] for name in weekday.split(",")) if "-" not in weekday else None
