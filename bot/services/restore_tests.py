"""What people ask of restore tests and get an answer to at once. The work itself runs elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.checks import rules
from bot.core.backup import BackupRecord, Format, Kind, State
from bot.core.finding import Finding
from bot.core.ids import ID_LENGTH
from bot.core.people import Action, Actor
from bot.core.restore_test import RestoreTestMessage, RestoreTestRecord
from bot.core.schedules import Due
from bot.core.verdict import Verdict
from bot.errors import NotFoundError, UserError
from bot.ledger import audit, doubts
from bot.ledger import restore_tests as ledger
from bot.ledger.connection import LedgerConnection, LedgerPool, borrowed
from bot.ledger.queue import Queue
from bot.services.access import Gate
from bot.services.backups import find
from bot.services.notifying import Notifier
from bot.services.sources import Sources
from bot.services.views import StopTestView

_LATEST = "latest"


@dataclass(frozen=True)
class RestoreTests:
    """The use cases behind `/restore-test`, the same for Slack and the command line."""

    pool: LedgerPool
    sources: Sources
    queue: Queue
    notifier: Notifier
    gate: Gate

    def admit(self, actor: Actor, text: str) -> None:
        """Return where a role allows restore tests, typed as `text`.

        Raises:
            NotAllowedError: none does, and that is written down.
        """
        self.gate.admit(actor, Action.RESTORE_TEST, {"text": text[:200]})

    def request(
        self,
        actor: Actor,
        *,
        pick: str = _LATEST,
        database: str | None = None,
        kind: Kind = Kind.FULL,
        channel: str | None = None,
        enqueue: bool = True,
    ) -> RestoreTestMessage:
        """Write down that a stored backup is to be brought back and compared, and queue it.

        `pick` is an id, the beginning of one, or `latest`: the newest stored one of `kind` and `database`.

        Raises:
            NotAllowedError: the actor's role does not reach.
            NotFoundError: no such backup or database.
            UserError: it cannot be tested: not stored, plain SQL, no staging server, another database's.
        """
        self.gate.admit(actor, Action.RESTORE_TEST, {"backup": pick[:ID_LENGTH], "database": database})
        with borrowed(self.pool) as connection:
            backup = self._pick(connection, pick, database, kind)
            asked_for = f"{_LATEST} {kind.value}" if pick == _LATEST else backup.id
            return self.open(connection, actor, backup, asked_for=asked_for, channel=channel, enqueue=enqueue)

    def open_due(
        self, connection: LedgerConnection, actor: Actor, due: Due, database: str
    ) -> RestoreTestMessage:
        """The same for a schedule, within the caller's transaction: the newest full backup is tested.

        Raises:
            NotFoundError, UserError: as in request().
        """
        backup = self._pick(connection, _LATEST, database, Kind.FULL)
        return self.open(connection, actor, backup, asked_for=f"{_LATEST} {Kind.FULL.value}", due=due)

    def open(
        self,
        connection: LedgerConnection,
        actor: Actor,
        backup: BackupRecord,
        *,
        asked_for: str,
        channel: str | None = None,
        enqueue: bool = True,
        due: Due | None = None,
    ) -> RestoreTestMessage:
        """Write and queue the test of a backup that can be tested, within the caller's transaction.

        Raises:
            NotFoundError: its database is not configured any more.
            UserError: the database has no staging server.
        """
        settings = self.sources.settings(backup.database)
        self.sources.staging(backup.database)
        test = ledger.insert(
            connection,
            backup_id=backup.id,
            asked_for=asked_for,
            way=settings.restore_test.way,
            actor=actor,
            channel=channel,
            due=due,
        )
        message = self._message(test, backup)
        self.notifier.restore_test_opened(connection, message)
        if enqueue:
            self.queue.restore_test(connection, test.id)
        details = {"test": test.id, "asked_for": asked_for}
        audit.record(connection, actor, "restore-test.requested", f"backup:{backup.id}", details)
        return message

    def cancel(self, actor: Actor, test_id: str = _LATEST) -> StopTestView:
        """Ask a restore test to stop, by its own or its backup's id; `latest`: the only one there is.

        Raises:
            NotAllowedError, NotFoundError: as in request().
            UserError: it is over already, or several could be meant.
        """
        self.gate.admit(actor, Action.CANCEL, {"restore_test": test_id[:ID_LENGTH]})
        with borrowed(self.pool) as connection:
            test = _find_running(connection, test_id.strip().lower())
            outcome = ledger.request_cancel(connection, test.id, actor.user)
            if outcome == "final":
                raise _over(test)
            if outcome == "queued":
                self._end_waiting(connection, ledger.get(connection, test.id), actor)
            audit.record(
                connection,
                actor,
                "restore-test.cancel-requested",
                f"backup:{test.backup_id}",
                {"test": test.id, "was": outcome},
            )
            return StopTestView(self._load(connection, test.id), outcome == "queued")

    def message(self, test_id: str) -> RestoreTestMessage:
        """A restore test's message as of now, for whoever draws it.

        Raises:
            NotFoundError: no such restore test.
        """
        with borrowed(self.pool) as connection:
            return self._load(connection, test_id)

    def _load(self, connection: LedgerConnection, test_id: str) -> RestoreTestMessage:
        found = ledger.message(connection, test_id)
        return self._message(found.test, found.backup)

    def _message(self, test: RestoreTestRecord, backup: BackupRecord) -> RestoreTestMessage:
        settings = self.sources.configuration.databases.get(backup.database)
        rto = timedelta(seconds=settings.rto) if settings and settings.rto else None
        return RestoreTestMessage(test, backup, rto, datetime.now(UTC))

    def _pick(
        self, connection: LedgerConnection, pick: str, database: str | None, kind: Kind
    ) -> BackupRecord:
        if database is not None:
            self.sources.settings(database)
        if pick == _LATEST:
            return _newest(connection, database, kind)
        backup = find(connection, pick)
        if database is not None and backup.database != database:
            raise UserError(f"Backup {backup.id} is one of {backup.database}, not of {database}.")
        _refuse_untestable(backup)
        return backup

    def _end_waiting(self, connection: LedgerConnection, test: RestoreTestRecord, actor: Actor) -> None:
        """One that nobody began is over at once."""
        result = ledger.Result(Verdict.COULD_NOT_VERIFY, [stopped(actor.user)])
        if ledger.finish(connection, test.id, None, result):
            self.notifier.restore_test_ended(connection, self._load(connection, test.id))


def stopped(by: str) -> Finding:
    """The finding of a test that somebody stopped."""
    return rules.finding("CANCELLED", f"Stopped because {by} asked for it.")


def _newest(connection: LedgerConnection, database: str | None, kind: Kind) -> BackupRecord:
    """The newest backup of a kind that is there, damaged or not: a test is what tells.

    One in plain SQL does not count, it cannot be tested.
    """
    found = doubts.newest_there(connection, database, kind, Format.CUSTOM)
    if found is None:
        of = f" of {database}" if database else ""
        raise NotFoundError(
            f"There is no stored {kind.value} backup{of} yet, so there is nothing to test.",
            next_step=f"Type `/backup now {kind.value}{' ' + database if database else ''}` first.",
        )
    return found


def _refuse_untestable(backup: BackupRecord) -> None:
    if backup.state is not State.STORED:
        raise UserError(
            f"Backup {backup.id} is {backup.state.value}; only a stored backup can be tested.",
            next_step="Type `/backup list` to see which ones are stored.",
        )
    if backup.format is Format.PLAIN:
        raise UserError(
            f"Backup {backup.id} is plain SQL; a restore test needs pg_dump's own format.",
            next_step="Take one without `plain`, and test that.",
        )


def _find_running(connection: LedgerConnection, word: str) -> RestoreTestRecord:
    going = ledger.unfinished(connection)
    meant = going if word == _LATEST else [t for t in going if word in (t.id, t.backup_id)]
    if not meant and word != _LATEST:
        found = ledger.find_by_prefix(connection, word)
        meant = [t for t in found if not t.is_final] or found[:1]
    if not meant:
        raise NotFoundError("No such restore test waits or runs, so there is nothing to stop.", next_step="")
    if len(meant) > 1:
        ids = ", ".join(test.id for test in meant[:5])
        raise UserError(
            f"Several restore tests wait or run: {ids}.", next_step="Name one: `/restore-test cancel ID`."
        )
    return meant[0]


def _over(test: RestoreTestRecord) -> UserError:
    return UserError(
        f"Restore test {test.id} is over already ({test.verdict}); there is nothing to stop.", next_step=""
    )
