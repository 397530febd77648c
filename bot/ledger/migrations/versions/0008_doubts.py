"""What is known against stored backups: gone from the storage, or damaged."""

from __future__ import annotations

from bot.ledger.migrations.scripts import run_file_beside

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the columns."""
    run_file_beside(__file__)
