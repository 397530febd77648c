"""Partitioned tables in a restored database: what their leaves say together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.checks import rules
from bot.checks.interface import Restored
from bot.core.backup import TableName
from bot.core.finding import Finding, Severity
from bot.core.manifest import TableRecord
from bot.postgres.catalog import Catalog


@dataclass(frozen=True)
class Moves:
    """Partitioned tables whose rows are all there, although single leaves differ."""

    whole: frozenset[str]  # quoted names of roots
    rerouted: frozenset[str]  # of those that a healthy restore may route anew

    def split(self, differing: Iterable[TableRecord]) -> tuple[list[TableRecord], list[TableRecord]]:
        """(records that really differ, records of leaves whose rows only moved)."""
        really: list[TableRecord] = []
        moved: list[TableRecord] = []
        for record in differing:
            (moved if record.root in self.whole else really).append(record)
        return really, moved

    def findings(self, moved: Sequence[TableRecord], check: str) -> list[Finding]:
        """One finding for each partitioned table in which rows moved."""
        by_root: dict[str, list[TableRecord]] = {}
        for record in moved:
            by_root.setdefault(record.root or "", []).append(record)
        return [self._finding(root, leaves, check) for root, leaves in sorted(by_root.items())]

    def _finding(self, root: str, leaves: Sequence[TableRecord], check: str) -> Finding:
        sentence = (
            f"The partitioned table {root} is whole, but {len(leaves)} of its partitions hold other "
            "rows than before."
        )
        severity = Severity.NOTE if root in self.rerouted else None
        return rules.finding("ROWS_MOVED", sentence, subject=root, severity=severity, check=check)


def moves(restored: Restored, equal_roots: Iterable[TableRecord]) -> Moves:
    """Judge moves by the roots that were found equal. Hash partitions may be routed anew by a restore."""
    relations = restored.manifest.inventory.get("relations") or {}
    whole = frozenset(record.table.quoted() for record in equal_roots)
    hashed = {root for root in whole if _is_hashed(relations.get(root) or {})}
    return Moves(whole, frozenset(hashed))


def _is_hashed(facts: Mapping[str, str]) -> bool:
    return str(facts.get("partitioned_by", "")).startswith("HASH")


def leaf_names(catalog: Catalog, root: TableName) -> list[TableName]:
    """The leaves of a partitioned table as they are in the restored database."""
    return [leaf.table for leaf in catalog.leaves(root)]
