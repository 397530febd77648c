"""What a schedule's plan was, and alerts that somebody had taken for too long."""

from __future__ import annotations

from bot.ledger.migrations.scripts import run_file_beside

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the columns and the step."""
    run_file_beside(__file__)
