"""Checks of stored backups: one row each, every write of a run fenced by its attempt token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import DictRow

from bot.core.backup import BackupRecord
from bot.core.check import CheckMessage
from bot.core.ids import new_id
from bot.core.people import Actor
from bot.core.verdict import Verdict
from bot.errors import NotFoundError
from bot.ledger import backups
from bot.ledger.connection import LedgerConnection
from bot.ledger.runs import Pulse, asked_by
from bot.ledger.statements import statements


@dataclass(frozen=True)
class CheckRecord:
    """A row of backup_check. Times are UTC, sizes are bytes."""

    id: str
    backup_id: str
    requested_user: str
    channel: str | None
    requested_at: datetime
    state: str  # queued, running, finished
    started_at: datetime | None
    finished_at: datetime | None
    bytes_read: int
    bytes_expected: int
    verdict: Verdict | None
    findings: tuple[str, ...]
    read_through: str | None


def insert(
    conn: LedgerConnection,
    *,
    backup_id: str,
    actor: Actor,
    channel: str | None = None,
    id: str | None = None,  # noqa: A002 - the column's name
) -> CheckRecord:
    """Write a check that waits for its turn.

    Raises:
        NotFoundError: there is no such backup, or it is not stored.
    """
    row = statements("checks").one(
        conn,
        "insert",
        id=id or new_id(),
        backup_id=backup_id,
        **asked_by(actor),
        channel=channel,
    )
    if row is None:
        raise NotFoundError(f"There is no stored backup {backup_id}.")
    return _record(row)


def get(conn: LedgerConnection, check_id: str) -> CheckRecord | None:
    """The check of exactly this id, or None."""
    row = statements("checks").one(conn, "get", id=check_id)
    return None if row is None else _record(row)


def message(conn: LedgerConnection, check_id: str) -> CheckMessage | None:
    """A check together with its backup, as it is shown; None where there is no such check."""
    row = statements("checks").one(conn, "get", id=check_id)
    if row is None:
        return None
    check = _record(row)
    return check_message(check, backups.get(conn, check.backup_id))


def claim(conn: LedgerConnection, check_id: str, attempt: str, lease_seconds: float) -> bool:
    """Begin a waiting check. False: it does not wait any more."""
    return (
        statements("checks").run(
            conn, "claim", id=check_id, attempt=attempt, lease_seconds=float(lease_seconds)
        )
        == 1
    )


def pulse(
    conn: LedgerConnection, check_id: str, attempt: str, bytes_read: int, lease_seconds: float
) -> Pulse:
    """Say that the check lives and how far it is, and extend its lease. Checks are not cancelled."""
    written = statements("checks").run(
        conn,
        "pulse",
        id=check_id,
        attempt=attempt,
        bytes_read=bytes_read,
        lease_seconds=float(lease_seconds),
    )
    return Pulse(alive=written == 1)


def finish(
    conn: LedgerConnection,
    check_id: str,
    attempt: str | None,
    *,
    verdict: Verdict,
    findings: Sequence[str] = (),
    read_through: str | None = None,
) -> bool:
    """End a check, and tell its backup. Without an attempt: one that still waits (never with PASS).

    A check that could not verify leaves what the backup's last check said: it found nothing out.
    False: not this attempt's any more; nothing was written.
    """
    row = statements("checks").one(
        conn,
        "finish",
        id=check_id,
        attempt=attempt,
        verdict=verdict.value,
        findings=list(findings),
        read_through=read_through,
    )
    if row is None:
        return False
    if verdict is not Verdict.COULD_NOT_VERIFY:
        passed = verdict is Verdict.PASS
        said = read_through if passed else next(iter(findings), None)
        backups.mark_checked(conn, row["backup_id"], ok=passed, sentence=said or verdict.value)
    return True


def take_over(conn: LedgerConnection, attempt: str, lease_seconds: float) -> list[CheckMessage]:
    """Give every check whose lease is over to this attempt (see backups.take_over)."""
    rows = statements("checks").every(conn, "take_over", attempt=attempt, lease_seconds=float(lease_seconds))
    taken = [_record(row) for row in rows]
    return [check_message(check, backups.get(conn, check.backup_id)) for check in taken]


def check_message(check: CheckRecord, record: BackupRecord) -> CheckMessage:
    """A check and its backup, put together as they are shown."""
    return CheckMessage(
        check_id=check.id,
        record=record,
        requested_user=check.requested_user,
        started_at=check.started_at or check.requested_at,
        finished_at=check.finished_at,
        bytes_read=check.bytes_read,
        bytes_expected=check.bytes_expected,
        verdict=check.verdict,
        findings=check.findings,
        channel=check.channel,
        read_through=check.read_through,
    )


def _record(row: DictRow) -> CheckRecord:
    return CheckRecord(
        id=row["id"],
        backup_id=row["backup_id"],
        requested_user=row["requested_user"],
        channel=row["channel"],
        requested_at=row["created_at"],
        state=row["state"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        bytes_read=row["bytes_read"],
        bytes_expected=row["bytes_expected"],
        verdict=Verdict(row["verdict"]) if row["verdict"] else None,
        findings=tuple(row["findings"]),
        read_through=row["read_through"],
    )
