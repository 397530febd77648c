"""How runs end: state, audit row and messages in one transaction, or none of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from bot.checks import against
from bot.core.backup import BackupRecord, Doubt, SeenBy
from bot.core.check import CheckMessage
from bot.core.manifest import Manifest
from bot.core.people import Actor, Source
from bot.core.restore_test import RestoreTestMessage, RestoreTestRecord
from bot.core.verdict import Verdict
from bot.errors import CancelledError, LedgerUnavailableError, SparewheelError
from bot.ledger import audit, checks, doubts, restore_tests
from bot.ledger import backups as ledger
from bot.ledger.connection import LedgerConnection, LedgerPool, borrowed
from bot.services.notifying import Notifier

# How long an end keeps being offered to a ledger that is away. Past it the reaper finds the run by its lease.
_PATIENCE_SECONDS = 120.0
_PAUSE_SECONDS = 2.0

WORKER = Actor(team="local", user="worker", source=Source.SCHEDULE)


@dataclass(frozen=True)
class ManifestPlace:
    """Where a backup's manifest lies, by version where the store keeps versions, and its bytes' SHA-256."""

    key: str
    version_id: str | None
    sha256: str


class Sequel(Protocol):
    """What a run sets off, where a schedule asked for it (`bot.services.afterwards`)."""

    def begun(self, connection: LedgerConnection, key: str | None) -> None:
        """A run of this schedule began."""

    def backup_ended(self, connection: LedgerConnection, record: BackupRecord, *, stored: bool) -> None:
        """A backup is stored, or came to nothing."""

    def test_ended(self, connection: LedgerConnection, test: RestoreTestRecord, verdict: Verdict) -> None:
        """A restore test has its verdict."""


@dataclass(frozen=True)
class _Ending:
    """One end: the fenced write of the state, and what goes with it when that write took effect."""

    subject: str
    action: str
    details: Mapping[str, Any]
    write: Callable[[LedgerConnection], bool]
    notify: Callable[[LedgerConnection], None]


@dataclass(frozen=True)
class Outcomes:
    """Writes ends into the ledger. Each write carries the run's attempt and is void without it."""

    pool: LedgerPool
    notifier: Notifier
    afterwards: Sequel | None = None

    def begun(self, connection: LedgerConnection, schedule: str | None) -> None:
        """A run began, in the transaction that says so; `schedule` where one asked for it."""
        if self.afterwards is not None:
            self.afterwards.begun(connection, schedule)

    def stored(self, record: BackupRecord, attempt: str, manifest: Manifest, place: ManifestPlace) -> bool:
        """The backup is there. False: the run is not this attempt's any more, or was ended already."""
        details = {
            "sha256": manifest.archives[0].sha256,
            "size_bytes": manifest.size_bytes,
            "rows": manifest.rows,
            "location": manifest.archives[0].location,
            "omitted": len(manifest.omitted),
        }

        def write(connection: LedgerConnection) -> bool:
            return ledger.mark_stored(connection, record.id, attempt, _facts(manifest, place))

        return self._end_backup(record, "backup.stored", details, write, stored=True)

    def failed(
        self, record: BackupRecord, attempt: str | None, error: SparewheelError, left_behind: str = ""
    ) -> bool:
        """The backup is not there, and why. False: the run is not this attempt's any more, or ended.

        Without an attempt: one that nobody ever began.
        """
        error.cause = "\n".join(part for part in (error.cause, left_behind) if part)

        def write(connection: LedgerConnection) -> bool:
            return ledger.mark_failed(connection, record.id, attempt, error)

        details = {"rule": error.rule, "sentence": error.sentence}
        return self._end_backup(record, "backup.failed", details, write)

    def cancelled(self, record: BackupRecord, attempt: str, stop: CancelledError) -> bool:
        """Somebody stopped it. False: that was written already, or the run is not this attempt's any more."""

        def write(connection: LedgerConnection) -> bool:
            return ledger.mark_cancelled(connection, record.id, attempt)

        return self._end_backup(record, "backup.cancelled", {"sentence": stop.sentence}, write)

    def checked(
        self,
        message: CheckMessage,
        attempt: str,
        *,
        verdict: Verdict,
        findings: Sequence[str],
        read_through: str | None,
        gone: bool = False,
    ) -> None:
        """A check's verdict. Without effect when the check is no longer this attempt's.

        `gone`: it failed because something of the backup is not in the storage.
        """

        def write(connection: LedgerConnection) -> bool:
            ended = checks.finish(
                connection,
                message.check_id,
                attempt,
                verdict=verdict,
                findings=findings,
                read_through=read_through,
            )
            if ended and verdict is Verdict.FAIL:
                doubt = Doubt.GONE if gone else Doubt.DAMAGED
                doubts.mark(connection, message.record.id, doubt, findings[0], SeenBy.CHECK)
            elif ended and verdict is Verdict.PASS:
                doubts.was_read(connection, message.record.id, message.started_at)
            return ended

        def notify(connection: LedgerConnection) -> None:
            self.notifier.check_ended(connection, message)

        details = {"check": message.check_id, "verdict": verdict.value, "findings": list(findings)}
        self._end(_Ending(f"backup:{message.record.id}", f"check.{_slug(verdict)}", details, write, notify))

    def check_died(self, message: CheckMessage, attempt: str) -> None:
        """A check whose process went away: nothing was verified. `attempt` is whoever took it over."""
        self.checked(
            message,
            attempt,
            verdict=Verdict.COULD_NOT_VERIFY,
            findings=[
                "The worker that ran this check stopped without finishing it. Ask for the check again."
            ],
            read_through=None,
        )

    def tested(self, message: RestoreTestMessage, attempt: str | None, result: restore_tests.Result) -> bool:
        """A restore test's verdict. False, and without effect, when it is no longer this attempt's."""
        test, backup = message.test, message.backup

        def write(connection: LedgerConnection) -> bool:
            ended = restore_tests.finish(connection, test.id, attempt, result)
            if ended and result.verdict is Verdict.PASS:
                doubts.was_proved(connection, backup.id, test.started_at or test.requested_at)
            elif ended and (found := against.doubt(result.findings)):
                doubts.mark(connection, backup.id, *found, SeenBy.RESTORE_TEST)
            return ended

        def notify(connection: LedgerConnection) -> None:
            self.notifier.restore_test_ended(connection, message)
            if self.afterwards is not None:
                self.afterwards.test_ended(connection, test, result.verdict)

        details = {
            "test": test.id,
            "verdict": result.verdict.value,
            "sha256": result.archive_sha256,
            "proof": result.proof_key,
            "rules": sorted({finding.rule for finding in result.findings}),
        }
        action = f"restore-test.{_slug(result.verdict)}"
        return self._end(_Ending(f"backup:{backup.id}", action, details, write, notify))

    def _end_backup(
        self,
        record: BackupRecord,
        action: str,
        details: Mapping[str, Any],
        write: Callable[[LedgerConnection], bool],
        *,
        stored: bool = False,
    ) -> bool:
        def notify(connection: LedgerConnection) -> None:
            self.notifier.backup_ended(connection, record)
            if self.afterwards is not None:
                self.afterwards.backup_ended(connection, record, stored=stored)

        return self._end(_Ending(f"backup:{record.id}", action, details, write, notify))

    def _end(self, ending: _Ending) -> bool:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                return self._end_once(ending)
            except LedgerUnavailableError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(_PAUSE_SECONDS)

    def _end_once(self, ending: _Ending) -> bool:
        with borrowed(self.pool) as connection:
            if not ending.write(connection):
                return False
            ending.notify(connection)
            audit.record(connection, WORKER, ending.action, ending.subject, ending.details)
            return True


def unforeseen(error: Exception) -> SparewheelError:
    """An error of the program itself. Its text stays in the log: nobody knows what it may quote."""
    return SparewheelError(
        f"Something went wrong inside Sparewheel itself ({type(error).__name__}).",
        next_step="Look into the worker's log at this time, and report it to whoever looks after the bot.",
    )


def _facts(manifest: Manifest, place: ManifestPlace) -> ledger.StoredFacts:
    """What the ledger keeps of a manifest. Omissions become sentences that start with the name."""
    archive = manifest.archives[0]
    return ledger.StoredFacts(
        archive_key=archive.key,
        manifest_key=place.key,
        manifest_version_id=place.version_id,
        manifest_sha256=place.sha256,
        location=archive.location,
        size_bytes=manifest.size_bytes,
        sha256=archive.sha256,
        snapshot_at=datetime.fromisoformat(manifest.snapshot_at),
        version_id=archive.version_id,
        row_count=manifest.rows,
        table_count=sum(1 for t in manifest.tables if t.data_dumped and t.kind == "table"),
        omitted=[omission.sentence for omission in manifest.omitted],
        warnings=manifest.warnings,
        server_version=str(manifest.server["version"]),
        client_version=str(manifest.client["version"]),
    )


def _slug(verdict: Verdict) -> str:
    return verdict.value.lower().replace(" ", "-")
