"""Bring the ledger's tables to the shape this code knows, and refuse to work with any other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy import Connection as AlchemyConnection
from sqlalchemy import create_engine, pool
from sqlalchemy.exc import DBAPIError

from bot.errors import ConfigurationError
from bot.ledger.connection import SCHEMA, LedgerConnection, ledger_conninfo, ledger_errors

VERSION_TABLE = "schema_version"

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
            _refuse_newer(_found_revision(ours))
            command.upgrade(_configuration(connection), "head")
    except DBAPIError as error:
        raise (error.orig or error) from None  # the driver's own, which ledger_errors knows
    finally:
        engine.dispose()
        ours.close()
    return head_revision()


def check_current(conn: LedgerConnection) -> None:
    """Make sure that the ledger has exactly the tables this code was written for.

    Raises:
        ConfigurationError: it has none, older or newer ones; the sentence says what to run.
    """
    found = _found_revision(conn)
    if found == head_revision():
        return
    _refuse_newer(found)
    raise ConfigurationError(
        "The ledger has no tables yet." if found is None else "The ledger's tables are of an older version.",
        next_step="Run `sparewheel migrate`, then start again.",
    )


def is_fresh(conn: LedgerConnection) -> bool:
    """Whether no version of the product ever made its tables here."""
    return _found_revision(conn) is None


def head_revision() -> str:
    """The newest revision this code knows."""
    head = _scripts().get_current_head()
    if head is None:
        raise AssertionError("the package carries no migration")
    return head


def _prepare(conn: psycopg.Connection[Any]) -> None:
    """Take the lock, and only then look whether the schema is there."""
    conn.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    conn.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(SCHEMA)))


def _found_revision(conn: psycopg.Connection[Any]) -> str | None:
    """The ledger's revision, or None where no migration ever ran."""
    table = sql.Identifier(SCHEMA, VERSION_TABLE)
    with conn.cursor(row_factory=psycopg.rows.scalar_row) as cursor:
        name = f"{SCHEMA}.{VERSION_TABLE}"
        if cursor.execute("SELECT to_regclass(%s) IS NULL", [name]).fetchone():
            return None
        found = cursor.execute(sql.SQL("SELECT version_num FROM {}").format(table)).fetchone()
    return None if found is None else str(found)


def _refuse_newer(found: str | None) -> None:
    known = {script.revision for script in _scripts().walk_revisions()}
    if found is not None and found not in known:
        raise ConfigurationError(
            f"The ledger was made by a newer version of Sparewheel (revision {found}).",
            next_step="Start the newer version; an older one would not understand what it finds.",
        )


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_configuration(None))


def _configuration(connection: AlchemyConnection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
