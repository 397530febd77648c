"""Constraints that held are validated and enforced again, and every index is one PostgreSQL will use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.checks import asking, rules
from bot.checks.explained import Explained
from bot.checks.interface import Restored
from bot.core.finding import Finding


class Constraints:
    """Asks the catalogue; what was so at the backup already is in the inventory there, and no finding."""

    name = "constraints"

    def run(self, restored: Restored) -> Sequence[Finding]:
        """Say which constraints and indexes came back in a worse state."""
        explained = Explained.of(restored)
        found = [
            *_worse(restored, "unvalidated_constraints", "constraints", "validated"),
            *_worse(restored, "invalid_indexes", "indexes", "valid"),
            *_not_enforced(restored),
        ]
        return [finding for finding in found if explained.reason(finding.subject or "") is None]


_SAYINGS = {
    "constraints": (
        "CONSTRAINT_NOT_VALIDATED",
        "The constraint {} came back without having been checked against the rows.",
    ),
    "indexes": ("INDEX_INVALID", "The index {} came back unusable."),
}


def _worse(restored: Restored, query: str, section: str, fact: str) -> Iterator[Finding]:
    before = restored.manifest.inventory.get(section) or {}
    rule, sentence = _SAYINGS[section]
    for row in asking.rows(restored.connection, query):
        identity = _identity(row)
        if (before.get(identity) or {}).get(fact) is not False:
            yield rules.finding(rule, sentence.format(identity), subject=identity)


def _not_enforced(restored: Restored) -> Iterator[Finding]:
    for row in asking.rows(restored.connection, "disabled_foreign_keys"):
        identity = _identity(row)
        sentence = f"The foreign key {identity} came back switched off: new rows would not be checked."
        yield rules.finding("CONSTRAINT_NOT_ENFORCED", sentence, subject=identity)


def _identity(row: Mapping[str, Any]) -> str:
    """The inventory's way to name it: quoted names with dots between."""
    parts = (str(row[key]).replace('"', '""') for key in ("on_schema", "on_name", "name"))
    return ".".join(f'"{part}"' for part in parts)
