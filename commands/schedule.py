"""`/backup schedule`: the words typed, handed to the service of schedules; what it answers, handed back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from bot.core.people import Actor
from bot.services.schedule_views import PauseMessage, ScheduleList
from commands.schedule_words import KnownSchedules, Pause, Resume, ScheduleWanted, ShowSchedules


class ScheduleService(Protocol):
    """What this command needs of `bot.services.schedules.Schedules`."""

    def keys(self) -> tuple[str, ...]:
        """Every configured schedule's key."""

    def standing(self, actor: Actor, database: str | None = None) -> ScheduleList:
        """How they stand."""

    def pause(
        self,
        actor: Actor,
        key: str,
        *,
        reason: str,
        end: timedelta | datetime,
        channel: str | None = None,
    ) -> PauseMessage:
        """Have nothing begin for a while."""

    def resume(self, actor: Actor, key: str) -> PauseMessage:
        """Let it go on."""


def known(schedules: ScheduleService, databases: tuple[str, ...], default: str | None) -> KnownSchedules:
    """The schedules that words can name, and the database that this place stands for."""
    return KnownSchedules(schedules.keys(), databases, default)


def view(
    wanted: ScheduleWanted, actor: Actor, schedules: ScheduleService, channel: str | None
) -> ScheduleList | PauseMessage:
    """Ask the service for what is wanted.

    Raises:
        SparewheelError: the refusal, for whoever shows it.
    """
    match wanted:
        case ShowSchedules(database):
            return schedules.standing(actor, database)
        case Pause(key, end, reason):
            return schedules.pause(actor, key, reason=reason, end=end, channel=channel)
        case Resume(key):
            return schedules.resume(actor, key)
