"""Recipients are counted after a text is written; the number that the last yes was given to is kept."""

from __future__ import annotations

from bot.ledger.migrations.scripts import run_file_beside

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Change the table."""
    run_file_beside(__file__)
