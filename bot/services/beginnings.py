"""What each kind of schedule begins when it is due, in the transaction of the fire."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.core.backup import Kind
from bot.core.durations import Keep
from bot.core.schedules import RESTORE_TEST
from bot.ledger import alerts, inbox
from bot.ledger import schedules as ledger
from bot.ledger.connection import LedgerConnection
from bot.services import due
from bot.services.backups import Backups
from bot.services.fires import Fire, Handler
from bot.services.restore_tests import RestoreTests

# As long as the records that the first users must keep.
KEEP_FIRES = timedelta(days=184)


@dataclass(frozen=True)
class Beginnings:
    """Of the schedules that the product always has; others are registered beside them."""

    backups: Backups
    tests: RestoreTests
    keep_alerts: Keep

    def handlers(self) -> dict[str, Handler]:
        """A schedule's kind -> what begins it."""
        kinds = (Kind.FULL, Kind.CRITICAL, Kind.SCHEMA)
        return {
            **{kind.value: self.backup for kind in kinds},
            RESTORE_TEST: self.restore_test,
            "housekeeping": self.housekeeping,
        }

    def backup(self, fire: Fire) -> str:
        """Queue a backup."""
        record = self.backups.open_due(
            fire.connection,
            fire.actor,
            fire.due,
            kind=Kind(fire.schedule.kind),
            database=fire.schedule.database or "",
            lifecycle=due.lifecycle(fire.schedule, fire.due_at),
        )
        return f"backup:{record.id}"

    def restore_test(self, fire: Fire) -> str:
        """Queue a restore test of the newest full backup."""
        message = self.tests.open_due(fire.connection, fire.actor, fire.due, fire.schedule.database or "")
        return f"restore-test:{message.test.id}"

    def housekeeping(self, fire: Fire) -> None:
        """Forget what nobody needs any more; finished jobs are the workers' own business."""
        ledger.purge(fire.connection, KEEP_FIRES)
        self._purge_alerts(fire.connection)
        inbox.purge(fire.connection)

    def _purge_alerts(self, connection: LedgerConnection) -> None:
        """Those that were over so long ago; what was said of them stays in the audit trail."""
        before = self.keep_alerts.back_from(datetime.now(UTC))
        if before is not None:
            alerts.purge(connection, before)
