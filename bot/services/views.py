"""What services answer: facts for an edge to show. No edge's words, no markup, nothing escaped yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.core.backup import BackupRecord, Doubt, Kind
from bot.core.manifest import Manifest
from bot.core.people import Actor, Role
from bot.core.restore_test import RestoreTestMessage
from bot.errors import SparewheelError
from bot.services.health_views import Facts


@dataclass(frozen=True)
class BackupMessage:
    """The one message of a backup: asked for, under way, or its verdict, by the record's state.

    `ahead` counts backups of the same database that run or wait before this one. `last_good`: after a
    failure, the newest stored backup of the same database and kind, so that people know what they have.
    """

    record: BackupRecord
    ahead: int = 0
    now: datetime | None = None
    last_good: BackupRecord | None = None


@dataclass(frozen=True)
class BackupDetails:
    """The thread under a verdict, and `/backup show ID`."""

    record: BackupRecord
    manifest: Manifest | None
    manifest_problem: str | None = None  # a sentence, where the manifest could not be read


@dataclass(frozen=True)
class NotFollowed:
    """In the thread of a stored backup: the restore test that its schedule wants could not begin."""

    record: BackupRecord
    sentence: str
    next_step: str


@dataclass(frozen=True)
class BackupList:
    """`/backup list`: newest first, at most as many as asked for; `total` counts all that match."""

    records: Sequence[BackupRecord]
    total: int
    database: str | None
    kind: Kind | None
    now: datetime


@dataclass(frozen=True)
class KindStatus:
    """The newest good backup of one kind, and the age after which the configuration calls it stale.

    `covered_by`: a newer full backup that is young enough, and holds everything that one of this kind would.
    """

    kind: Kind
    newest: BackupRecord | None
    stale_after: timedelta | None
    covered_by: BackupRecord | None = None

    def is_stale(self, now: datetime) -> bool:
        """Whether the newest is older than it may be, or missing though one is scheduled."""
        if self.stale_after is None:
            return False
        stored_at = self.newest.snapshot_at if self.newest else None
        return stored_at is None or now - stored_at > self.stale_after


@dataclass(frozen=True)
class Recovery:
    """How long bringing the newest full backup back would take, by the rates of the last restore tests."""

    expected: timedelta
    tests: int  # how many were measured


@dataclass(frozen=True)
class DatabaseStatus:
    """One database in `/backup status`. `usual_size` is the median of the last five full ones, in bytes.

    `doubted`: gone or damaged backups that are newer than the newest good one of their kind.
    """

    database: str
    rpo: timedelta | None
    kinds: Sequence[KindStatus]
    running: Sequence[BackupRecord]
    last_failure: BackupRecord | None  # only when newer than the last success
    usual_size: int | None = None
    rto: timedelta | None = None
    proved_at: datetime | None = None  # the end of the last restore test that passed
    recovery: Recovery | None = None
    facts: Facts | None = None  # what was measured over time, where it was asked for
    doubted: Sequence[BackupRecord] = ()
    lost_proof: Doubt | None = None  # why the newest proof counts no more, where no other does
    provable: bool = False  # there is a staging server for restore tests; none are scheduled without

    @property
    def newest_rows(self) -> BackupRecord | None:
        """The newest good backup that holds rows; one of definitions alone saves nobody's data."""
        found = [k.newest for k in self.kinds if k.newest and k.kind is not Kind.SCHEMA]
        return max(found, key=lambda record: record.snapshot_at or record.requested_at, default=None)

    def has_lost(self, kind: Kind) -> bool:
        """Whether one of this kind was stored, and does not count any more."""
        return any(record.kind is kind for record in self.doubted)

    def breaks_rpo(self, now: datetime) -> bool:
        """Whether more would be lost than the configuration allows, if the database were gone now."""
        if self.rpo is None:
            return False
        newest = self.newest_rows
        return newest is None or newest.snapshot_at is None or now - newest.snapshot_at > self.rpo

    def needs_a_look(self, now: datetime) -> bool:
        """Whether anything failed, is late, is missing or is not what it was."""
        missing_or_late = any(k.newest is None or k.is_stale(now) for k in self.kinds)
        missing_or_late |= self.newest_rows is None
        alarmed = self.facts is not None and bool(self.facts.alerts)
        wrong = self.last_failure is not None or bool(self.doubted) or alarmed
        return wrong or missing_or_late or self.breaks_rpo(now)


@dataclass(frozen=True)
class StatusView:
    """`/backup status`: problems first. `not_seen` lists what could not be looked at, as sentences."""

    databases: Sequence[DatabaseStatus]
    now: datetime
    not_seen: Sequence[str] = ()


@dataclass(frozen=True)
class CancelView:
    """`/backup cancel ID`: asked for; `was_queued` ones are over at once."""

    record: BackupRecord
    was_queued: bool


@dataclass(frozen=True)
class StopTestView:
    """`/restore-test cancel`: asked for; `was_queued` ones are over at once."""

    message: RestoreTestMessage
    was_queued: bool


@dataclass(frozen=True)
class Asked:
    """Said to the asker alone: the request is taken; the message itself comes through the outbox.

    `check_id` or `test` is set where a check or a restore test was asked for, not a backup.
    """

    record: BackupRecord
    ahead: int = 0
    check_id: str | None = None
    test: RestoreTestMessage | None = None


@dataclass(frozen=True)
class HelpView:
    """`/backup help`: what this person may do."""

    command: str
    actor: Actor
    databases: Sequence[str]
    roles: frozenset[Role] = field(default_factory=frozenset)


@dataclass(frozen=True)
class RestoreTestHelp:
    """`/restore-test help`: what this person may do."""

    command: str
    actor: Actor
    databases: Sequence[str]


@dataclass(frozen=True)
class Refusal:
    """Bad input or a missing right, said kindly. `suggestion` is a whole command to type instead."""

    error: SparewheelError
    suggestion: str | None = None
