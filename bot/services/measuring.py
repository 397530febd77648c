"""Counts and fingerprints, taken beside the dump in the dump's own snapshot."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import Connection

from bot.core.backup import FingerprintScope, TableName, Tier
from bot.postgres import fingerprint, inventory, snapshot
from bot.postgres.address import Address, translate
from bot.postgres.catalog import Relation
from bot.postgres.fingerprint import Measured
from bot.services.preflight import Outline


@dataclass
class Tally:
    """How far the counting has come; read by the pulse while the counting thread writes."""

    rows: int = 0
    tables: int = 0


@dataclass
class Measuring:
    """A counting session of its own, in a thread of its own, on the shared snapshot.

    Leaves are measured; a partitioned table's figures are the sum over its leaves, with an expression
    that gives the same result when it runs on the root of a restored copy.
    """

    address: Address
    snapshot_id: str
    outline: Outline
    scope: FingerprintScope
    tally: Tally = field(default_factory=Tally)
    measured: dict[TableName, Measured] = field(default_factory=dict)
    inventory: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._error: BaseException | None = None
        self._connection: Connection[Any] | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="counting", daemon=True)
        self._by_name = {r.table: r for r in self.outline.catalog.relations}

    def start(self) -> None:
        """Begin counting."""
        self._thread.start()

    def interrupt(self) -> None:
        """Cancel the running query; the thread ends soon after."""
        self._stopping.set()
        if self._connection is not None:
            self._connection.cancel_safe(timeout=2.0)

    def close(self) -> None:
        """End the thread, whatever it is doing."""
        if self._thread.is_alive():
            self.interrupt()
            self._thread.join()

    def finished(self, wait_seconds: float) -> bool:
        """Wait a little; True once all is counted. Raises what went wrong in the thread."""
        self._thread.join(wait_seconds)
        if self._thread.is_alive():
            return False
        if self._error is not None:
            raise self._error
        return True

    def failed(self) -> None:
        """Raise what went wrong in the thread so far, if anything did."""
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            with snapshot.join(self.address, self.snapshot_id) as connection:
                self._connection = connection
                self.inventory = inventory.take(connection)
                for relation in self.leaves():
                    if self._stopping.is_set():
                        return
                    self._measure(connection, relation)
            self._add_up_roots()
        except psycopg.Error as error:
            self._error = translate(error, self.address)
        except Exception as error:  # noqa: BLE001 - carried to the run's own thread by finished()
            self._error = error

    def leaves(self) -> Sequence[Relation]:
        """What holds rows of its own and is dumped with them, big ones first so that small ones fill in."""
        dumped = set(self.outline.plan.data_tables)
        found = [
            r
            for r in self.outline.catalog.relations
            if r.table in dumped and r.kind in ("table", "materialized view")
        ]
        return sorted(found, key=lambda r: -r.size_bytes)

    def _wants_content(self, relation: Relation) -> bool:
        return self.scope.covers(tier_of(self.outline.tiers, relation))

    def _measure(self, connection: Connection[Any], relation: Relation) -> None:
        root = self._root_of(relation)
        result = fingerprint.measure(connection, relation, content=self._wants_content(relation), root=root)
        self.measured[relation.table] = result
        self.tally.rows += result.rows
        self.tally.tables += 1

    def _root_of(self, relation: Relation) -> Relation | None:
        return self._by_name.get(relation.root) if relation.root else None

    def _add_up_roots(self) -> None:
        under: dict[TableName, list[Measured]] = defaultdict(list)
        for relation in self.outline.catalog.relations:
            if relation.root is not None and relation.table in self.measured:
                under[relation.root].append(self.measured[relation.table])
        for root, leaves in under.items():
            self.measured[root] = fingerprint.roll_up(self._by_name[root], leaves)


def tier_of(tiers: Mapping[TableName, Tier], relation: Relation) -> Tier:
    """A relation's tier; a leaf that the configuration does not name has its root's."""
    found = tiers.get(relation.table)
    if found is None and relation.root is not None:
        found = tiers.get(relation.root)
    return found or Tier.OTHER
