"""Can the schedules meet the RPO at all? From one backup's snapshot until the next one is stored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil
from statistics import median

from bot.core.backup import Kind
from bot.core.schedules import Schedule
from bot.core.units import duration_text
from bot.errors import ConfigurationError
from bot.ledger import health
from bot.ledger.connection import LedgerConnection
from bot.services import due
from bot.services.sources import Sources

_WITH_ROWS = (Kind.FULL, Kind.CRITICAL)
_LOOK_BACK = timedelta(days=30)
# Far enough to meet the longest pause of a monthly line; many enough for one that rests at weekends.
_LOOK_AHEAD, _STEPS = timedelta(days=62), 500
_HOUR = timedelta(hours=1)


def refuse_unreachable(connection: LedgerConnection, sources: Sources, name: str, now: datetime) -> str:
    """Say in a few words how the RPO of a configured database and its schedules go together.

    Raises:
        NotFoundError: no such database.
        ConfigurationError: with the schedules as they are it is broken again and again.
    """
    settings = sources.settings(name)
    if not settings.rpo:
        return "no RPO is configured"
    rpo = timedelta(seconds=settings.rpo)
    plan = [one for one in due.of_database(sources.configuration, name) if one.kind in _WITH_ROWS]
    if not plan:
        return "no schedule takes backups with rows"
    apart, took = longest_apart(plan, now), _usual(connection, name, now)
    said = f"backups come up to {_text(apart)} apart" + (f" and take about {_text(took)}" if took else "")
    # Without a run to go by it takes some time all the same.
    if rpo < apart + took or rpo == apart:
        hours = ceil((apart + took) / _HOUR) + 1
        raise ConfigurationError(
            f"The RPO of {_text(rpo)} cannot be kept: {said}; the newest data get as old as both.",
            next_step=f'Write rpo = "{hours}h" (an hour to spare), or back up more often.',
        )
    return f"{said}; at most {_text(rpo)} may be lost"


def longest_apart(schedules: Sequence[Schedule], now: datetime) -> timedelta:
    """The longest time from one due time of any of these to the next, over the next two months."""
    at = min(due.next_after(one, now) for one in schedules)
    longest = timedelta(0)
    for _ in range(_STEPS):
        after = min(due.next_after(one, at) for one in schedules)
        longest = max(longest, after - at)
        if after - now > _LOOK_AHEAD:
            break
        at = after
    return longest


def _usual(connection: LedgerConnection, name: str, now: datetime) -> timedelta:
    """The median time of the last month's backups with rows; 0 where there is none."""
    runs = [run.seconds for run in health.runs(connection, name, now - _LOOK_BACK) if run.kind in _WITH_ROWS]
    return timedelta(seconds=median(runs)) if runs else timedelta(0)


def _text(span: timedelta) -> str:
    return duration_text(span.total_seconds())
