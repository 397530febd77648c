"""Backups in the ledger: one row each, every write of a run fenced by its attempt token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import psycopg
from psycopg.rows import DictRow

from bot.core.backup import BackupRecord, Format, Kind, Phase, Progress, State
from bot.core.ids import new_id
from bot.core.people import Actor
from bot.core.schedules import Due
from bot.errors import NotFoundError, SparewheelError
from bot.ledger.connection import LedgerConnection
from bot.ledger.runs import Pulse, asked_by, due_values, pulse_of
from bot.ledger.statements import statements


@dataclass(frozen=True)
class UnfinishedUpload:
    """What a dead run may have left in storage."""

    archive_key: str | None
    manifest_key: str | None
    upload_id: str | None


@dataclass(frozen=True)
class StoredFacts:
    """Everything a stored backup is known by. Sizes in bytes, hash in lower-case hex, times UTC."""

    archive_key: str
    manifest_key: str
    location: str
    size_bytes: int
    sha256: str
    snapshot_at: datetime
    version_id: str | None = None
    manifest_version_id: str | None = None
    manifest_sha256: str | None = None
    row_count: int | None = None
    table_count: int | None = None
    omitted: Sequence[str] = ()
    warnings: Sequence[str] = ()
    server_version: str | None = None
    client_version: str | None = None


def insert(
    conn: LedgerConnection,
    *,
    actor: Actor,
    database: str,
    kind: Kind,
    format: Format = Format.CUSTOM,  # noqa: A002 - the field's own name everywhere in the product
    tables: Sequence[str] = (),
    channel: str | None = None,
    id: str | None = None,  # noqa: A002 - see above
    due: Due | None = None,
    lifecycle: str | None = None,
) -> BackupRecord:
    """Write a backup that waits for its turn. An id that is taken already is drawn again.

    `due`: what asked for it, where no person did; `lifecycle`: the folder that the bucket's rules go by.
    """
    values = {
        "database": database,
        "kind": kind.value,
        "format": format.value,
        "tables": list(tables),
        **asked_by(actor),
        "channel": channel,
        **due_values(due),
        "lifecycle": lifecycle,
    }
    row = statements("backups").one(conn, "insert", id=id or new_id(), **values)
    while row is None:
        row = statements("backups").one(conn, "insert", id=new_id(), **values)
    return _record(row)


def get(conn: LedgerConnection, backup_id: str) -> BackupRecord:
    """The backup of exactly this id.

    Raises:
        NotFoundError: there is none.
    """
    return _record(_row(conn, "get", backup_id))


def find_by_prefix(conn: LedgerConnection, prefix: str, team: str | None = None) -> list[BackupRecord]:
    """Backups whose id starts with the given characters, newest first, at most 20."""
    return as_records(statements("backups").every(conn, "find_by_prefix", prefix=prefix, team=team))


def recent(
    conn: LedgerConnection,
    *,
    database: str | None = None,
    kind: Kind | None = None,
    state: State | None = None,
    limit: int = 10,
) -> tuple[list[BackupRecord], int]:
    """The backups asked for last, newest first, and how many match in all."""
    by = {
        "database": database,
        "kind": kind.value if kind else None,
        "state": state.value if state else None,
    }
    rows = statements("backups").every(conn, "recent", limit=limit, **by)
    return as_records(rows), int(statements("backups").value(conn, "count", **by))


def newest_stored(
    conn: LedgerConnection,
    database: str | None = None,
    kind: Kind | None = None,
    format: Format | None = None,  # noqa: A002 - the field's own name everywhere in the product
) -> BackupRecord | None:
    """The good backup with the newest snapshot: one that is gone or damaged does not count."""
    row = statements("backups").one(
        conn,
        "newest_stored",
        database=database,
        kind=kind.value if kind else None,
        format=format.value if format else None,
    )
    return None if row is None else _record(row)


def running_and_queued(conn: LedgerConnection, database: str | None = None) -> list[BackupRecord]:
    """What is not over yet: the running one first, then the waiting ones in their order."""
    return as_records(statements("backups").every(conn, "running_and_queued", database=database))


def ahead(conn: LedgerConnection, record: BackupRecord) -> int:
    """How many backups of the same database run or wait before this waiting one; 0 once it runs."""
    return int(statements("backups").value(conn, "ahead", id=record.id))


def usual_size(conn: LedgerConnection, database: str, kind: Kind = Kind.FULL) -> int | None:
    """The median size in bytes of the last five good backups of a kind, None where there is none."""
    size = statements("backups").value(conn, "usual_size", database=database, kind=kind.value)
    return None if size is None else int(size)


def unfinished_upload(conn: LedgerConnection, backup_id: str) -> UnfinishedUpload:
    """Where a run was writing, for whoever cleans up behind it.

    Raises:
        NotFoundError: there is no such backup.
    """
    row = _row(conn, "upload", backup_id)
    return UnfinishedUpload(row["file_path"], row["manifest_key"], row["upload_id"])


def manifest_version(conn: LedgerConnection, backup_id: str) -> str | None:
    """The version id of a stored backup's manifest, where the store keeps versions.

    Raises:
        NotFoundError: there is no such backup.
    """
    version: str | None = _row(conn, "upload", backup_id)["manifest_version_id"]
    return version


def claim(conn: LedgerConnection, backup_id: str, attempt: str, lease_seconds: float) -> bool:
    """Begin a waiting backup, unless another one of its database runs; a unique index settles races.

    False: it is not waiting any more, or the database is busy (look at its state to tell).
    """
    try:
        with conn.transaction():
            return _one_row(conn, "claim", id=backup_id, attempt=attempt, lease_seconds=float(lease_seconds))
    except psycopg.errors.UniqueViolation:
        return False


def pulse(
    conn: LedgerConnection, backup_id: str, attempt: str, progress: Progress, lease_seconds: float
) -> Pulse:
    """Say that the run lives and how far it is, extend its lease, and learn of a cancel."""
    row = statements("backups").one(
        conn,
        "pulse",
        id=backup_id,
        attempt=attempt,
        lease_seconds=float(lease_seconds),
        phase=progress.phase.name,
        rows_done=progress.rows_done,
        rows_expected=progress.rows_expected,
        tables_done=progress.tables_done,
        tables_expected=progress.tables_expected,
        bytes_out=progress.bytes_out,
    )
    return pulse_of(row)


def mark_upload(
    conn: LedgerConnection,
    backup_id: str,
    attempt: str,
    *,
    archive_key: str,
    manifest_key: str,
    upload_id: str,
) -> bool:
    """Keep where the run writes, before its first byte. False: not this attempt's any more."""
    return _one_row(
        conn,
        "mark_upload",
        id=backup_id,
        attempt=attempt,
        archive_key=archive_key,
        manifest_key=manifest_key,
        upload_id=upload_id,
    )


def mark_stored(conn: LedgerConnection, backup_id: str, attempt: str, facts: StoredFacts) -> bool:
    """End a run well. False: not this attempt's any more, and nothing was written."""
    values = {**vars(facts), "omitted": list(facts.omitted), "warnings": list(facts.warnings)}
    return _one_row(conn, "mark_stored", id=backup_id, attempt=attempt, **values)


def mark_failed(conn: LedgerConnection, backup_id: str, attempt: str | None, error: SparewheelError) -> bool:
    """End a run badly. Without an attempt: one that still waits.

    False: not this attempt's any more (or, without one, not waiting), and nothing was written.
    """
    return _one_row(
        conn,
        "mark_failed",
        id=backup_id,
        attempt=attempt,
        rule=error.rule,
        sentence=error.sentence,
        next_step=error.next_step or None,
        detail=error.cause or None,
    )


def mark_cancelled(conn: LedgerConnection, backup_id: str, attempt: str) -> bool:
    """End a run whose cancel was asked for. False: not this attempt's, or nobody asked."""
    return _one_row(conn, "mark_cancelled", id=backup_id, attempt=attempt)


def request_cancel(conn: LedgerConnection, backup_id: str, by: str) -> Literal["queued", "running", "final"]:
    """Ask for the end of a backup; `by` is what people read (the first to ask is kept).

    "queued": it waited and is over now. "running": its next pulse says so. "final": it was over already.

    Raises:
        NotFoundError: there is no such backup.
    """
    row = statements("backups").one(conn, "request_cancel", id=backup_id, requested_by=by)
    if row is None:
        get(conn, backup_id)
        return "final"
    return "running" if row["state"] == State.RUNNING.value else "queued"


def take_over(conn: LedgerConnection, attempt: str, lease_seconds: float) -> list[BackupRecord]:
    """Give every run whose lease is over to this attempt; each run goes to one caller.

    From that instant the dead process can write no more, should it wake up. A caller that dies too
    leaves the run to be found again when the new lease is over.
    """
    rows = statements("backups").every(conn, "take_over", attempt=attempt, lease_seconds=float(lease_seconds))
    return as_records(rows)


def mark_cleared(conn: LedgerConnection, backup_id: str) -> bool:
    """Keep that nothing of a run that came to nothing lies in storage any more."""
    return _one_row(conn, "mark_cleared", id=backup_id)


def uncleared(conn: LedgerConnection, older_than_seconds: float) -> list[BackupRecord]:
    """Runs that came to nothing that long ago, and may have left something in storage; locked, at most 20."""
    return as_records(
        statements("backups").every(conn, "uncleared", older_than_seconds=float(older_than_seconds))
    )


def abandoned(conn: LedgerConnection, older_than_seconds: float) -> list[BackupRecord]:
    """Waiting backups that no job will ever run (their command line died), locked for the caller."""
    return as_records(
        statements("backups").every(conn, "abandoned", older_than_seconds=float(older_than_seconds))
    )


def mark_checked(conn: LedgerConnection, backup_id: str, *, ok: bool, sentence: str) -> bool:
    """Keep the newest verdict of reading a stored backup back."""
    return _one_row(conn, "mark_checked", id=backup_id, ok=ok, sentence=sentence)


def _row(conn: LedgerConnection, name: str, backup_id: str) -> DictRow:
    row = statements("backups").one(conn, name, id=backup_id)
    if row is None:
        raise NotFoundError(f"There is no backup {backup_id}.")
    return row


def _one_row(conn: LedgerConnection, name: str, **values: object) -> bool:
    return statements("backups").run(conn, name, **values) == 1


def as_records(rows: Sequence[DictRow]) -> list[BackupRecord]:
    """Rows of backup_log as records, for every module that reads that table."""
    return [_record(row) for row in rows]


_SAME_NAME = (
    *("id", "database", "requested_by", "requested_user", "team", "source", "channel"),
    *("started_at", "finished_at", "snapshot_at"),
    *("rows_done", "rows_expected", "tables_done", "tables_expected", "bytes_out"),
    *("cancel_requested_by", "manifest_key", "manifest_version_id", "manifest_sha256"),
    "version_id",
    *("row_count", "table_count"),
    *("server_version", "client_version"),
    *("error_rule", "error_sentence", "error_next_step", "error_detail"),
    *("checked_at", "check_ok", "check_sentence", "tested", "test_date", "test_result"),
    *("schedule", "due_at", "late_because", "lifecycle"),
    *("gone_at", "gone_why", "gone_seen_by", "damaged_at", "damaged_why", "damaged_seen_by"),
)


def _record(row: DictRow) -> BackupRecord:
    """A row as the product's own words; the procedure's column names end here."""
    return BackupRecord(
        **{name: row[name] for name in _SAME_NAME},
        kind=Kind(row["backup_type"]),
        format=Format(row["format"]),
        tables=tuple(row["tables"]),
        state=State(row["state"]),
        requested_at=row["created_at"],
        phase=Phase[row["phase"]] if row["phase"] else None,
        archive_key=row["file_path"],
        location=row["s3_location"],
        size_bytes=row["file_size_bytes"],
        sha256=row["sha256_checksum"],
        omitted=tuple(row["omitted"]),
        warnings=tuple(row["warnings"]),
    )
