"""Ends what a dead process left behind: no run stays "running" for ever.

A run whose lease is over has no process that may still write to it (writes carry the attempt's token). Either
everything but the last line in the ledger was done, which shows in storage, and the backup is kept; or not,
and it is failed, and what was begun in storage is removed.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass

from bot.core.backup import BackupRecord, Phase
from bot.core.ids import new_attempt
from bot.core.manifest import Manifest, from_json
from bot.errors import ObjectMissingError, RunStoppedError, SparewheelError, StorageError
from bot.ledger import backups, checks
from bot.ledger.connection import LedgerPool, borrowed
from bot.services.backups import manifest_bytes
from bot.services.clearing import remove_if_there
from bot.services.outcomes import ManifestPlace, Outcomes
from bot.services.pulse import LEASE_SECONDS
from bot.services.scratch_reaper import ScratchReaper
from bot.storage.interface import Store

log = logging.getLogger(__name__)

# A waiting backup without a job was to be run by the command line that asked for it, within moments.
_ABANDONED_SECONDS = 600.0
# A cancelled run is reported before it has ended: this long it may clear up behind itself.
_UNCLEARED_SECONDS = 60.0


@dataclass(frozen=True)
class Reaper:
    """Swept by every worker; a row is taken by one of them, the others pass it by."""

    pool: LedgerPool
    store: Store
    outcomes: Outcomes
    scratch: ScratchReaper

    def sweep(self) -> int:
        """Take over every run whose lease is over, and end it; returns how many were taken over.

        Raises:
            LedgerUnavailableError: the ledger cannot be reached; what is left is found by the next sweep.
        """
        attempt = new_attempt()
        with borrowed(self.pool) as connection:
            dead = backups.take_over(connection, attempt, LEASE_SECONDS)
            dead_checks = checks.take_over(connection, attempt, LEASE_SECONDS)
            abandoned = backups.abandoned(connection, _ABANDONED_SECONDS)
            uncleared = backups.uncleared(connection, _UNCLEARED_SECONDS)
        for record in dead:
            self._end(record, attempt)
        for record in abandoned:
            self.outcomes.failed(record, None, _never_begun())
        for check in dead_checks:
            self.outcomes.check_died(check, attempt)
        for record in uncleared:
            self._clear_up(record)
        return len(dead) + len(dead_checks) + len(abandoned) + self.scratch.sweep()

    def _end(self, record: BackupRecord, attempt: str) -> None:
        try:
            finished = self._finished(record)
        except StorageError as error:
            log.warning("backup %s: storage cannot be looked at yet: %s", record.id, error.sentence)
            return  # the lease taken above runs out, and a later sweep asks again
        if finished is not None:
            log.warning("backup %s: its worker died after all was stored; it is kept", record.id)
            self.outcomes.stored(record, attempt, *finished)
        elif self.outcomes.failed(record, attempt, _died()):
            self._clear_up(record)

    def _finished(self, record: BackupRecord) -> tuple[Manifest, ManifestPlace] | None:
        """The manifest and its place, when it and the archive it names both lie in storage; else None."""
        # The phase is in the ledger before the manifest's first byte leaves: earlier ones have no manifest,
        # and are ended whether storage can be asked or not.
        if record.manifest_key is None or record.phase is not Phase.DESCRIBING:
            return None
        try:
            version = self.store.head(record.manifest_key).version_id
            data = manifest_bytes(self.store, record)
            manifest = from_json(data)
            archive = manifest.archives[0]
            there = self.store.head(archive.key, archive.version_id)
        except (ObjectMissingError, ValueError, KeyError, TypeError):
            return None
        whole = there.size_bytes == archive.size_bytes and manifest.id == record.id
        place = ManifestPlace(record.manifest_key, version, hashlib.sha256(data).hexdigest())
        return (manifest, place) if whole else None

    def _clear_up(self, record: BackupRecord) -> None:
        """Remove what a failed or cancelled run began in storage; what cannot be done now is swept again."""
        with borrowed(self.pool) as connection:
            unfinished = backups.unfinished_upload(connection, record.id)
        if unfinished.archive_key is None or unfinished.upload_id is None:
            return
        try:
            if unfinished.manifest_key is not None:
                remove_if_there(self.store, unfinished.manifest_key)
            self.store.abort_upload(unfinished.archive_key, unfinished.upload_id)
            remove_if_there(self.store, unfinished.archive_key)
        except StorageError as error:
            log.warning("backup %s: clearing up waits for storage: %s", record.id, error.sentence)
            return
        with borrowed(self.pool) as connection:
            backups.mark_cleared(connection, record.id)


def _never_begun() -> SparewheelError:
    return RunStoppedError(
        "Nobody came to run this backup: the command line that asked for it ended before it began.",
        next_step="Ask for the backup again.",
    )


def _died() -> SparewheelError:
    return RunStoppedError(
        "The worker that ran this backup stopped without finishing it.",
        next_step="Ask for the backup again. If this repeats, look at the worker's memory and logs.",
    )
