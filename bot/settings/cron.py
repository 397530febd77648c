"""A schedule's line as the scheduling library's trigger, refused where its time never comes."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from functools import cache
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

from bot.core.schedules import check_cron

# Sees every date that a calendar has, 29 February of a leap year among them.
_SOME_DAY = datetime(2024, 1, 1, tzinfo=UTC)


@cache
def cron_trigger(cron: str, zone: str) -> CronTrigger:
    """The trigger of a checked line, in a zone of the IANA names.

    A sixth field in front, for seconds, is understood too; a configuration cannot hold one.
    """
    return _build(cron, ZoneInfo(zone))


def valid_cron(text: str) -> str:
    """A line that is well written and whose time comes.

    Raises:
        ValueError: with what to write instead.
    """
    cron = check_cron(text)
    try:
        trigger = _build(cron, UTC)
    except ValueError as error:
        raise ValueError(f"{text!r}: {str(error)[:1].lower()}{str(error)[1:]}") from None
    if trigger.get_next_fire_time(None, _SOME_DAY) is None:
        raise ValueError(f"{text!r} names a date that never comes")
    return cron


def _build(cron: str, zone: tzinfo) -> CronTrigger:
    if cron.startswith("first "):
        _, day, *at = cron.split()
        hour, minute = (at[0] if at else "00:00").split(":")
        return CronTrigger(day=f"1st {day[:3]}", hour=int(hour), minute=int(minute), timezone=zone)
    *second, minute, hour, day, month, weekday = cron.lower().split()
    return CronTrigger(
        second="".join(second) or 0,
        minute=minute,
        hour=hour,
        day=day,
        month=month,
        day_of_week=weekday,
        timezone=zone,
    )
