"""Bring the ledger's tables to the shape this code knows."""

from __future__ import annotations

from typing import Any

import psycopg
from alembic import command
from alembic.config import Config
from psycopg import sql
from sqlalchemy import Connection as AlchemyConnection
from sqlalchemy import create_engine, pool
from sqlalchemy.exc import DBAPIError

from bot.errors import ConfigurationError
from bot.ledger.connection import SCHEMA, ledger_conninfo, ledger_errors
from bot.ledger.revisions import FOLDER, found_revision, head_revision, refuse_newer

_LOCK = 0x5350_4152_4557_4845  # "SPAREWHE": one migration at a time in a database


def migrate(url: str) -> str:
    """Apply every migration that is missing, in one transaction; answers the revision reached.

    Two processes that start at once take turns (an advisory lock); the second finds nothing to do.

    Raises:
        LedgerUnavailableError: the ledger cannot be reached.
        ConfigurationError: the ledger was made by a newer version, or the role may not create a schema.
    """
    try:
        with ledger_errors():
            return _migrate(ledger_conninfo(url, "sparewheel migrate"))
    except psycopg.errors.InsufficientPrivilege:
        raise ConfigurationError(
            f"The ledger's role may not create the schema {SCHEMA!r}.",
            next_step="Grant it CREATE on the ledger database, then run `sparewheel migrate` again.",
        ) from None


def _migrate(conninfo: str) -> str:
    ours = psycopg.connect(conninfo)
    engine = create_engine("postgresql+psycopg://", creator=lambda: ours, poolclass=pool.NullPool)
    try:
        with engine.begin() as connection:
            _prepare(ours)
            refuse_newer(found_revision(ours))
            command.upgrade(_configuration(connection), "head")
    except DBAPIError as error:
        raise (error.orig or error) from None  # the driver's own, which ledger_errors knows
    finally:
        engine.dispose()
        ours.close()
    return head_revision()


def _prepare(conn: psycopg.Connection[Any]) -> None:
    """Take the lock, and only then look whether the schema is there."""
    conn.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    conn.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(SCHEMA)))


def _configuration(connection: AlchemyConnection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
