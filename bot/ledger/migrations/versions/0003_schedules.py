"""Schedules: what fired when, and what is paused."""

from __future__ import annotations

from bot.ledger.migrations.scripts import run_file_beside

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the tables, and let the outbox speak of whatever a subject is called."""
    run_file_beside(__file__)
