"""What a rule is: a stable name under which a check speaks."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.finding import Severity


@dataclass(frozen=True)
class Rule:
    """`severity` is its usual weight; a finding may carry less where the difference is explained."""

    name: str
    check: str
    severity: Severity
    meaning: str
    next_step: str
