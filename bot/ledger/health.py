"""What the ledger knows of a database's backups over time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.backup import BackupRecord, Doubt, Kind
from bot.core.health import Run
from bot.ledger.backups import as_records
from bot.ledger.connection import LedgerConnection
from bot.ledger.statements import statements


@dataclass(frozen=True)
class Total:
    """Good backups and their bytes; `grown_bytes` of those with a snapshot since the asked-for time.

    `doubted`: how many more are known to be gone or damaged.
    """

    backups: int
    size_bytes: int
    grown_bytes: int
    doubted: int = 0


def newest(
    conn: LedgerConnection, databases: Sequence[str], kinds: Sequence[Kind]
) -> dict[str, dict[Kind, BackupRecord]]:
    """Of each database and kind the newest good backup, asked once for all."""
    rows = statements("health").every(
        conn, "newest", databases=list(databases), kinds=[kind.value for kind in kinds]
    )
    found: dict[str, dict[Kind, BackupRecord]] = defaultdict(dict)
    for record in as_records(rows):
        found[record.database][record.kind] = record
    return found


def standing_failures(conn: LedgerConnection, databases: Sequence[str]) -> dict[str, BackupRecord]:
    """Of each database the newest failed run that no later good one, of its kind or full, has made up for.

    Backups of single tables are somebody's errand, not the database's state: they do not count.
    """
    rows = statements("health").every(conn, "standing_failures", databases=list(databases))
    return {record.database: record for record in as_records(rows)}


def usual_sizes(conn: LedgerConnection, databases: Sequence[str]) -> dict[str, int]:
    """The median size in bytes of the last five good full backups, of each database that has any."""
    rows = statements("health").every(conn, "usual_sizes", databases=list(databases), kind=Kind.FULL.value)
    return {row["database"]: int(row["size_bytes"]) for row in rows if row["size_bytes"] is not None}


def runs(conn: LedgerConnection, database: str, since: datetime) -> list[Run]:
    """Good backups of whole kinds since then, oldest first, and of each kind the newest from before."""
    return [Run(**row) for row in statements("health").every(conn, "runs", database=database, since=since)]


def first_of_each(
    conn: LedgerConnection,
    database: str,
    kinds: Sequence[str],
    own: Sequence[str],
    due: Sequence[datetime],
) -> tuple[list[datetime], list[datetime]]:
    """The first good snapshot from each due time until the next one, ascending; and of `own` kinds alone."""
    rows = statements("health").every(
        conn, "first_of_each", database=database, kinds=list(kinds), own=list(own), due=list(due)
    )
    return [row["at"] for row in rows], [row["own"] for row in rows if row["own"]]


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


def lost_proofs(conn: LedgerConnection, databases: Sequence[str]) -> dict[str, Doubt]:
    """Of each database whose proved backup does not count any more, what is known against it."""
    rows = statements("health").every(conn, "lost_proofs", databases=list(databases))
    return {row["database"]: Doubt(row["doubt"]) for row in rows}


def databases(conn: LedgerConnection) -> list[str]:
    """Every database that the ledger has backups of, configured or not."""
    return [row["database"] for row in statements("health").every(conn, "databases")]
