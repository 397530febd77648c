"""The audit trail's own check: a chain that was tampered with is an alert."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from bot.core.alert_rules_house import AUDIT_BROKEN
from bot.core.alerts import Condition, Severity
from bot.ledger import audit
from bot.ledger.audit import ChainReport
from bot.ledger.connection import borrowed
from bot.services.alerts import Alerts, Seen
from bot.services.fires import Fire

log = logging.getLogger(__name__)
KIND = "audit-check"  # of the schedule `house/audit-check`


@dataclass(frozen=True)
class AuditCheck:
    """Run by its schedule, `house/audit-check`."""

    alerts: Alerts

    def begin(self, _fire: Fire) -> str:
        """What its schedule begins; says in the ledger what came of it."""
        report = self.run()
        return f"{report.events} events, {'whole' if report.whole else 'broken'}"

    def run(self, now: datetime | None = None) -> ChainReport:
        """Compute the chain anew. What does not fit opens an alert; a whole chain later resolves it.

        Raises:
            LedgerUnavailableError: the ledger is away.
        """
        now = now or self.alerts.now()
        with borrowed(self.alerts.pool) as connection:
            report = audit.verify(connection)
        self.alerts.apply(Seen(_conditions(report), {(AUDIT_BROKEN, None)}, is_final=True), now)
        # Kept outside the ledger by whoever keeps logs: a chain rewritten as a whole shows against it.
        log.info("audit trail: %d events, head %s", report.events, report.head)
        return report


def _conditions(report: ChainReport) -> list[Condition]:
    if report.whole:
        return []
    return [
        Condition(
            AUDIT_BROKEN,
            AUDIT_BROKEN,
            Severity.CRITICAL,
            None,
            f"The audit trail does not hold from event {report.broken_at} on: {report.problem}",
            "Stop changing the ledger, keep a copy of it, and compare it with its last backup.",
        )
    ]
