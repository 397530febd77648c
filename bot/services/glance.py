"""A look at the storage for the report: does the newest backup of each kind lie where the ledger says?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.errors import StorageError
from bot.services.doubting import Doubting
from bot.services.views import DatabaseStatus


@dataclass(frozen=True)
class Glance:
    """Whether the storage contradicted the ledger, and what could not be looked at, as sentences."""

    changed: bool = False
    not_seen: Sequence[str] = ()


def glance(doubting: Doubting, databases: Sequence[DatabaseStatus]) -> Glance:
    """Compare each newest backup; what is gone is kept. The first silence of the storage ends the looking."""
    changed = False
    for record in [kind.newest for status in databases for kind in status.kinds if kind.newest]:
        try:
            changed |= not doubting.look(record)
        except StorageError as error:
            sentence = (
                f"The storage could not be looked at, so this is what the ledger says: {error.sentence}"
            )
            return Glance(changed, (sentence,))
    return Glance(changed)
