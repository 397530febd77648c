"""Fetching, restoring and verifying together stay within the time a recovery may take."""

from __future__ import annotations

from collections.abc import Sequence

from bot.checks import rules
from bot.checks.interface import Restored
from bot.core.finding import Finding
from bot.core.units import duration_text


class Rto:
    """Runs last: the time that the other checks took counts."""

    name = "RTO"

    def run(self, restored: Restored) -> Sequence[Finding]:
        """Say when the budget was not kept. Without an RTO in the configuration there is nothing to say."""
        if restored.rto is None:
            return []
        spent = restored.timings.download + restored.timings.restore + restored.timings.verify
        budget = restored.rto.total_seconds()
        if spent <= budget:
            return []
        return [
            rules.finding(
                "RTO_EXCEEDED", f"It took {duration_text(spent)}, and the RTO is {duration_text(budget)}."
            )
        ]
