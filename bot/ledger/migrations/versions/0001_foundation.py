"""The first tables: backups, checks, audit, messages, and the queue's own (procrastinate 3.10)."""

from __future__ import annotations

from procrastinate.schema import SchemaManager

from bot.ledger.migrations.scripts import run_file_beside, run_sql

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create everything in the schema that the search path names."""
    run_sql(SchemaManager.get_schema())
    run_file_beside(__file__)
