"""Approvals and notices: what was asked for, of whom, and what they said."""

from __future__ import annotations

from bot.ledger.migrations.scripts import run_file_beside

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the tables."""
    run_file_beside(__file__)
