"""Runs a queued backup to its end: claim, pulse, archive, and an outcome that everybody can see.

Whatever ends a run early leaves nothing in storage that looks like a backup, and a row that says why.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from bot.core.backup import BackupRecord
from bot.core.ids import new_attempt
from bot.core.keys import lifecycle_prefix
from bot.errors import CancelledError, LeaseLostError, SparewheelError, StorageError, StorageMismatchError
from bot.ledger import backups as ledger
from bot.ledger.connection import LedgerPool, borrowed
from bot.services.archiving import Archiver, Run
from bot.services.clearing import remove_if_there
from bot.services.outcomes import Outcomes, unforeseen
from bot.services.pulse import LEASE_SECONDS, Pulse
from bot.services.sources import Sources
from bot.storage.interface import Store

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class BackupRunner:
    """The same in a worker and on the command line. Storage opens at first use: `open_store`, `root`."""

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
        """
        attempt = new_attempt()
        run = self._claim(backup_id, attempt)
        if run is not None:
            with self._pulse(run, on_progress) as pulse:
                self._to_an_end(run, pulse)
        return self._read(backup_id)

    def _claim(self, backup_id: str, attempt: str) -> Run | None:
        with borrowed(self.pool) as connection:
            if not ledger.claim(connection, backup_id, attempt, LEASE_SECONDS):
                return None
            record = ledger.get(connection, backup_id)
            usual = ledger.usual_size(connection, record.database, record.kind)
        try:
            source = self.sources.get(record.database)
        except SparewheelError as error:
            self.outcomes.failed(record, attempt, error)
            return None
        return Run(record, attempt, source, lifecycle_prefix(record.kind, None), usual)

    def _read(self, backup_id: str) -> BackupRecord:
        with borrowed(self.pool) as connection:
            return ledger.get(connection, backup_id)

    def _pulse(self, run: Run, on_progress: Callable[[BackupRecord], None]) -> Pulse:
        def beat() -> ledger.Pulse:
            with borrowed(self.pool) as connection:
                return ledger.pulse(connection, run.record.id, run.attempt, run.progress(), LEASE_SECONDS)

        return Pulse(
            beat,
            settle=lambda stop: self.outcomes.cancelled(run.record, run.attempt, stop),
            on_progress=lambda: on_progress(self._read(run.record.id)),
        )

    def _to_an_end(self, run: Run, pulse: Pulse) -> None:
        try:
            manifest = self.archiver.make(run, pulse)
            self.outcomes.stored(run.record, run.attempt, manifest, run.manifest_place())
        except CancelledError as stop:
            self._clear_up(run)
            self.outcomes.cancelled(run.record, run.attempt, stop)
        except LeaseLostError as stop:
            log.warning("backup %s: %s", run.record.id, stop.sentence)
            self._clear_up(run)
        except SparewheelError as error:
            error.next_step = run.source.platform.next_step(error, run.source.address) or error.next_step
            self.outcomes.failed(run.record, run.attempt, error, left_behind=self._clear_up(run, error))
        except Exception as error:
            log.exception("backup %s ended with an error nobody foresaw", run.record.id)
            left_behind = self._clear_up(run)
            self.outcomes.failed(run.record, run.attempt, unforeseen(error), left_behind=left_behind)

    def _clear_up(self, run: Run, cause: BaseException | None = None) -> str:
        """Leave nothing that looks like a backup. Returns a sentence when something had to stay."""
        if isinstance(cause, StorageMismatchError):
            return f"What the store holds was left to be looked into ({run.archive_key}). It is no backup."
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
            return f"What was begun in storage could not be removed ({run.archive_key}). It is no backup."
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
