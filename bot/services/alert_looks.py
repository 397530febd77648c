"""The look at the storage for every database, as often as configured."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from bot.core.alert_rules import could_not_look
from bot.core.alerts import Condition
from bot.errors import LedgerUnavailableError, SparewheelError, StorageError
from bot.ledger import alerts as ledger
from bot.ledger.connection import LedgerPool, borrowed
from bot.platforms.interface import NOT_KNOWN, OwnBackups
from bot.platforms.open import open_platform
from bot.services.doubting import Doubting
from bot.services.sources import Sources
from bot.services.witnesses import NO_TIER, STORAGE_AWAY, WITNESS, Subject, storage_away
from bot.settings import DatabaseSettings

# Beside "could-not-look", which the look at the ledger opens and ends.
COULD_NOT_COMPARE = "could-not-compare"
Looked = set[tuple[str, str | None]]

log = logging.getLogger(__name__)


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
            for name in self.sources.configuration.databases:
                conditions, rules = self._look_at(name, now)
                found += conditions
                looked |= {(rule, name) for rule in rules}
        except StorageError as error:
            return [*found, storage_away(error)], looked
        with borrowed(self.pool) as connection:
            ledger.mark(connection, self.mark, now)
        return found, looked | {(STORAGE_AWAY, None)}

    def _look_at(self, name: str, now: datetime) -> tuple[list[Condition], set[str]]:
        """One database: what does not agree, and the rules that could be heard. It keeps no other from it."""
        try:
            return self.doubting.witnesses.look(self._subject(name), now), {
                WITNESS,
                NO_TIER,
                COULD_NOT_COMPARE,
            }
        except (LedgerUnavailableError, StorageError):
            raise
        except Exception as error:
            log.exception("could not look at the backups of %s in storage", name)
            return [could_not_look(COULD_NOT_COMPARE, name, "storage", error)], set()

    def _subject(self, name: str) -> Subject:
        settings = self.sources.configuration.databases[name]
        return Subject(
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
