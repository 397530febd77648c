"""What is known against stored backups: gone from the storage, or damaged; since when, and who saw it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from bot.core.backup import BackupRecord, Doubt, Format, Kind, SeenBy
from bot.ledger.backups import as_records
from bot.ledger.connection import LedgerConnection
from bot.ledger.statements import statements


def mark(conn: LedgerConnection, backup_id: str, doubt: Doubt, why: str, seen_by: SeenBy) -> bool:
    """Keep what is wrong with a stored backup. False: that was known already, and stays as it is."""
    name = f"mark_{doubt.value}"
    return statements("doubts").run(conn, name, id=backup_id, why=why, seen_by=seen_by.value) == 1


def was_seen(conn: LedgerConnection, record: BackupRecord) -> bool:
    """It lies in the storage in its version and size: not gone, and of that size. False: nobody doubted.

    `record`: as it was read before the look; what was seen against it since stands.
    """
    back = 0
    if record.gone_at:
        back = statements("doubts").run(conn, "clear_gone", id=record.id, read_from=record.gone_at)
    if record.damaged_at:
        back += _clear_damaged(conn, record.id, record.damaged_at, SeenBy.LOOK)
    return bool(back)


def was_read(conn: LedgerConnection, backup_id: str, read_from: datetime) -> None:
    """Its bytes are those that were written. What a restore found wrong with them stands.

    `read_from`: when the run began that read them, by the ledger's clock; what was seen since stands too.
    """
    statements("doubts").run(conn, "clear_gone", id=backup_id, read_from=read_from)
    _clear_damaged(conn, backup_id, read_from, SeenBy.LOOK, SeenBy.CHECK)


def was_proved(conn: LedgerConnection, backup_id: str, read_from: datetime) -> None:
    """It was restored and found equal: nothing stands against it but what was seen after `read_from`."""
    statements("doubts").run(conn, "clear_gone", id=backup_id, read_from=read_from)
    _clear_damaged(conn, backup_id, read_from, *SeenBy)


def newest_there(
    conn: LedgerConnection,
    database: str | None,
    kind: Kind,
    format: Format,  # noqa: A002 - the field's own name everywhere in the product
) -> BackupRecord | None:
    """The newest stored backup that is not known to be gone; it may be damaged."""
    rows = statements("doubts").every(
        conn, "newest_there", database=database, kind=kind.value, format=format.value
    )
    return next(iter(as_records(rows)), None)


def newest_there_of_all(conn: LedgerConnection, limit: int) -> list[BackupRecord]:
    """The newest stored backups of any database that are not known to be gone."""
    return as_records(statements("doubts").every(conn, "newest_there_of_all", limit=limit))


def can_come_back(conn: LedgerConnection, database: str, limit: int) -> list[BackupRecord]:
    """Doubted backups of a database that a look at the storage may find in order again.

    Half of them are the newest, the others are drawn anew each time.
    """
    return as_records(statements("doubts").every(conn, "known", database=database, limit=limit))


def since_good(
    conn: LedgerConnection, databases: Sequence[str], kinds: Sequence[Kind]
) -> dict[str, list[BackupRecord]]:
    """What is gone or damaged and newer than the newest good one of its kind, five of each at most."""
    rows = statements("doubts").every(
        conn, "since_good", databases=list(databases), kinds=[kind.value for kind in kinds]
    )
    found: dict[str, list[BackupRecord]] = defaultdict(list)
    for record in as_records(rows):
        found[record.database].append(record)
    return found


def _clear_damaged(conn: LedgerConnection, backup_id: str, read_from: datetime, *seen_by: SeenBy) -> int:
    by = [one.value for one in seen_by]
    return statements("doubts").run(conn, "clear_damaged", id=backup_id, read_from=read_from, seen_by=by)
