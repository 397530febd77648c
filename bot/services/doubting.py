"""Keeps in the ledger what a look at the storage says against a stored backup, or for it again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.backup import BackupRecord, Doubt, Kind, SeenBy
from bot.core.people import Actor, Source
from bot.ledger import audit, backups
from bot.ledger import doubts as ledger
from bot.ledger.connection import LedgerPool, borrowed
from bot.services import own_store
from bot.services.witnesses import Witnesses

KINDS = (Kind.FULL, Kind.CRITICAL, Kind.SCHEMA)
# One look does not last for ever; the next one goes on where this one stopped.
_AT_ONCE = 50
_LOOKER = Actor(team="local", user="look", source=Source.SCHEDULE)


@dataclass(frozen=True)
class Doubting:
    """Asks the storage, and writes down where its answer changes what counts as a backup."""

    pool: LedgerPool
    witnesses: Witnesses

    def look(self, record: BackupRecord) -> bool:
        """Whether a stored backup lies in the storage as the ledger says; what changed is kept.

        Raises:
            StorageError: it could not be asked, or holds nothing of ours; nothing was written.
        """
        wrong = self.witnesses.difference(record)
        if wrong is None:
            self._seen(record)
            return True
        doubt, sentence = wrong
        if doubt is Doubt.GONE and record.gone_at is None:
            own_store.demand(self.pool, self.witnesses.store, record)
        with borrowed(self.pool) as connection:
            if ledger.mark(connection, record.id, doubt, sentence, SeenBy.LOOK):
                about = f"backup:{record.id}"
                audit.record(connection, _LOOKER, f"backup.{doubt.value}", about, {"sentence": sentence})
        return False

    def look_at(self, database: str) -> list[BackupRecord]:
        """Look at a database's newest backups, and at those that were missed: they may be back.

        Returns the newest stored one of each kind, good or not. Where the newest is not there the next one
        is looked at, until one is.

        Raises:
            StorageError: as in look().
        """
        with borrowed(self.pool) as connection:
            doubted = ledger.can_come_back(connection, database, _AT_ONCE)
        for record in doubted:
            self.look(record)
        for kind in KINDS:
            self._newest_that_is_there(database, kind)
        with borrowed(self.pool) as connection:
            bad = ledger.since_good(connection, [database], KINDS).get(database, [])
            good = [backups.newest_stored(connection, database, kind) for kind in KINDS]
        return _newest_of_each([*bad, *(record for record in good if record)])

    def _newest_that_is_there(self, database: str, kind: Kind) -> None:
        for _ in range(_AT_ONCE):
            with borrowed(self.pool) as connection:
                record = backups.newest_stored(connection, database, kind)
            if record is None or self.look(record):
                return

    def _seen(self, record: BackupRecord) -> None:
        if record.doubt is None:
            return
        with borrowed(self.pool) as connection:
            if ledger.was_seen(connection, record):
                audit.record(connection, _LOOKER, "backup.back", f"backup:{record.id}", {})


def _newest_of_each(records: Sequence[BackupRecord]) -> list[BackupRecord]:
    by_time = sorted(records, key=lambda record: record.snapshot_at or record.requested_at)
    return list({record.kind: record for record in by_time}.values())
