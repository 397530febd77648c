"""Withdrawals of what was being sent: when, and by whom."""

from __future__ import annotations

from bot.ledger.migrations.scripts import run_file_beside

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the columns, and fill them from the history."""
    run_file_beside(__file__)
