"""The clock of a house: its schedules, and what is looked at every minute."""

from __future__ import annotations

from bot.app import House
from bot.clock.clock import Clock
from bot.clock.firing import Firing
from bot.clock.ticks import Tick, Ticks
from bot.services import due
from bot.wiring import alerts


def clock_of(house: House) -> Clock:
    """The clock of a house, with every schedule of a kind that something begins."""
    handlers = house.fires.handlers
    schedules = [each for each in due.schedules(house.configuration) if each.kind in handlers]
    firing = Firing.of(house.pool, house.queue, house.notifier, schedules)
    return Clock(firing, Ticks(house.pool, ticks_of(house), house.configuration.house.tick))


def ticks_of(house: House) -> dict[str, Tick]:
    """Name -> what one clock at a time does every minute."""
    return {
        "paused-reminder": house.schedules.remind,
        "approvals": house.approvals.tick,
        "notices": house.notices.life.tick,
        **alerts.ticks(house),
    }
