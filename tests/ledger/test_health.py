"""What the ledger knows of a database over time; a backup that is gone makes up for nothing."""

from __future__ import annotations

from bot.core.backup import BackupRecord, Doubt, Kind, SeenBy
from bot.errors import LockTimeoutError
from bot.ledger import backups, doubts, health
from bot.ledger.connection import LedgerConnection, LedgerPool, borrowed
from tests.ledger.support import running, stored

FAILURE = LockTimeoutError("Somebody held a table.")


def standing_failure(conn: LedgerConnection) -> BackupRecord | None:
    return health.standing_failures(conn, ["cruzonic", "fleetnest"]).get("cruzonic")


def test_a_failure_counts_until_a_later_success(pool: LedgerPool) -> None:
    with borrowed(pool) as conn:
        assert standing_failure(conn) is None
        record = running(conn)
        backups.mark_failed(conn, record.id, "a1", FAILURE)
        failed = standing_failure(conn)
        assert failed is not None
        stored(conn, kind=Kind.SCHEMA)  # definitions do not make up for rows
        assert standing_failure(conn) == failed
        good = stored(conn)
        assert standing_failure(conn) is None
        doubts.mark(conn, good.id, Doubt.GONE, "Its archive is not in the storage.", SeenBy.LOOK)
        assert standing_failure(conn) == failed


def test_each_database_has_its_own_newest_and_usual_size(pool: LedgerPool) -> None:
    with borrowed(pool) as conn:
        mine, other = stored(conn, size=100), stored(conn, "fleetnest", Kind.SCHEMA, size=7)
        found = health.newest(conn, ["cruzonic", "fleetnest"], list(Kind))
        assert found == {"cruzonic": {Kind.FULL: mine}, "fleetnest": {Kind.SCHEMA: other}}
        assert health.usual_sizes(conn, ["cruzonic", "fleetnest"]) == {"cruzonic": 100}
