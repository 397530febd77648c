"""Restore tests: one row each, and their messages."""

from __future__ import annotations

from bot.ledger.migrations.scripts import run_file_beside

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the table and let the outbox speak of restore tests."""
    run_file_beside(__file__)
