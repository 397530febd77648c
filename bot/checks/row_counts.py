"""Every table holds as many rows as at the snapshot: leaf by leaf, and each partitioned table as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import psycopg

from bot.checks import asking, rules
from bot.checks.explained import Explained
from bot.checks.interface import Restored
from bot.checks.partitions import leaf_names, moves
from bot.core.backup import TableName
from bot.core.finding import Finding
from bot.core.manifest import TableRecord
from bot.postgres import catalog, fingerprint, unforced
from bot.postgres.catalog import Catalog

_MATVIEW = "materialized view"


@dataclass
class _Counted:
    """What the restored database was found to hold."""

    rows: dict[TableName, int] = field(default_factory=dict)
    failed: dict[TableName, str] = field(default_factory=dict)


class RowCounts:
    """Compares counts with the manifest's."""

    name = "row counts"

    def run(self, restored: Restored) -> Sequence[Finding]:
        """Say which tables are missing, or hold more or fewer rows."""
        there = catalog.read(restored.connection)
        explained = Explained.of(restored)
        wanted = [
            record
            for record in restored.manifest.tables
            if record.rows is not None and explained.of_table(record.table) is None
        ]
        counted = _count(restored, there, wanted)
        if _is_empty(wanted, counted):
            return [rules.finding("EMPTY_RESTORE", f"None of {_total(wanted):,} rows came back.")]
        return [
            *_missing(there, wanted),
            *(_not_counted(table, why) for table, why in counted.failed.items()),
            *_compare(restored, wanted, counted.rows),
        ]


def _count(restored: Restored, there: Catalog, wanted: Sequence[TableRecord]) -> _Counted:
    counted = _Counted()
    leaves = [record.table for record in wanted if record.kind != "partitioned"]
    roots = {
        record.table: leaf_names(there, record.table) for record in wanted if record.kind == "partitioned"
    }
    for table in dict.fromkeys([*leaves, *(leaf for some in roots.values() for leaf in some)]):
        relation = there.by_name.get(table)
        if relation is not None and relation.holds_rows:
            _count_one(restored, table, counted)
    for root, some in roots.items():
        if root in there.by_name and not any(leaf in counted.failed for leaf in some):
            counted.rows[root] = sum(counted.rows[leaf] for leaf in some)
    return counted


def _count_one(restored: Restored, table: TableName, counted: _Counted) -> None:
    try:
        with unforced.reading(restored.connection, table):
            counted.rows[table] = fingerprint.run(restored.connection, table, None).rows or 0
    except psycopg.Error as error:
        if restored.connection.closed:
            raise
        counted.failed[table] = asking.cause(error)


def _is_empty(wanted: Sequence[TableRecord], counted: _Counted) -> bool:
    return bool(_total(wanted)) and not counted.failed and not any(counted.rows.values())


def _total(wanted: Sequence[TableRecord]) -> int:
    return sum(record.rows or 0 for record in wanted if record.kind == "table")


def _missing(there: Catalog, wanted: Sequence[TableRecord]) -> Iterator[Finding]:
    for record in wanted:
        if record.table not in there.by_name:
            rows = f" with its {record.rows:,} rows" if record.rows else ""
            yield rules.finding(
                "TABLE_MISSING",
                f"The {_words(record)} {record.table} did not come back{rows}.",
                subject=record.table.quoted(),
            )


def _not_counted(table: TableName, why: str) -> Finding:
    return rules.finding(
        "ROWS_NOT_COUNTED", f"The table {table} could not be counted ({why}).", subject=table.quoted()
    )


def _compare(
    restored: Restored, wanted: Sequence[TableRecord], rows: Mapping[TableName, int]
) -> Iterator[Finding]:
    seen = [record for record in wanted if record.table in rows]
    differing = [record for record in seen if rows[record.table] != record.rows]
    equal_roots = [r for r in seen if r.kind == "partitioned" and r not in differing]
    judged = moves(restored, equal_roots)
    really, moved = judged.split(differing)
    yield from judged.findings(moved, RowCounts.name)
    roots_of_leaves = {record.root for record in really}
    for record in really:
        if record.table.quoted() not in roots_of_leaves:  # its leaves say it already
            yield _difference(record, rows[record.table])


def _difference(record: TableRecord, found: int) -> Finding:
    expected = record.rows or 0
    sentence = f"The {_words(record)} {record.table} came back with {found:,} rows instead of {expected:,}."
    if record.kind == _MATVIEW:
        return rules.finding("MATVIEW_REFRESHED", sentence, subject=record.table.quoted())
    name = "ROWS_MISSING" if found < expected else "ROWS_UNEXPECTED"
    return rules.finding(name, sentence, subject=record.table.quoted())


def _words(record: TableRecord) -> str:
    return {"partitioned": "partitioned table"}.get(record.kind, record.kind)
