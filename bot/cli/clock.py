"""`sparewheel clock`: tells the queue what is due, and looks every minute at what nobody asks for."""

from __future__ import annotations

import logging

import click

from bot.cli import health
from bot.cli.part import restartable
from bot.cli.roles import stop_on_signal
from bot.cli.session import open_house
from bot.supervisor import ready
from bot.wiring.clock import clock_of

log = logging.getLogger(__name__)


@click.command()
@restartable
def clock() -> None:
    """Begin what is due: backups, restore tests, reports. As many of them as you like, on any machine."""
    with stop_on_signal() as stop, open_house() as house, health.serving(house):
        works = clock_of(house)
        log.info("the clock knows %s schedules", len(works.firing.schedules))
        ready.announce()
        works.run(stop)
