"""What is posted of schedules, for each of their topics."""

from __future__ import annotations

from bot.app import House
from bot.core.reply import Showing
from bot.services import fires, schedules
from bot.slack.deliver import Loader


def topics(house: House) -> dict[str, Loader]:
    """Topic -> what a stage of a subject looks like now."""

    def pause(subject: str, stage: str) -> Showing | None:
        del stage
        return _shown(house.schedules.pause_message(subject))

    def reminder(subject: str, stage: str) -> Showing | None:
        del stage
        return _shown(house.schedules.pause_message(subject.partition(":")[0], reminder=True))

    def nothing_began(subject: str, stage: str) -> Showing | None:
        del stage
        return _shown(house.schedules.nothing_began(subject))

    return {
        schedules.PAUSE_TOPIC: pause,
        schedules.REMINDER_TOPIC: reminder,
        fires.TOPIC: nothing_began,
    }


def _shown(view: object | None) -> Showing | None:
    return Showing(view) if view is not None else None
