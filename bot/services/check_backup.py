"""`/backup check`: fetch the bytes back by their version, hash them, and read the archive through.

A check says PASS, FAIL, or COULD NOT VERIFY. The last one is for everything that kept it from looking.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.core.backup import BackupRecord, Format
from bot.core.check import CheckMessage
from bot.core.ids import new_attempt
from bot.core.manifest import Archive, Manifest, from_json
from bot.core.verdict import Verdict
from bot.errors import (
    DumpFailedError,
    LeaseLostError,
    NotFoundError,
    ObjectMissingError,
    RunStoppedError,
    SparewheelError,
)
from bot.ledger import checks as ledger
from bot.ledger.connection import LedgerPool, borrowed
from bot.postgres import clients
from bot.postgres.clients import Client
from bot.postgres.readthrough import ReadThrough, read_through
from bot.services import own_store, trusting
from bot.services.backups import manifest_bytes
from bot.services.outcomes import Outcomes, unforeseen
from bot.services.pulse import LEASE_SECONDS, Beat, Pulse
from bot.storage.interface import Store

log = logging.getLogger(__name__)


@dataclass
class _Look:
    """What one check has seen so far."""

    bytes_read: int = 0
    digest: Any = field(default_factory=hashlib.sha256)
    findings: list[str] = field(default_factory=list)
    unverified: list[str] = field(default_factory=list)
    read: ReadThrough | None = None
    gone: bool = False

    @property
    def verdict(self) -> Verdict:
        """FAIL beats COULD NOT VERIFY beats PASS."""
        if self.findings:
            return Verdict.FAIL
        return Verdict.COULD_NOT_VERIFY if self.unverified else Verdict.PASS


@dataclass(frozen=True)
class BackupChecker:
    """Runs queued checks, in a worker or on the command line."""

    pool: LedgerPool
    store: Store
    outcomes: Outcomes
    clients_folder: Path | None

    def run(self, check_id: str, on_progress: Callable[[CheckMessage], None]) -> CheckMessage:
        """Run one queued check to its end and return it as it then stands.

        Raises:
            NotFoundError: no such check.
            LedgerUnavailableError: the ledger cannot be reached, so nothing was begun.
        """
        attempt = new_attempt()
        with borrowed(self.pool) as connection:
            claimed = ledger.claim(connection, check_id, attempt, LEASE_SECONDS)
        if claimed:
            look, message = _Look(), self.message(check_id)

            def beat() -> Beat:
                with borrowed(self.pool) as connection:
                    return ledger.pulse(connection, check_id, attempt, look.bytes_read, LEASE_SECONDS)

            with Pulse(
                beat, settle=lambda _: None, on_progress=lambda: on_progress(self.message(check_id))
            ) as pulse:
                still_ours = self._to_an_end(message, attempt, look, pulse)
            # The pulse is over: no progress can be drawn after, and over, the verdict that is written now.
            if still_ours:
                self._write(message, attempt, look)
        return self.message(check_id)

    def message(self, check_id: str) -> CheckMessage:
        """A check as of now, for whoever draws it.

        Raises:
            NotFoundError: no such check.
        """
        with borrowed(self.pool) as connection:
            found = ledger.message(connection, check_id)
        if found is None:
            raise NotFoundError(f"There is no check {check_id}.")
        return found

    def _to_an_end(self, message: CheckMessage, attempt: str, look: _Look, pulse: Pulse) -> bool:
        """Look, and note what kept from looking. False: the check is not this attempt's any more."""
        try:
            self._look(message.record, look, pulse)
        except LeaseLostError as stop:
            log.warning("check %s: %s", message.check_id, stop.sentence)
            return False
        except RunStoppedError as stop:
            look.unverified.append(stop.sentence)
        except SparewheelError as error:
            look.unverified.append(f"{error.sentence} {error.next_step}".strip())
        except KeyboardInterrupt:
            look.unverified.append("It was stopped before its end. Ask for the check again.")
            self._write(message, attempt, look)
            raise
        except Exception as error:
            log.exception("check %s ended with an error nobody foresaw", message.check_id)
            look.unverified.append(unforeseen(error).sentence)
        return True

    def _write(self, message: CheckMessage, attempt: str, look: _Look) -> None:
        self.outcomes.checked(
            message,
            attempt,
            verdict=look.verdict,
            findings=[*look.findings, *look.unverified],
            read_through=_sentence(look.read) if look.read and not look.findings else None,
            gone=look.gone,
        )

    def _look(self, record: BackupRecord, look: _Look, pulse: Pulse) -> None:
        manifest = self._manifest(record, look)
        if manifest is None:
            return
        for archive in manifest.archives:
            self._look_at(archive, manifest, look, pulse)

    def _manifest(self, record: BackupRecord, look: _Look) -> Manifest | None:
        try:
            data = manifest_bytes(self.store, record)
            manifest = from_json(data)
        except ObjectMissingError:
            own_store.demand(self.pool, self.store, record)
            look.findings.append("The manifest is gone from storage, so the backup cannot explain itself.")
            look.gone = True
            return None
        except (ValueError, KeyError, TypeError) as error:
            look.findings.append(f"The manifest in storage cannot be read: {type(error).__name__}.")
            return None
        if different := trusting.differences(manifest, hashlib.sha256(data).hexdigest(), record):
            look.findings.append(different)
        return manifest

    def _look_at(self, archive: Archive, manifest: Manifest, look: _Look, pulse: Pulse) -> None:
        archive_format = Format(archive.format)
        client = clients.choose(
            clients.find(self.clients_folder), int(manifest.client["least_restore_major"]), None
        )
        before, look.digest = look.bytes_read, hashlib.sha256()
        try:
            with self.store.open(archive.key, archive.version_id) as chunks:
                self._read(client, _watched(chunks, look, pulse), archive_format, look, pulse)
        except ObjectMissingError:
            look.findings.append("The archive is gone from storage.")
            look.gone = True
            return
        size, sha256 = look.bytes_read - before, look.digest.hexdigest()
        if size != archive.size_bytes:
            look.findings.insert(
                0, f"The archive has {size} bytes, and {archive.size_bytes} bytes were written."
            )
        if sha256 != archive.sha256:
            different = f"SHA-256 {sha256[:12]}, not {archive.sha256[:12]}"
            look.findings.insert(0, f"The bytes are not those that were written: {different}.")

    def _read(
        self, client: Client, chunks: Iterator[bytes], archive_format: Format, look: _Look, pulse: Pulse
    ) -> None:
        """Read the archive through; whatever of it the reader did not want is still hashed."""
        try:
            look.read = read_through(client, chunks, archive_format)
        except DumpFailedError as error:
            pulse.check()
            look.findings.append(error.sentence)
        for _ in chunks:
            pass


def _watched(chunks: Iterator[bytes], look: _Look, pulse: Pulse) -> Iterator[bytes]:
    for chunk in chunks:
        pulse.check()
        look.digest.update(chunk)
        look.bytes_read += len(chunk)
        yield chunk


def _sentence(read: ReadThrough) -> str:
    return f"{read.tables} tables with rows, {read.entries} entries"
