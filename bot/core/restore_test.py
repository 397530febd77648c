"""The words every part of the product shares when it speaks of a restore test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.core.backup import BackupRecord
from bot.core.finding import Finding, Severity
from bot.core.verdict import Verdict


class Step(StrEnum):
    """What a running restore test is doing; the value is what a person reads."""

    WAITING = "waiting for its turn"
    READING = "reading the manifest and looking for room"
    FETCHING = "fetching the archive back and hashing it"
    PREPARING = "making a scratch database on staging"
    RESTORING = "restoring"
    CHECKING = "comparing with what went in"
    TIDYING = "keeping the proof and clearing up"


@dataclass(frozen=True)
class StepTimes:
    """How long each step took, in seconds; None where it was not reached."""

    download: float | None = None
    restore: float | None = None
    verify: float | None = None

    @property
    def recovery(self) -> float | None:
        """Download and restore together: what a real recovery would wait for. None: not both known."""
        if self.download is None or self.restore is None:
            return None
        return self.download + self.restore


@dataclass(frozen=True)
class RestoreTestRecord:
    """A row of restore_test. Times are UTC, sizes are bytes, `done` of `expected` is the step's progress.

    `asked_for` is what was asked in words: an id, or `latest full`. `scratch` names the scratch database
    once there is one; `kept_until` is set where it was kept for people to look at.
    """

    id: str
    backup_id: str
    asked_for: str
    team: str
    requested_user: str
    requested_by: str
    source: str
    channel: str | None
    requested_at: datetime
    state: str  # queued, running, finished
    started_at: datetime | None
    finished_at: datetime | None
    step: Step | None
    done: int
    expected: int
    cancel_requested_by: str | None
    way: str
    archive_bytes: int | None
    archive_sha256: str | None
    archive_version_id: str | None
    times: StepTimes
    verdict: Verdict | None
    findings: tuple[Finding, ...]
    scratch: str | None
    kept_until: datetime | None
    proof_key: str | None
    schedule: str | None = None  # `<database>/<name>`, where a schedule asked for it
    due_at: datetime | None = None
    late_because: str | None = None  # why it was asked for after its time

    @property
    def is_final(self) -> bool:
        """Whether nothing will change any more."""
        return self.state == "finished"


@dataclass(frozen=True)
class RestoreTestMessage:
    """The one message of a restore test: waiting, under way, or its verdict, by the record's state."""

    test: RestoreTestRecord
    backup: BackupRecord
    rto: timedelta | None = None
    now: datetime | None = None

    @property
    def age(self) -> timedelta | None:
        """How old the tested backup was when its test ended (or is by now)."""
        at = self.test.finished_at or self.now
        return at - self.backup.snapshot_at if at and self.backup.snapshot_at else None


@dataclass(frozen=True)
class RestoreTestDetails:
    """The thread under a restore test's verdict: the full report."""

    message: RestoreTestMessage


_WORST_FIRST = (Severity.FAIL, Severity.UNVERIFIED, Severity.NOTE)


def worst_first(findings: Sequence[Finding]) -> list[Finding]:
    """Findings by severity, those of one severity in the order of the checks."""
    return sorted(findings, key=lambda finding: _WORST_FIRST.index(finding.severity))
