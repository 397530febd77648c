"""One pass: look, lock, dump, hash and upload as it comes, count beside it, compare, describe.

Nothing is called stored before pg_dump has exited with 0, every table whose rows are wanted has an entry in
the archive, the store has confirmed size and hashes, and the manifest lies beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from psycopg import Connection

from bot.core import keys
from bot.core.backup import BackupRecord, Format, Phase, Progress, TableName
from bot.core.manifest import Manifest, Omission
from bot.errors import DatabaseError, StorageMismatchError
from bot.postgres import address, snapshot, toc
from bot.postgres import globals as cluster
from bot.postgres.dump import Dump, DumpOptions
from bot.postgres.snapshot import Snapshot
from bot.postgres.toc import TocEntry, TocProbe
from bot.services import describing, preflight
from bot.services.measuring import Measuring
from bot.services.outcomes import ManifestPlace
from bot.services.preflight import Outline, Preflight
from bot.services.pulse import Pulse
from bot.services.sources import Source
from bot.storage.interface import Store, StoredObject, Upload

_POLL_SECONDS = 0.2


@dataclass
class Run:
    """What one run knows so far. The pulse reads it from its own thread; only the run writes it."""

    record: BackupRecord
    attempt: str
    source: Source
    prefix: str
    usual_bytes: int | None = None
    phase: Phase = Phase.PREFLIGHT
    upload: Upload | None = None
    measuring: Measuring | None = None
    rows_expected: int = 0
    tables_expected: int = 0
    warnings: tuple[str, ...] = ()
    archive_key: str = ""
    completing: bool = False  # from then on the archive may be there, even when the store's answer is lost
    stored: StoredObject | None = None
    manifest_key: str = ""
    manifest_begun: bool = False  # from then on it may be there, even when the store's answer is lost
    manifest: StoredObject | None = None
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def manifest_place(self) -> ManifestPlace:
        """Where the manifest was written to."""
        assert self.manifest is not None  # the last thing that a run does before it is stored
        return ManifestPlace(self.manifest_key, self.manifest.version_id, self.manifest.sha256)

    def progress(self) -> Progress:
        """The numbers of this moment."""
        tally = self.measuring.tally if self.measuring else None
        return Progress(
            phase=self.phase,
            rows_done=tally.rows if tally else 0,
            rows_expected=self.rows_expected,
            tables_done=tally.tables if tally else 0,
            tables_expected=self.tables_expected,
            bytes_out=self.upload.bytes_in if self.upload else 0,
            started_at=self.started_at,
        )


@dataclass(frozen=True)
class Archiver:
    """Makes archives. `note_upload` writes keys and upload id into the ledger before the first part goes."""

    store: Store
    storage_root: str
    clients_folder: Path | None
    note_upload: Callable[[Run, str], None]

    def make(self, run: Run, pulse: Pulse) -> Manifest:
        """Take the backup that the run describes, up to and with its manifest in storage.

        Raises:
            SparewheelError: whatever stood in the way; the caller clears up what `run` says was begun.
        """
        self.store.verify_access()
        record = run.record
        found = preflight.look(run.source, record.kind, record.tables, self.clients_folder)
        pulse.check()
        run.phase = Phase.LOCKING
        with ExitStack() as stack:
            held = stack.enter_context(_hold(run, pulse))
            measuring = _start_measuring(run, held)
            stack.callback(measuring.close)
            stack.enter_context(pulse.interruptible(measuring.interrupt))
            self._begin_upload(run, held)
            while not measuring.wait_until_locked(_POLL_SECONDS):
                pulse.check()
            run.phase = Phase.DUMPING
            entries = self._pass_on(run, pulse, found, held)
            run.phase = Phase.COUNTING
            while not measuring.finished(_POLL_SECONDS):
                pulse.check()
            held.ensure_alive()
            if run.record.format is Format.CUSTOM:
                _demand_rows(held, entries)
            extras = _around_the_dump(run, found)
            self._store(run, pulse)
            return self._describe(run, pulse, _Seen(found, held, extras))

    def _begin_upload(self, run: Run, held: Snapshot[Outline]) -> None:
        record, at = run.record, held.taken_at
        run.archive_key = keys.archive_key(
            root=self.storage_root,
            prefix=run.prefix,
            database=record.database,
            kind=record.kind,
            at=at,
            backup_id=record.id,
            archive_format=record.format,
        )
        run.manifest_key = keys.manifest_key(
            root=self.storage_root, database=record.database, at=at, backup_id=record.id
        )
        run.upload = self.store.start_upload(
            run.archive_key,
            expected_bytes=_expected_bytes(run, held.listed),
            metadata={"sparewheel-backup": record.id},
        )
        self.note_upload(run, run.upload.upload_id)

    @staticmethod
    def _pass_on(run: Run, pulse: Pulse, found: Preflight, held: Snapshot[Outline]) -> tuple[TocEntry, ...]:
        """Dump; a stop wakes a write that waits for a slow store."""
        assert run.upload is not None
        with pulse.interruptible(run.upload.abort):
            return _dump(run, pulse, found, held)

    def _store(self, run: Run, pulse: Pulse) -> None:
        """Complete the upload, only if this run may still do so, and compare what came of it."""
        assert run.upload is not None
        run.phase = Phase.STORING
        pulse.confirm()
        run.completing = True
        run.stored = run.upload.complete()
        if run.stored.size_bytes != run.upload.bytes_in:
            raise StorageMismatchError(
                f"The store holds {run.stored.size_bytes} bytes, but {run.upload.bytes_in} bytes were sent."
            )

    def _describe(self, run: Run, pulse: Pulse, seen: _Seen) -> Manifest:
        """Write the manifest, last of all."""
        assert run.stored is not None
        assert run.measuring is not None
        run.phase = Phase.DESCRIBING
        pulse.confirm()
        manifest = describing.build(
            run.record,
            facts=seen.preflight.facts,
            client=seen.preflight.client,
            snapshot_at=seen.held.taken_at,
            finished_at=datetime.now(UTC),
            archive=describing.archive_of(run.stored, run.record.format, seen.extras.compression),
            outline=seen.held.listed,
            measured=run.measuring.measured,
            inventory=run.measuring.inventory,
            roles_sql=seen.extras.roles_sql,
            settings=seen.extras.settings,
            warnings=(*run.warnings, *_suspicions(run, seen.held.listed)),
            omitted=(*seen.held.listed.plan.omitted, *seen.extras.omitted),
        )
        data = describing.checked_bytes(manifest)
        run.manifest_begun = True
        run.manifest = self.store.put(run.manifest_key, data)
        return manifest


@dataclass(frozen=True)
class _Extras:
    """What lives outside a database's dump."""

    roles_sql: str | None
    settings: dict[str, Any]
    omitted: tuple[Omission, ...]
    compression: str


@dataclass(frozen=True)
class _Seen:
    """What the manifest is made of, beside the run itself."""

    preflight: Preflight
    held: Snapshot[Outline]
    extras: _Extras


@contextmanager
def _hold(run: Run, pulse: Pulse) -> Iterator[Snapshot[Outline]]:
    """Lock and take the snapshot; a stop ends the wait for a lock."""
    record, source = run.record, run.source
    waiting: list[Connection[Any]] = []

    def list_tables(connection: Connection[Any]) -> tuple[Outline, Sequence[TableName]]:
        waiting[:] = [connection]
        seen = preflight.outline(source, record.kind, record.tables, connection)
        return seen, seen.plan.lock

    def interrupt() -> None:
        for connection in waiting:
            connection.cancel_safe(timeout=2.0)

    with ExitStack() as stack:
        with pulse.interruptible(interrupt):
            held = stack.enter_context(
                snapshot.hold(source.address, list_tables, lock_timeout_s=source.settings.lock_timeout)
            )
        yield held


def _start_measuring(run: Run, held: Snapshot[Outline]) -> Measuring:
    measuring = Measuring(run.source, held.id, held.listed)
    leaves = measuring.leaves()
    run.rows_expected = sum(max(0, r.estimated_rows) for r in leaves)
    run.tables_expected = len(leaves)
    run.measuring = measuring
    measuring.start()
    return measuring


def _expected_bytes(run: Run, seen: Outline) -> int:
    """An upper estimate for sizing parts: twice the last archive of this kind, else the tables' own size."""
    if run.usual_bytes:
        return 2 * run.usual_bytes
    dumped = set(seen.plan.data_tables)
    return sum(r.size_bytes for r in seen.catalog.relations if r.table in dumped)


def _dump(run: Run, pulse: Pulse, found: Preflight, held: Snapshot[Outline]) -> tuple[TocEntry, ...]:
    """Move pg_dump's output into the upload; returns the archive's table of contents (custom format)."""
    assert run.upload is not None
    assert run.measuring is not None
    options = _options(run, held)
    with (
        TocProbe(found.client) as probe,
        Dump(found.client, run.source.address, options) as dump,
        pulse.interruptible(dump.terminate),
    ):
        for chunk in dump.chunks(tick_s=_POLL_SECONDS):
            pulse.check()
            run.measuring.failed()
            if not chunk:  # pg_dump waits for something; a failed count must not wait with it
                continue
            if options.format is Format.CUSTOM:
                probe.feed(chunk)
            run.upload.write(chunk)
        pulse.check()
        dump.finish()
        run.warnings = dump.warnings
        return tuple(probe.entries()) if options.format is Format.CUSTOM else ()


def _options(run: Run, held: Snapshot[Outline]) -> DumpOptions:
    plan = held.listed.plan
    return DumpOptions(
        snapshot_id=held.id,
        format=run.record.format,
        compression_level=run.source.settings.compression_level,
        schema_only=plan.schema_only,
        large_objects=plan.large_objects,
        exclude_relations=plan.exclude_relations,
        exclude_schemas=plan.exclude_schemas,
        exclude_data=plan.exclude_data,
        lock_timeout_s=run.source.settings.lock_timeout,
    )


def _demand_rows(held: Snapshot[Outline], entries: Sequence[TocEntry]) -> None:
    """Refuse an archive that lacks the rows of a table it should hold, although pg_dump exited with 0.

    Raises:
        DumpFailedError: naming such tables.
    """
    with address.told(held.address):
        oids = toc.table_oids(held.connection, held.listed.plan.data_tables)
    toc.demand_data(entries, oids)


def _suspicions(run: Run, seen: Outline) -> tuple[str, ...]:
    """What a person should look at although all went well."""
    assert run.measuring is not None
    if seen.plan.data_tables and run.measuring.tally.rows == 0:
        return ("Every table is empty: look whether this is the right database.",)
    return ()


def _around_the_dump(run: Run, found: Preflight) -> _Extras:
    """Roles and settings, which no database dump holds. Not being allowed to see them is said, not fatal."""
    omitted: list[Omission] = []
    roles_sql: str | None = None
    settings: dict[str, Any] = {}
    try:
        roles_sql = cluster.roles_sql(found.client, run.source.address)
    except DatabaseError as error:
        omitted.append(Omission("roles", "the server's roles", error.sentence))
    try:
        with (
            address.told(run.source.address),
            address.connect(run.source.address, application_name="sparewheel settings") as connection,
        ):
            settings = cluster.settings(connection)
    except DatabaseError as error:
        omitted.append(Omission("settings", "the database's settings", error.sentence))
    compression = found.client.compression(run.record.format)
    return _Extras(roles_sql, settings, tuple(omitted), compression)
