"""docs/alerts.md tells of every rule, and of no other."""

from __future__ import annotations

import re
from pathlib import Path

from bot.core.alert_rules import COULD_NOT_LOOK, DATABASE_RULES
from bot.core.alert_rules_house import AUDIT_BROKEN, QUEUE_STUCK, WORKER_GONE
from bot.services.alert_looks import COULD_NOT_COMPARE
from bot.services.witnesses import NO_TIER, STORAGE_AWAY, WITNESS

PAGE = Path(__file__).parents[1] / "docs" / "alerts.md"


def test_every_rule_stands_in_the_table() -> None:
    told = set(re.findall(r"^\| `([a-z-]+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    others = {WORKER_GONE, QUEUE_STUCK, AUDIT_BROKEN, NO_TIER, STORAGE_AWAY, WITNESS}
    others |= {COULD_NOT_LOOK, COULD_NOT_COMPARE}
    assert told == set(DATABASE_RULES) | others
