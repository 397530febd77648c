"""Is the store that answers the one with our backups, and not an empty mount point or another bucket?"""

from __future__ import annotations

from collections.abc import Iterable

from bot.core.backup import BackupRecord
from bot.errors import ObjectMissingError, StorageUnavailableError
from bot.ledger import doubts as ledger
from bot.ledger.connection import LedgerPool, borrowed
from bot.storage.interface import Store

# A retention that nobody told of takes the oldest first, so the newest are asked for.
_OTHERS = 10


def demand(pool: LedgerPool, store: Store, record: BackupRecord) -> None:
    """Look for anything of ours before the storage's word that a stored backup is gone is believed.

    The backup's own archive or manifest will do, or those of the newest others of any database.

    Raises:
        StorageUnavailableError: none of them lies there.
        StorageError: it could not be asked.
    """
    with borrowed(pool) as connection:
        others = ledger.newest_there_of_all(connection, _OTHERS)
    if not _holds_any(store, [record, *(other for other in others if other.id != record.id)]):
        raise StorageUnavailableError(
            "The storage answers, but holds none of the backups that the ledger knows: "
            "is it mounted, is it the right bucket?",
            next_step="Look at the storage's address and mount. Nothing was marked as gone.",
        )


def _holds_any(store: Store, records: Iterable[BackupRecord]) -> bool:
    for record in records:
        for key, version in (
            (record.archive_key, record.version_id),
            (record.manifest_key, record.manifest_version_id),
        ):
            try:
                if key:
                    store.head(key, version)
                    return True
            except ObjectMissingError:
                continue
    return False
