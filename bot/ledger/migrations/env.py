"""What alembic runs: our connection, already in a transaction and under the lock (bot.ledger.migrate)."""

from __future__ import annotations

from alembic import context

from bot.ledger.connection import SCHEMA
from bot.ledger.revisions import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    version_table=VERSION_TABLE,
    version_table_schema=SCHEMA,
)
context.run_migrations()
