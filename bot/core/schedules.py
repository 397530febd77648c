"""Rules for written schedules. Only their shape: the clock itself is not here."""

from __future__ import annotations

import re

_FIELDS = ("minute", "hour", "day of month", "month", "weekday")
_DAYS = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
_FIRST = re.compile(r"first (mon|tues|wednes|thurs|fri|satur|sun)day(?: (?:[01]\d|2[0-3]):[0-5]\d)?")


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
    return " ".join(fields)
