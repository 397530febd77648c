"""What the ledger knows of a database's backups over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.health import Run
from bot.ledger.connection import LedgerConnection
from bot.ledger.statements import statements


@dataclass(frozen=True)
class Total:
    """Stored backups and their bytes; `grown_bytes` of those with a snapshot since the asked-for time."""

    backups: int
    size_bytes: int
    grown_bytes: int


def runs(conn: LedgerConnection, database: str, since: datetime) -> list[Run]:
    """Stored backups of whole kinds since then, oldest first, and of each kind the newest from before."""
    return [Run(**row) for row in statements("health").every(conn, "runs", database=database, since=since)]


def first_of_each(
    conn: LedgerConnection, database: str, kinds: Sequence[str], due: Sequence[datetime]
) -> list[datetime]:
    """The first stored snapshot from each due time until the next, and the newest from before, ascending."""
    rows = statements("health").every(
        conn, "first_of_each", database=database, kinds=list(kinds), due=list(due)
    )
    return [row["at"] for row in rows]


def total(conn: LedgerConnection, database: str, since: datetime) -> Total:
    """How much is stored of a database."""
    row = statements("health").one(conn, "kept", database=database, since=since)
    assert row is not None  # an aggregate always has its row
    return Total(**row)


def recoveries(conn: LedgerConnection, database: str, since: datetime) -> tuple[int, timedelta | None]:
    """How many restore tests measured a recovery since then, and the slowest of them."""
    row = statements("health").one(conn, "recoveries", database=database, since=since)
    assert row is not None  # as above
    slowest = timedelta(seconds=row["slowest"]) if row["slowest"] is not None else None
    return int(row["tests"]), slowest


def databases(conn: LedgerConnection) -> list[str]:
    """Every database that the ledger has backups of, configured or not."""
    return [row["database"] for row in statements("health").every(conn, "databases")]
