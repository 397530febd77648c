"""`sparewheel run`: the whole product from one command."""

from __future__ import annotations

import os

import click

from bot.supervisor.run import Stopping, Supervisor


@click.command()
def run() -> None:
    """Start everything and keep it running; what is not set is embedded. Ctrl-C stops it."""
    stopping = Stopping()
    with stopping.listening():
        Supervisor(os.environ, stopping).run()
