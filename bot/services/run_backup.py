"""Runs a queued backup to its end: claim, pulse, archive, and an outcome that everybody can see.

Whatever ends a run early leaves nothing in storage that looks like a backup, and a row that says why.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from bot.core.backup import BackupRecord, State
from bot.core.ids import new_attempt
from bot.core.keys import lifecycle_prefix
from bot.core.manifest import Manifest
from bot.errors import (
    CancelledError,
    LeaseLostError,
    LedgerUnavailableError,
    RunStoppedError,
    SparewheelError,
    StorageError,
    StorageMismatchError,
)
from bot.ledger import backups as ledger
from bot.ledger.connection import LedgerPool, borrowed
from bot.services.archiving import Archiver, Run
from bot.services.clearing import remove_if_there
from bot.services.outcomes import Outcomes, unforeseen
from bot.services.pulse import LEASE_SECONDS, Beat, Pulse
from bot.services.sources import Sources
from bot.storage.interface import Store

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class BackupRunner:
    """Takes a queued backup to its end, the same in a worker and on the command line."""

    pool: LedgerPool
    sources: Sources
    outcomes: Outcomes
    store: Store
    archiver: Archiver

    def run(self, backup_id: str, on_progress: Callable[[BackupRecord], None]) -> BackupRecord:
        """Run one queued backup to its end, and return its record as it then stands.

        A backup that is not waiting, or whose database is busy with another run, is returned untouched.
        `on_progress` is called about once a second from another thread.

        Raises:
            NotFoundError: no such backup.
            LedgerUnavailableError: the ledger cannot be reached, so nothing was begun.
            KeyboardInterrupt: Ctrl-C came; the backup is cancelled.
        """
        attempt = new_attempt()
        run = self._claim(backup_id, attempt)
        if run is not None:
            try:
                made = self._make(run, on_progress)
            except KeyboardInterrupt:
                self._leave(run)
                raise
            # The pulse is over: no progress can be drawn after, and over, the verdict that is written now.
            if isinstance(made, Manifest):
                self._end_well(run, made)
            else:
                self._end_badly(run, made)
        return self._read(backup_id)

    def _claim(self, backup_id: str, attempt: str) -> Run | None:
        with borrowed(self.pool) as connection:
            if not ledger.claim(connection, backup_id, attempt, LEASE_SECONDS):
                return None
            record = ledger.get(connection, backup_id)
            usual = ledger.usual_size(connection, record.database, record.kind)
            self.outcomes.begun(connection, record.schedule)
        try:
            source = self.sources.get(record.database)
        except SparewheelError as error:
            self.outcomes.failed(record, attempt, error)
            return None
        return Run(record, attempt, source, lifecycle_prefix(record.kind, record.lifecycle), usual)

    def _read(self, backup_id: str) -> BackupRecord:
        with borrowed(self.pool) as connection:
            return ledger.get(connection, backup_id)

    def _pulse(self, run: Run, on_progress: Callable[[BackupRecord], None]) -> Pulse:
        def beat() -> Beat:
            with borrowed(self.pool) as connection:
                return ledger.pulse(connection, run.record.id, run.attempt, run.progress(), LEASE_SECONDS)

        return Pulse(
            beat,
            settle=lambda stop: self.outcomes.cancelled(run.record, run.attempt, stop),
            on_progress=lambda: on_progress(self._read(run.record.id)),
        )

    def _make(self, run: Run, on_progress: Callable[[BackupRecord], None]) -> Manifest | SparewheelError:
        with self._pulse(run, on_progress) as pulse:
            try:
                return self.archiver.make(run, pulse)
            except SparewheelError as error:
                return error
            except Exception as error:
                log.exception("backup %s ended with an error nobody foresaw", run.record.id)
                return unforeseen(error)

    def _leave(self, run: Run) -> None:
        """Somebody at a terminal will not wait: the row says cancelled now, not when its lease is over."""
        with borrowed(self.pool) as connection:
            ledger.request_cancel(connection, run.record.id, run.record.requested_user)
        self._end_badly(run, CancelledError("Whoever ran it left at once."))

    def _end_well(self, run: Run, manifest: Manifest) -> None:
        """All of it lies in storage: from here on only a row that says otherwise may have it removed."""
        try:
            written = self.outcomes.stored(run.record, run.attempt, manifest, run.manifest_place())
        except LedgerUnavailableError:
            log.warning("backup %s: all is stored, and the ledger is away; left to the reaper", run.record.id)
            return
        if not written and self._is_no_backup(run):
            self._clear_up(run)

    def _end_badly(self, run: Run, error: SparewheelError) -> None:
        """Say why, and leave nothing in storage that looks like a backup."""
        record, attempt = run.record, run.attempt
        if isinstance(error, RunStoppedError):
            if isinstance(error, CancelledError):
                self.outcomes.cancelled(record, attempt, error)
            else:
                log.warning("backup %s: %s", record.id, error.sentence)
            if not run.manifest_begun or self._is_no_backup(run):
                self._clear_up(run)
        else:
            error.next_step = run.source.platform.next_step(error, run.source.address) or error.next_step
            self._fail(run, error)

    def _is_no_backup(self, run: Run) -> bool:
        """Whether the ledger says so. Once a manifest may lie in storage, the reaper may have kept it."""
        try:
            return self._read(run.record.id).state in (State.FAILED, State.CANCELLED)
        except LedgerUnavailableError:
            return False

    def _fail(self, run: Run, error: SparewheelError) -> None:
        if isinstance(error, StorageMismatchError):
            stays = f"What the store holds was left to be looked into ({run.archive_key}). It is no backup."
            self.outcomes.failed(run.record, run.attempt, error, left_behind=stays)
        elif not run.manifest_begun:
            self.outcomes.failed(run.record, run.attempt, error, left_behind=self._clear_up(run))
        else:
            self.outcomes.failed(run.record, run.attempt, error)
            if self._is_no_backup(run):
                self._clear_up(run)

    def _clear_up(self, run: Run) -> str:
        """Remove what this run began. Returns a sentence when something had to stay; a sweep tries again."""
        try:
            if run.manifest_begun:
                remove_if_there(self.store, run.manifest_key)
            if run.stored is not None:
                self.store.delete(run.stored.key, run.stored.version_id)
            elif run.upload is not None:
                run.upload.abort()
                if run.completing:
                    remove_if_there(self.store, run.archive_key)
        except StorageError as error:
            log.warning("backup %s: clearing up failed: %s", run.record.id, error.sentence)
            return f"What was begun in storage could not be removed yet ({run.archive_key}). It is no backup."
        with suppress(LedgerUnavailableError), borrowed(self.pool) as connection:
            ledger.mark_cleared(connection, run.record.id)
        return ""


def note_upload(pool: LedgerPool, run: Run, upload_id: str) -> None:
    """Keep where the run writes, before its first byte, so that whoever cleans up can find it.

    Raises:
        LeaseLostError: the run is not this attempt's any more.
    """
    with borrowed(pool) as connection:
        kept = ledger.mark_upload(
            connection,
            run.record.id,
            run.attempt,
            archive_key=run.archive_key,
            manifest_key=run.manifest_key,
            upload_id=upload_id,
        )
    if not kept:
        raise LeaseLostError("This run was taken over or ended by another process.")
