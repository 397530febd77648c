"""Short ways to the states that tests start from."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from typing import TypeVar

from bot.core.backup import BackupRecord, Kind
from bot.core.people import Actor, Source
from bot.ledger import backups
from bot.ledger.connection import LedgerConnection

ANN = Actor("T1", "UANN", Source.SLACK)
SNAPSHOT = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)

T = TypeVar("T")


def asked(conn: LedgerConnection, database: str = "cruzonic", kind: Kind = Kind.FULL) -> BackupRecord:
    """A waiting backup."""
    tables = ("eld_events",) if kind is Kind.TABLE else ()
    return backups.insert(conn, actor=ANN, database=database, kind=kind, tables=tables)


def running(
    conn: LedgerConnection, attempt: str = "a1", lease: float = 60, database: str = "cruzonic"
) -> BackupRecord:
    """A running backup."""
    record = asked(conn, database)
    assert backups.claim(conn, record.id, attempt, lease)
    return record


def facts(size: int = 1000, snapshot_at: datetime = SNAPSHOT) -> backups.StoredFacts:
    """What a stored backup is known by."""
    return backups.StoredFacts(
        archive_key="sparewheel/manual/cruzonic/full/x.dump",
        manifest_key="sparewheel/manifests/cruzonic/x.json",
        location="s3://b/sparewheel/manual/cruzonic/full/x.dump",
        size_bytes=size,
        sha256="ab" * 32,
        snapshot_at=snapshot_at,
        version_id="v1",
        manifest_version_id="v2",
        row_count=7,
        table_count=2,
        omitted=["table auth.secrets: no right to read"],
        server_version="17.10",
        client_version="17.10",
    )


def stored(
    conn: LedgerConnection,
    database: str = "cruzonic",
    kind: Kind = Kind.FULL,
    size: int = 1000,
    snapshot_at: datetime = SNAPSHOT,
) -> BackupRecord:
    """A stored backup."""
    record = asked(conn, database, kind)
    assert backups.claim(conn, record.id, "a1", 60)
    assert backups.mark_stored(conn, record.id, "a1", facts(size, snapshot_at))
    return backups.get(conn, record.id)


def at_once(times: int, action: Callable[[int], T]) -> list[T]:
    """Run the same action in as many threads, let go together."""
    gate = Barrier(times)

    def one(number: int) -> T:
        gate.wait(30)
        return action(number)

    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(one, range(times)))
