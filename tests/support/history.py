"""Backups and restore tests of the past, written into the ledger as their runs would have left them."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.app import House
from bot.core.backup import BackupRecord, Kind
from bot.core.people import Actor, Source
from bot.core.restore_test import StepTimes
from bot.core.verdict import Verdict
from bot.ledger import backups, restore_tests
from bot.ledger.connection import borrowed

CLOCK = Actor("T0TEST", "daily", Source.SCHEDULE)


def stored(
    house: House,
    at: datetime,
    database: str = "shop",
    kind: Kind = Kind.FULL,
    *,
    size: int = 1000,
    took: timedelta = timedelta(minutes=2),
    lying: bool = False,
) -> BackupRecord:
    """A backup as of then. `lying`: its archive and manifest are put into the storage, too."""
    with borrowed(house.pool) as connection:
        record = backups.insert(connection, actor=CLOCK, database=database, kind=kind)
        assert backups.claim(connection, record.id, "a1", 60)
        archive = manifest = None
        if lying:
            archive = house.store.put(f"sparewheel/daily/{record.id}.dump", b"x" * size)
            manifest = house.store.put(f"sparewheel/manifests/{record.id}.json", b"{}")
        facts = backups.StoredFacts(
            archive_key=archive.key if archive else f"sparewheel/daily/{record.id}.dump",
            manifest_key=manifest.key if manifest else f"sparewheel/manifests/{record.id}.json",
            location="file:///nowhere",
            size_bytes=size,
            sha256="ab" * 32,
            snapshot_at=at,
            version_id=archive.version_id if archive else None,
            manifest_version_id=manifest.version_id if manifest else None,
            row_count=7,
            table_count=2,
        )
        assert backups.mark_stored(connection, record.id, "a1", facts)
        connection.execute(
            "UPDATE backup_log SET created_at = %s, started_at = %s, finished_at = %s WHERE id = %s",
            (at, at, at + took, record.id),
        )
        return backups.get(connection, record.id)


def proved(house: House, backup: BackupRecord, at: datetime, times: StepTimes) -> None:
    """A restore test that passed then."""
    with borrowed(house.pool) as connection:
        test = restore_tests.insert(
            connection, backup_id=backup.id, asked_for="latest full", way="everything", actor=CLOCK
        )
        assert restore_tests.claim(connection, test.id, "a1", 60)
        result = restore_tests.Result(
            Verdict.PASS,
            archive_bytes=backup.size_bytes,
            archive_sha256=backup.sha256,
            times=times,
            proof_key="sparewheel/proofs/x.json",
        )
        assert restore_tests.finish(connection, test.id, "a1", result)
        connection.execute("UPDATE restore_test SET finished_at = %s WHERE id = %s", (at, test.id))
