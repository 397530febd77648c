"""A look at the storage for the report: does the newest backup of each kind lie where the ledger says?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.core.backup import BackupRecord
from bot.errors import StorageError
from bot.services.views import DatabaseStatus
from bot.services.witnesses import Witnesses


@dataclass(frozen=True)
class Glance:
    """Where the storage contradicts the ledger, and what could not be looked at, as sentences."""

    lost: Sequence[str] = ()
    not_seen: Sequence[str] = ()


def glance(witnesses: Witnesses, databases: Sequence[DatabaseStatus]) -> Glance:
    """Compare each newest backup. The first silence of the storage ends the looking."""
    lost: list[str] = []
    for record in _newest(databases):
        try:
            wrong = witnesses.difference(record)
        except StorageError as error:
            sentence = (
                f"The storage could not be looked at, so this is what the ledger says: {error.sentence}"
            )
            return Glance(lost, (sentence,))
        if wrong:
            lost.append(f"The {record.kind} backup `{record.id}` of `{record.database}` is lost: {wrong}.")
    return Glance(lost)


def _newest(databases: Sequence[DatabaseStatus]) -> Iterator[BackupRecord]:
    for status in databases:
        yield from (kind.newest for kind in status.kinds if kind.newest)
