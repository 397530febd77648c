"""The words every part of the product shares when it speaks of a backup."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """What a backup holds. SAFETY is a full backup taken before a restore."""

    FULL = "full"
    CRITICAL = "critical"
    SCHEMA = "schema"
    TABLE = "table"
    SAFETY = "safety"


class Format(StrEnum):
    """How pg_dump writes: its custom archive, or plain SQL for people and psql."""

    CUSTOM = "custom"
    PLAIN = "plain"

    @property
    def suffix(self) -> str:
        """The file ending of an archive in this format, dot included."""
        return ".dump" if self is Format.CUSTOM else ".sql"


class State(StrEnum):
    """Where a backup stands in the ledger. The last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    STORED = "stored"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether nothing will change any more."""
        return self in (State.STORED, State.FAILED, State.CANCELLED)


class Phase(StrEnum):
    """What a running backup is doing; the value is what a person reads."""

    WAITING = "waiting for its turn"
    PREFLIGHT = "looking at the database"
    LOCKING = "locking tables and taking the snapshot"
    DUMPING = "dumping, hashing and uploading"
    COUNTING = "waiting for the last counts"
    STORING = "completing the upload and comparing it"
    DESCRIBING = "writing the manifest"


class Doubt(StrEnum):
    """What is known against a stored backup: its bytes are not there, or not what was written."""

    GONE = "gone"
    DAMAGED = "damaged"


class SeenBy(StrEnum):
    """Who saw it: a look at the storage's list, a check that read the bytes, a restore test."""

    LOOK = "look"
    CHECK = "check"
    RESTORE_TEST = "restore test"


class Tier(StrEnum):
    """How much a table matters, as the configuration says. OTHER is in no tier."""

    CRITICAL = "critical"
    IMPORTANT = "important"
    SUPPORTING = "supporting"
    OTHER = "other"


class FingerprintScope(StrEnum):
    """For which tables content fingerprints are taken; counts are taken for all."""

    ALL = "all"
    TIERS = "tiers"  # critical and important ones
    NONE = "none"

    def covers(self, tier: Tier) -> bool:
        """Whether a table of this tier gets a content fingerprint."""
        if self is FingerprintScope.TIERS:
            return tier in (Tier.CRITICAL, Tier.IMPORTANT)
        return self is FingerprintScope.ALL


@dataclass(frozen=True, order=True)
class TableName:
    """A relation's exact name. Never a pattern, never quoted inside."""

    schema: str
    name: str

    def quoted(self) -> str:
        """The name as SQL and as a pg_dump option that is no pattern: `"schema"."name"`."""
        return ".".join('"' + part.replace('"', '""') + '"' for part in (self.schema, self.name))

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True)
class Progress:
    """A running backup at one instant, for people.

    `rows_done` of `rows_expected` come from the counting sessions and the catalogue's estimates
    (pg_stat_progress_copy tells nothing of COPY TO); `bytes_out` is what left pg_dump so far.
    """

    phase: Phase
    rows_done: int = 0
    rows_expected: int = 0
    tables_done: int = 0
    tables_expected: int = 0
    bytes_out: int = 0
    started_at: datetime | None = None


@dataclass(frozen=True)
class BackupRecord:
    """A row of backup_log, as every part of the product reads it. Times are UTC."""

    id: str
    database: str
    kind: Kind
    format: Format
    tables: tuple[str, ...]  # asked for by name (kind TABLE only)
    state: State
    requested_by: str  # Actor.label
    requested_user: str  # Slack user id, or the command line's name
    team: str
    source: str
    channel: str | None  # where it was asked for in Slack
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    snapshot_at: datetime | None
    phase: Phase | None
    rows_done: int
    rows_expected: int
    tables_done: int
    tables_expected: int
    bytes_out: int
    cancel_requested_by: str | None
    archive_key: str | None
    manifest_key: str | None
    version_id: str | None
    location: str | None
    size_bytes: int | None
    sha256: str | None
    row_count: int | None
    table_count: int | None
    omitted: tuple[str, ...]  # names of what was left out, each with its reason
    warnings: tuple[str, ...]
    server_version: str | None
    client_version: str | None
    error_rule: str | None
    error_sentence: str | None
    error_next_step: str | None
    error_detail: str | None  # redacted
    checked_at: datetime | None
    check_ok: bool | None
    check_sentence: str | None
    tested: bool
    test_date: datetime | None
    test_result: str | None
    manifest_version_id: str | None = None
    manifest_sha256: str | None = None  # of its bytes; None where an older version stored it
    schedule: str | None = None  # `<database>/<name>`, where a schedule asked for it
    due_at: datetime | None = None
    late_because: str | None = None  # why it was asked for after its time
    lifecycle: str | None = None  # the folder that a bucket's rules go by
    gone_at: datetime | None = None  # since when it is known that the storage does not hold it
    gone_why: str | None = None
    gone_seen_by: str | None = None  # SeenBy
    damaged_at: datetime | None = None  # since when it is known that it is not what was written
    damaged_why: str | None = None
    damaged_seen_by: str | None = None

    @property
    def doubt(self) -> Doubt | None:
        """What is known against it; None for a good one, and for what never was a backup."""
        if self.gone_at is not None:
            return Doubt.GONE
        return Doubt.DAMAGED if self.damaged_at is not None else None

    @property
    def doubt_sentence(self) -> str:
        """Why it does not count as a backup; empty where it does."""
        return (self.gone_why if self.gone_at else self.damaged_why) or ""

    @property
    def doubted_at(self) -> datetime | None:
        """Since when that is known."""
        return self.gone_at or self.damaged_at

    @property
    def doubted_by(self) -> str:
        """Who saw it, for people: `a look at the storage`, `a check`, `a restore test`."""
        seen_by = self.gone_seen_by if self.gone_at else self.damaged_seen_by
        return "a look at the storage" if seen_by == SeenBy.LOOK else f"a {seen_by}"

    @property
    def goodness(self) -> str:
        """`proved`, `checked`, `stored`; `gone` or `damaged`; or the state where it is none of them.

        A failed restore test takes a check's word back, and a later failed check an earlier test's.
        """
        if self.state is not State.STORED:
            return self.state.value
        if self.doubt is not None:
            return self.doubt.value
        if self.tested and self.test_result == "PASS" and not self._failed_a_check_since_its_test:
            return "proved"
        return "checked" if self.check_ok and not self._failed_its_test else "stored"

    @property
    def _failed_its_test(self) -> bool:
        return self.tested and self.test_result == "FAIL"

    @property
    def _failed_a_check_since_its_test(self) -> bool:
        if self.check_ok is not False or self.checked_at is None:
            return False
        return self.test_date is None or self.checked_at > self.test_date
