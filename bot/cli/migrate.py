"""`sparewheel migrate`: runs before the roles, and alone loads the library that migrates."""

from __future__ import annotations

import click

from bot.cli.session import environment
from bot.errors import ConfigurationError
from bot.ledger import migrate as migrations


@click.command()
def migrate() -> None:
    """Bring the ledger's tables to this version's shape. Safe to run twice, and by two at once."""
    url = environment().database_url
    if url is None:
        raise ConfigurationError(
            "The bot's own database is not named: SPAREWHEEL_DATABASE_URL is not set.",
            next_step="Set it, or start `make run`, which brings one.",
        )
    revision = migrations.migrate(url.get_secret_value())
    click.echo(f"The ledger is at revision {revision}.")
