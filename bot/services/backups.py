"""What people ask of backups and get an answer to at once. The work itself runs elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from bot.core.backup import BackupRecord, Format, Kind, State
from bot.core.check import CheckMessage
from bot.core.ids import ID_LENGTH
from bot.core.manifest import Manifest, from_json
from bot.core.people import Action, Actor
from bot.core.schedules import Due
from bot.errors import NotFoundError, ObjectMissingError, SparewheelError, UserError
from bot.ledger import audit, checks
from bot.ledger import backups as ledger
from bot.ledger.connection import LedgerConnection, LedgerPool, borrowed
from bot.ledger.queue import Queue
from bot.services import health
from bot.services.access import Gate
from bot.services.by_id import the_one
from bot.services.notifying import Notifier
from bot.services.sources import Sources
from bot.services.views import (
    BackupDetails,
    BackupList,
    BackupMessage,
    CancelView,
    StatusView,
)
from bot.storage.interface import Store

_LATEST = "latest"
_LONGEST_LIST = 25


@dataclass(frozen=True)
class Backups:
    """The use cases behind `/backup`, the same for Slack and the command line."""

    pool: LedgerPool
    sources: Sources
    store: Store
    queue: Queue
    notifier: Notifier
    gate: Gate

    def database_names(self) -> tuple[str, ...]:
        """The configured databases."""
        return self.sources.names()

    def default_database(self, channel: str | None) -> str | None:
        """The database meant in this channel when none is named, or None."""
        return self.sources.default_for(channel)

    def refuse_stranger(self, actor: Actor, text: str) -> None:
        """Keep that somebody without any role typed this."""
        self.gate.note_refusal(actor, "any", {"text": text[:200]})

    def admit(self, actor: Actor, action: Action, text: str) -> None:
        """Return where a role allows the action that somebody typed as `text`.

        Raises:
            NotAllowedError: none does, and that is written down.
        """
        self.gate.admit(actor, action, {"text": text[:200]})

    def request(
        self,
        actor: Actor,
        *,
        kind: Kind,
        database: str,
        tables: tuple[str, ...] = (),
        format: Format = Format.CUSTOM,  # noqa: A002 - the field's own word, and keyword-only
        channel: str | None = None,
        enqueue: bool = True,
    ) -> BackupMessage:
        """Write down that a backup is wanted, and queue it unless the caller runs it itself.

        Raises:
            NotAllowedError: the actor's role does not reach.
            NotFoundError: no such database.
            UserError: a table backup without tables.
        """
        self.gate.admit(actor, Action.BACK_UP, {"database": database, "kind": kind.value})
        self.sources.settings(database)
        if kind is Kind.TABLE and not tables:
            raise UserError("A table backup needs at least one table name.")
        with borrowed(self.pool) as connection:
            record = ledger.insert(
                connection,
                database=database,
                kind=kind,
                format=format,
                tables=tables,
                actor=actor,
                channel=channel,
            )
            self._open(connection, actor, record, enqueue=enqueue)
            return BackupMessage(record, ledger.ahead(connection, record), _now())

    def open_due(
        self,
        connection: LedgerConnection,
        actor: Actor,
        due: Due,
        *,
        kind: Kind,
        database: str,
        lifecycle: str,
    ) -> BackupRecord:
        """The same for a schedule, within the caller's transaction; `lifecycle` names the archive's folder.

        Raises:
            NotFoundError: no such database.
        """
        self.sources.settings(database)
        record = ledger.insert(
            connection, database=database, kind=kind, actor=actor, due=due, lifecycle=lifecycle
        )
        self._open(connection, actor, record, enqueue=True)
        return record

    def _open(
        self, connection: LedgerConnection, actor: Actor, record: BackupRecord, *, enqueue: bool
    ) -> None:
        self.notifier.backup_opened(connection, record)
        if enqueue:
            self.queue.backup(connection, record.id, record.database)
        details = {
            "database": record.database,
            "kind": record.kind.value,
            "format": record.format.value,
            "tables": record.tables,
            **({"due_at": record.due_at.isoformat()} if record.due_at else {}),
        }
        audit.record(connection, actor, "backup.requested", f"backup:{record.id}", details)

    def status(self, actor: Actor, database: str | None = None) -> StatusView:
        """How each database (or one) stands, those with problems first.

        Raises:
            NotAllowedError, NotFoundError: as in request().
        """
        self.gate.admit(actor, Action.SEE, {"verb": "status"})
        names = [database] if database else list(self.sources.names())
        now = _now()
        with borrowed(self.pool) as connection:
            found = health.standing(connection, self.sources, names, now)
        return StatusView(found, now)

    def recent(
        self, actor: Actor, database: str | None = None, kind: Kind | None = None, limit: int = 10
    ) -> BackupList:
        """The newest backups, whatever became of them.

        Raises:
            NotAllowedError, NotFoundError: as in request().
        """
        self.gate.admit(actor, Action.SEE, {"verb": "list"})
        if database:
            self.sources.settings(database)
        with borrowed(self.pool) as connection:
            records, total = ledger.recent(
                connection, database=database, kind=kind, limit=min(limit, _LONGEST_LIST)
            )
        return BackupList(records, total, database, kind, _now())

    def show(self, actor: Actor, backup_id: str, database: str | None = None) -> BackupDetails:
        """A backup with its manifest, read from storage.

        Raises:
            NotAllowedError, NotFoundError, UserError: see find().
        """
        self.gate.admit(actor, Action.SEE, {"verb": "show"})
        with borrowed(self.pool) as connection:
            return self.details(find(connection, backup_id, database))

    def details(self, record: BackupRecord) -> BackupDetails:
        """The same for a record at hand; an unreadable manifest is said, not raised."""
        if record.state is not State.STORED or record.manifest_key is None:
            return BackupDetails(record, None)
        try:
            return BackupDetails(record, read_manifest(self.store, record))
        except (SparewheelError, ValueError) as error:
            sentence = error.sentence if isinstance(error, SparewheelError) else str(error)
            return BackupDetails(record, None, f"The manifest could not be read: {sentence}")

    def request_check(
        self, actor: Actor, backup_id: str, channel: str | None = None, database: str | None = None
    ) -> CheckMessage:
        """Queue a check: fetch the bytes back, hash them, read the archive through.

        Raises:
            NotAllowedError, NotFoundError: as in show().
            UserError: the backup is not stored, so there is nothing to check.
        """
        return self._open_check(actor, backup_id, database, channel, enqueue=True)

    def begin_check(self, actor: Actor, backup_id: str, database: str | None = None) -> CheckMessage:
        """The same without queueing, for a caller that runs the check itself."""
        return self._open_check(actor, backup_id, database, None, enqueue=False)

    def _open_check(
        self, actor: Actor, backup_id: str, database: str | None, channel: str | None, *, enqueue: bool
    ) -> CheckMessage:
        self.gate.admit(actor, Action.CHECK, {"backup": backup_id[:ID_LENGTH]})
        with borrowed(self.pool) as connection:
            record = find(connection, backup_id, database, State.STORED)
            if record.state is not State.STORED:
                raise UserError(
                    f"Backup {record.id} is {record.state.value}; only a stored backup can be checked.",
                    next_step="Type `/backup list` to see which ones are stored.",
                )
            check = checks.check_message(
                checks.insert(connection, backup_id=record.id, actor=actor, channel=channel), record
            )
            self.notifier.check_opened(connection, check)
            if enqueue:
                self.queue.check(connection, check.check_id, record.database)
            audit.record(
                connection, actor, "check.requested", f"backup:{record.id}", {"check": check.check_id}
            )
            return check

    def cancel(self, actor: Actor, backup_id: str, database: str | None = None) -> CancelView:
        """Ask a backup to stop. One that waits is over at once; one that runs ends within seconds.

        Raises:
            NotAllowedError, NotFoundError: as in show().
            UserError: it is over already.
        """
        self.gate.admit(actor, Action.CANCEL, {"backup": backup_id[:ID_LENGTH]})
        with borrowed(self.pool) as connection:
            record = find(connection, backup_id, database, State.RUNNING, State.QUEUED)
            outcome = ledger.request_cancel(connection, record.id, actor.user)
            if outcome == "final":
                raise UserError(
                    f"Backup {record.id} is already {record.state.value}; there is nothing to stop.",
                    next_step=f"Type `/backup show {record.id}` to see how it ended.",
                )
            if outcome == "queued":
                self.notifier.backup_ended(connection, record)
            audit.record(
                connection, actor, "backup.cancel-requested", f"backup:{record.id}", {"was": outcome}
            )
            return CancelView(ledger.get(connection, record.id), outcome == "queued")

    def message(self, backup_id: str) -> BackupMessage:
        """A backup's message as of now, for whoever draws it.

        Raises:
            NotFoundError: no such backup.
        """
        with borrowed(self.pool) as connection:
            record = find(connection, backup_id)
            last_good = None
            if record.state in (State.FAILED, State.CANCELLED):
                last_good = ledger.newest_stored(connection, record.database, record.kind)
                if last_good is not None and last_good.tables != record.tables:
                    last_good = None  # a backup of another table is no comfort
            return BackupMessage(record, ledger.ahead(connection, record), _now(), last_good)


def find(
    connection: LedgerConnection, text: str, database: str | None = None, *states: State
) -> BackupRecord:
    """The backup that an id, the beginning of one, or `latest` means.

    `database` and `states` narrow what `latest` may be; an id says which one is meant all the same.

    Raises:
        NotFoundError: there is none.
        UserError: the text is no id, or begins several.
    """
    word = text.strip().lower()
    if word == _LATEST:
        return _newest(connection, database, states)
    look = partial(ledger.find_by_prefix, connection)
    return the_one(word, look, noun="backup", next_step="Type `/backup list` to see the ids.")


def _newest(connection: LedgerConnection, database: str | None, states: Sequence[State]) -> BackupRecord:
    for state in states or (None,):
        found, _ = ledger.recent(connection, database=database, state=state, limit=1)
        if found:
            return found[0]
    of = f" of {database}" if database else ""
    if State.QUEUED in states:
        raise NotFoundError(f"No backup{of} runs or waits.", next_step="There is nothing to stop.")
    raise NotFoundError(
        f"There is no {'stored ' if states else ''}backup{of} yet.",
        next_step="Type `/backup now full` and the database's name.",
    )


def read_manifest(store: Store, record: BackupRecord) -> Manifest:
    """Fetch and read a backup's manifest, by its version where one was recorded.

    Raises:
        StorageError: it is not there or the store does not answer.
        ValueError: it is not a manifest of a version known here.
    """
    return from_json(manifest_bytes(store, record))


def manifest_bytes(store: Store, record: BackupRecord) -> bytes:
    """A backup's manifest as it lies in storage, by its version where one was recorded.

    Raises:
        StorageError: it is not there or the store does not answer.
    """
    if record.manifest_key is None:
        raise ObjectMissingError(f"Backup {record.id} has no manifest.")
    with store.open(record.manifest_key, record.manifest_version_id) as chunks:
        return b"".join(chunks)


def _now() -> datetime:
    return datetime.now(UTC)
