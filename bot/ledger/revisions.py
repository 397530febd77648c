"""Which shape the ledger's tables have, and whether this code was written for it.

Every process asks this as it starts. It reads names of files and one row, and never loads the library
that migrates: that one takes over 20 MB, which only `sparewheel migrate` needs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from bot.errors import ConfigurationError
from bot.ledger.connection import SCHEMA, LedgerConnection

VERSION_TABLE = "schema_version"
FOLDER = Path(__file__).parent / "migrations"


def known_revisions() -> list[str]:
    """Every revision this code has a script for, oldest first: the number its file begins with."""
    return sorted(path.name.partition("_")[0] for path in FOLDER.glob("versions/[0-9]*.py"))


def head_revision() -> str:
    """The newest revision this code knows."""
    return known_revisions()[-1]


def check_current(conn: LedgerConnection) -> None:
    """Make sure that the ledger has exactly the tables this code was written for.

    Raises:
        ConfigurationError: it has none, older or newer ones; the sentence says what to run.
    """
    found = found_revision(conn)
    if found == head_revision():
        return
    refuse_newer(found)
    raise ConfigurationError(
        "The ledger has no tables yet." if found is None else "The ledger's tables are of an older version.",
        next_step="Run `sparewheel migrate`, then start again.",
    )


def is_fresh(conn: LedgerConnection) -> bool:
    """Whether no version of the product ever made its tables here."""
    return found_revision(conn) is None


def found_revision(conn: psycopg.Connection[Any]) -> str | None:
    """The ledger's revision, or None where no migration ever ran."""
    table = sql.Identifier(SCHEMA, VERSION_TABLE)
    with conn.cursor(row_factory=psycopg.rows.scalar_row) as cursor:
        name = f"{SCHEMA}.{VERSION_TABLE}"
        if cursor.execute("SELECT to_regclass(%s) IS NULL", [name]).fetchone():
            return None
        found = cursor.execute(sql.SQL("SELECT version_num FROM {}").format(table)).fetchone()
    return None if found is None else str(found)


def refuse_newer(found: str | None) -> None:
    """Let only a revision pass that this code knows, or none at all.

    Raises:
        ConfigurationError: the ledger was made by a newer version of the product.
    """
    if found is not None and found not in known_revisions():
        raise ConfigurationError(
            f"The ledger was made by a newer version of Sparewheel (revision {found}).",
            next_step="Start the newer version; an older one would not understand what it finds.",
        )
