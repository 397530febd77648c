"""Alerts: what is wrong, since when, who knows."""

from __future__ import annotations

from bot.ledger.migrations.scripts import run_file_beside

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the tables."""
    run_file_beside(__file__)
