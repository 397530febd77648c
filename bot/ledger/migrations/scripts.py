"""Run the SQL of a migration as it stands: many statements, and no parameter syntax to trip over."""

from __future__ import annotations

from pathlib import Path

import psycopg
from alembic import op


def run_sql(text: str) -> None:
    """Send SQL to the server unchanged, in the migration's transaction."""
    connection = op.get_bind().connection.driver_connection
    assert isinstance(connection, psycopg.Connection)
    connection.execute(text.encode())


def run_file_beside(script: str) -> None:
    """Run the .sql file that stands beside a migration script (pass `__file__`)."""
    run_sql(Path(script).with_suffix(".sql").read_text(encoding="utf-8"))
