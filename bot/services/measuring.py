"""Counts and fingerprints, taken beside the dump in the dump's own snapshot."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import Connection

from bot.core.backup import TableName, Tier
from bot.postgres import fingerprint, inventory, snapshot
from bot.postgres.address import translate
from bot.postgres.catalog import Relation
from bot.postgres.fingerprint import Measured
from bot.services.preflight import Outline
from bot.services.sources import Source

# A server has 64 lock slots for each connection it allows, unless it is configured otherwise; the holder of
# the snapshot and pg_dump need one for each table, and so does everybody else's work.
_MOST_LOCKED_AT_ONCE = 500


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

    source: Source
    snapshot_id: str
    outline: Outline
    locked: threading.Event = field(default_factory=threading.Event)
    tally: Tally = field(default_factory=Tally)
    measured: dict[TableName, Measured] = field(default_factory=dict)
    inventory: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._error: BaseException | None = None
        self._connection: Connection[Any] | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="counting", daemon=True)

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

    def wait_until_locked(self, wait_seconds: float) -> bool:
        """Wait a little; True once this session holds its own locks. Raises what went wrong instead."""
        done = self.locked.wait(wait_seconds)
        self.failed()
        return done or not self._thread.is_alive()

    def failed(self) -> None:
        """Raise what went wrong in the thread so far, if anything did."""
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            with snapshot.join(
                self.source.address,
                self.snapshot_id,
                self._locked_at_once(),
                lock_timeout_s=self.source.settings.lock_timeout,
            ) as connection:
                self._connection = connection
                self.locked.set()
                self._look(connection)
        except psycopg.Error as error:
            self._error = translate(error, self.source.address)
        except Exception as error:  # noqa: BLE001 - carried to the run's own thread by finished()
            self._error = error

    def _look(self, connection: Connection[Any]) -> None:
        """Everything that is taken in the snapshot. A materialized view cannot be locked beforehand."""
        try:
            self.inventory = inventory.take(connection)
            for relation in self.leaves():
                if self._stopping.is_set():
                    return
                self._measure(connection, relation)
        except psycopg.errors.LockNotAvailable:
            raise snapshot.lock_timeout(connection, self.source.settings.lock_timeout) from None
        self._add_up_roots(connection.info.server_version)

    def leaves(self) -> Sequence[Relation]:
        """What is measured: dumped tables and, in a backup of everything, filled materialized views.

        Big ones first, so that the small ones fill the time that is left.
        """
        dumped = set(self.outline.plan.data_tables)
        found = [r for r in self.outline.catalog.relations if r.table in dumped or self._is_wanted_view(r)]
        return sorted(found, key=lambda r: -r.size_bytes)

    def _is_wanted_view(self, relation: Relation) -> bool:
        is_view = relation.kind == "materialized view" and relation.holds_rows
        return self.outline.everything and is_view and relation.readable

    def _wants_content(self, relation: Relation) -> bool:
        return self.source.settings.fingerprints.covers(tier_of(self.outline.tiers, relation))

    def _locked_at_once(self) -> tuple[TableName, ...]:
        """All of them, as long as they are not too many for the server's lock table, which all share."""
        tables = self.outline.plan.data_tables
        return tables if len(tables) <= _MOST_LOCKED_AT_ONCE else ()

    def _measure(self, connection: Connection[Any], relation: Relation) -> None:
        # Rolled back, so that the locks which reading takes are given back: indexes have some too.
        with connection.transaction(force_rollback=True):
            result = fingerprint.measure(connection, relation, content=self._wants_content(relation))
        self.measured[relation.table] = result
        self.tally.rows += result.rows or 0
        self.tally.tables += 1

    def _add_up_roots(self, server_version: int) -> None:
        seen = self.outline.catalog
        for root in seen.relations:
            if root.kind != "partitioned":
                continue
            measured = [self.measured[r.table] for r in seen.leaves(root.table) if r.table in self.measured]
            if measured:
                self.measured[root.table] = fingerprint.roll_up(root, measured, server_version)


def tier_of(tiers: Mapping[TableName, Tier], relation: Relation) -> Tier:
    """A relation's tier; a leaf that the configuration does not name has its root's."""
    found = tiers.get(relation.table)
    if found is None and relation.root is not None:
        found = tiers.get(relation.root)
    return found or Tier.OTHER
