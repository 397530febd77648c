"""SQL by name from `sql/<subject>.sql`, with the few types the rest of the ledger needs to see."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import aiosql
from psycopg.rows import DictRow

from bot.ledger.connection import LedgerConnection


class Statements:
    """The statements of one subject. Parameters go by name and are bound by the driver."""

    def __init__(self, subject: str) -> None:
        path = Path(__file__).parent / "sql" / f"{subject}.sql"
        self._queries: Any = aiosql.from_path(path, "psycopg")

    def one(self, conn: LedgerConnection, name: str, /, **values: object) -> DictRow | None:
        """The first row (`-- name: …^`), or None."""
        row: DictRow | None = getattr(self._queries, name)(conn, **values)
        return row

    def every(self, conn: LedgerConnection, name: str, /, **values: object) -> list[DictRow]:
        """All rows (`-- name: …`)."""
        return list(getattr(self._queries, name)(conn, **values))

    def value(self, conn: LedgerConnection, name: str, /, **values: object) -> Any:
        """The only column of the first row (`-- name: …$`), or None."""
        return getattr(self._queries, name)(conn, **values)

    def run(self, conn: LedgerConnection, name: str, /, **values: object) -> int:
        """How many rows were written (`-- name: …!`)."""
        return int(getattr(self._queries, name)(conn, **values))


@cache
def statements(subject: str) -> Statements:
    """Read the file of a subject once per process."""
    return Statements(subject)
