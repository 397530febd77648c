"""Ends restore tests whose process died, and drops scratch databases that nobody is to look at any more."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from bot.checks import rules
from bot.core.ids import new_attempt
from bot.core.restore_test import RestoreTestRecord
from bot.core.verdict import Verdict
from bot.errors import ConfigurationError, LoginRefusedError, SparewheelError, UnreachableError
from bot.ledger import backups
from bot.ledger import restore_tests as ledger
from bot.ledger.connection import LedgerPool, borrowed
from bot.postgres import scratch
from bot.postgres.scratch import Leftover
from bot.services import fetching
from bot.services.outcomes import Outcomes
from bot.services.proving import scratch_name
from bot.services.pulse import LEASE_SECONDS
from bot.services.sources import Sources

log = logging.getLogger(__name__)

# A waiting test without a job was to be run by the command line that asked for it, within moments.
_ABANDONED_SECONDS = 600.0


@dataclass(frozen=True)
class ScratchReaper:
    """Swept by every worker; a row is taken by one of them. Temporary folders are each machine's own."""

    pool: LedgerPool
    sources: Sources
    outcomes: Outcomes

    def sweep(self) -> int:
        """End dead tests, then drop what is due; answers how many tests were ended.

        Raises:
            LedgerUnavailableError: the ledger cannot be reached; what is left is found by the next sweep.
        """
        attempt = new_attempt()
        with borrowed(self.pool) as connection:
            dead = ledger.take_over(connection, attempt, LEASE_SECONDS)
            abandoned = ledger.abandoned(connection, _ABANDONED_SECONDS)
        for test in dead:
            self._end(test, attempt)
        for test in abandoned:
            self._end(test, None)
        fetching.sweep()
        self._drop_due()
        return len(dead) + len(abandoned)

    def _end(self, test: RestoreTestRecord, attempt: str | None) -> None:
        with borrowed(self.pool) as connection:
            message = ledger.message(connection, test.id)
        result = ledger.Result(Verdict.COULD_NOT_VERIFY, [rules.finding("TEST_BROKE_OFF", _why(attempt))])
        self.outcomes.tested(message, attempt, result)

    def _drop_due(self) -> None:
        """Drop what is due; a staging server that is away is asked once, and left alone for a while."""
        with borrowed(self.pool) as connection:
            due = [
                (backups.get(connection, t.backup_id).database, t.id) for t in ledger.scratch_due(connection)
            ]
        away: set[str] = set()
        for database, test_id in due:
            dropped = database not in away and self._drop(database, test_id, away)
            with borrowed(self.pool) as connection:
                (ledger.mark_dropped if dropped else ledger.postpone_drop)(connection, test_id)

    def _drop(self, database: str, test_id: str, away: set[str]) -> bool:
        """Whether it is gone; a server that could not be reached is noted under its database's name."""
        try:
            scratch.drop(self.sources.staging(database), Leftover(test_id, scratch_name(test_id)))
        except SparewheelError as error:
            log.warning("the scratch database of restore test %s stays: %s", test_id, error.sentence)
            if isinstance(error, UnreachableError | LoginRefusedError | ConfigurationError):
                away.add(database)
            return False
        return True


def _why(attempt: str | None) -> str:
    if attempt is None:
        return "Nobody came to run this test: the command line that asked for it ended before it began."
    return "The worker that ran this test stopped without finishing it."
