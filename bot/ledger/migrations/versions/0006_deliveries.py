"""Deliveries of notices: one row for each recipient and channel."""

from __future__ import annotations

from bot.ledger.migrations.scripts import run_file_beside

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Create the tables."""
    run_file_beside(__file__)
