"""The look at the storage for every database, as often as configured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.core.alerts import Condition
from bot.errors import SparewheelError, StorageError
from bot.ledger import alerts as ledger
from bot.ledger.connection import LedgerPool, borrowed
from bot.platforms.interface import NOT_KNOWN, OwnBackups
from bot.platforms.open import open_platform
from bot.services.doubting import Doubting
from bot.services.sources import Sources
from bot.services.witnesses import NO_TIER, STORAGE_AWAY, WITNESS, Subject, storage_away
from bot.settings import DatabaseSettings

Looked = set[tuple[str, str | None]]


@dataclass(frozen=True)
class Looker:
    """`mark` names the date of the last look that saw everything."""

    pool: LedgerPool
    sources: Sources
    doubting: Doubting
    mark: str = "storage-looked"

    def look(self, now: datetime) -> tuple[list[Condition], Looked]:
        """What does not agree, and of which rules and databases that can be said.

        A storage that cannot be asked is looked at again with the next call; until then nothing is known.
        """
        found: list[Condition] = []
        looked: Looked = set()
        try:
            for subject in self._subjects():
                found += self.doubting.witnesses.look(subject, now)
                looked |= {(WITNESS, subject.name), (NO_TIER, subject.name)}
        except StorageError as error:
            return [*found, storage_away(error)], looked
        with borrowed(self.pool) as connection:
            ledger.mark(connection, self.mark, now)
        return found, looked | {(STORAGE_AWAY, None)}

    def _subjects(self) -> Iterator[Subject]:
        for name, settings in self.sources.configuration.databases.items():
            yield Subject(
                name,
                self.doubting.look_at(name),
                open_platform(settings.platform),
                _has_tiers(settings),
                self._own(name),
            )

    def _own(self, name: str) -> OwnBackups:
        try:
            source = self.sources.get(name)
        except SparewheelError:  # an address that is not set is said by whoever needs it
            return NOT_KNOWN
        return source.platform.own_backups(source.address)


def _has_tiers(settings: DatabaseSettings) -> bool:
    return bool(settings.critical or settings.important or settings.supporting)
