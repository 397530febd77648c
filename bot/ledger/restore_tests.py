"""Restore tests in the ledger: one row each, every write of a run fenced by its attempt token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from bot.core.finding import Finding, Severity
from bot.core.ids import new_id
from bot.core.people import Actor
from bot.core.restore_test import RestoreTestMessage, RestoreTestRecord, Step, StepTimes
from bot.core.schedules import Due
from bot.core.verdict import Verdict
from bot.errors import NotFoundError
from bot.ledger import backups
from bot.ledger.connection import LedgerConnection
from bot.ledger.runs import Pulse, asked_by, due_values, pulse_of
from bot.ledger.statements import statements


@dataclass(frozen=True)
class Progress:
    """Where a running test stands."""

    step: Step
    done: int = 0
    expected: int = 0


@dataclass(frozen=True)
class Result:
    """How a test ended. `keep_seconds`: how long its scratch database stays, None where it is not wanted."""

    verdict: Verdict
    findings: Sequence[Finding] = ()
    archive_bytes: int | None = None
    archive_sha256: str | None = None
    archive_version_id: str | None = None
    times: StepTimes = field(default_factory=StepTimes)
    proof_key: str | None = None
    keep_seconds: float | None = None


def insert(
    conn: LedgerConnection,
    *,
    backup_id: str,
    asked_for: str,
    way: str,
    actor: Actor,
    channel: str | None = None,
    due: Due | None = None,
) -> RestoreTestRecord:
    """Write a restore test that waits for its turn.

    Raises:
        NotFoundError: there is no such backup, or it is not stored.
    """
    row = statements("restore_tests").one(
        conn,
        "insert",
        id=new_id(),
        backup_id=backup_id,
        asked_for=asked_for,
        way=way,
        **asked_by(actor),
        channel=channel,
        **due_values(due),
    )
    if row is None:
        raise NotFoundError(f"There is no stored backup {backup_id}.")
    return _record(row)


def get(conn: LedgerConnection, test_id: str) -> RestoreTestRecord:
    """The restore test of exactly this id.

    Raises:
        NotFoundError: there is none.
    """
    row = statements("restore_tests").one(conn, "get", id=test_id)
    if row is None:
        raise NotFoundError(f"There is no restore test {test_id}.")
    return _record(row)


def of_fire(conn: LedgerConnection, schedule: str, due_at: datetime) -> RestoreTestRecord | None:
    """The restore test that a schedule asked for at its due time, or None."""
    row = statements("restore_tests").one(conn, "of_fire", schedule=schedule, due_at=due_at)
    return None if row is None else _record(row)


def message(conn: LedgerConnection, test_id: str) -> RestoreTestMessage:
    """A restore test together with its backup, as it is shown.

    Raises:
        NotFoundError: there is no such restore test.
    """
    test = get(conn, test_id)
    return RestoreTestMessage(test, backups.get(conn, test.backup_id))


def find_by_prefix(conn: LedgerConnection, prefix: str) -> list[RestoreTestRecord]:
    """Restore tests whose own or whose backup's id starts so, newest first, at most 20."""
    return _records(statements("restore_tests").every(conn, "find_by_prefix", prefix=prefix))


def unfinished(conn: LedgerConnection) -> list[RestoreTestRecord]:
    """What waits or runs, the running ones first."""
    return _records(statements("restore_tests").every(conn, "unfinished"))


def claim(conn: LedgerConnection, test_id: str, attempt: str, lease_seconds: float) -> bool:
    """Begin a waiting test. False: it does not wait any more."""
    return _one_row(conn, "claim", id=test_id, attempt=attempt, lease_seconds=float(lease_seconds))


def pulse(
    conn: LedgerConnection, test_id: str, attempt: str, progress: Progress, lease_seconds: float
) -> Pulse:
    """Say that the test lives and how far it is, extend its lease, and learn of a cancel."""
    row = statements("restore_tests").one(
        conn,
        "pulse",
        id=test_id,
        attempt=attempt,
        lease_seconds=float(lease_seconds),
        step=progress.step.name,
        done=progress.done,
        expected=progress.expected,
    )
    return pulse_of(row)


def mark_scratch(conn: LedgerConnection, test_id: str, attempt: str, scratch: str) -> bool:
    """Keep a scratch database's name, before it is made. False: the test is not this attempt's any more."""
    return _one_row(conn, "mark_scratch", id=test_id, attempt=attempt, scratch=scratch)


def mark_dropped(conn: LedgerConnection, test_id: str) -> bool:
    """Keep that nothing is left of a test on staging."""
    return _one_row(conn, "mark_dropped", id=test_id)


def finish(conn: LedgerConnection, test_id: str, attempt: str | None, result: Result) -> bool:
    """End a test, and tell its backup. Without an attempt: one that still waits (never with PASS).

    PASS proves the backup, FAIL takes that back; one that could not verify found nothing out and leaves it.
    False: not this attempt's any more; nothing was written.
    """
    values: dict[str, Any] = {
        name: value for name, value in vars(result).items() if name not in ("verdict", "findings", "times")
    }
    row = statements("restore_tests").one(
        conn,
        "finish",
        id=test_id,
        attempt=attempt,
        verdict=result.verdict.value,
        findings=Jsonb([asdict(finding) for finding in result.findings]),
        download_seconds=result.times.download,
        restore_seconds=result.times.restore,
        verify_seconds=result.times.verify,
        **values,
    )
    if row is None:
        return False
    if result.verdict is not Verdict.COULD_NOT_VERIFY:
        ended = get(conn, test_id).finished_at
        _one_row(conn, "mark_tested", id=row["backup_id"], result=result.verdict.value, tested_at=ended)
    return True


def request_cancel(
    conn: LedgerConnection, test_id: str, requested_by: str
) -> Literal["queued", "running", "final"]:
    """Ask for the end of a test; `final`: it was over already. A waiting one is for the caller to end."""
    row = statements("restore_tests").one(conn, "request_cancel", id=test_id, requested_by=requested_by)
    if row is None:
        return "final"
    return "running" if row["state"] == "running" else "queued"


def take_over(conn: LedgerConnection, attempt: str, lease_seconds: float) -> list[RestoreTestRecord]:
    """Give every test whose lease is over to this attempt (see backups.take_over)."""
    rows = statements("restore_tests").every(
        conn, "take_over", attempt=attempt, lease_seconds=float(lease_seconds)
    )
    return _records(rows)


def abandoned(conn: LedgerConnection, older_than_seconds: float) -> list[RestoreTestRecord]:
    """Waiting tests that no job will ever run (their command line died), locked for the caller."""
    return _records(
        statements("restore_tests").every(conn, "abandoned", older_than_seconds=float(older_than_seconds))
    )


def scratch_due(conn: LedgerConnection) -> list[RestoreTestRecord]:
    """Finished tests whose scratch database was kept long enough."""
    return _records(statements("restore_tests").every(conn, "scratch_due"))


def postpone_drop(conn: LedgerConnection, test_id: str) -> bool:
    """Look for a test's scratch database again later: in a minute at least, in an hour at most."""
    return _one_row(conn, "postpone_drop", id=test_id)


def _one_row(conn: LedgerConnection, name: str, **values: object) -> bool:
    return statements("restore_tests").run(conn, name, **values) == 1


def _records(rows: Sequence[DictRow]) -> list[RestoreTestRecord]:
    return [_record(row) for row in rows]


_SAME_NAME = (
    *("id", "backup_id", "asked_for", "team", "requested_user", "requested_by", "source", "channel"),
    *("state", "started_at", "finished_at", "done", "expected", "cancel_requested_by", "way"),
    *("archive_bytes", "archive_sha256", "archive_version_id", "scratch", "kept_until", "proof_key"),
    *("schedule", "due_at", "late_because"),
)


def _record(row: DictRow) -> RestoreTestRecord:
    return RestoreTestRecord(
        **{name: row[name] for name in _SAME_NAME},
        requested_at=row["created_at"],
        step=Step[row["step"]] if row["step"] else None,
        times=StepTimes(row["download_seconds"], row["restore_seconds"], row["verify_seconds"]),
        verdict=Verdict(row["verdict"]) if row["verdict"] else None,
        findings=tuple(_finding(each) for each in row["findings"]),
    )


def _finding(kept: dict[str, Any]) -> Finding:
    return Finding(**{**kept, "severity": Severity(kept["severity"])})
