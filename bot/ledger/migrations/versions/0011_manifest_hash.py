"""Manifests are known by their bytes."""

from __future__ import annotations

from bot.ledger.migrations.scripts import run_file_beside

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add the column."""
    run_file_beside(__file__)
