"""Every fingerprinted table holds what it held at the snapshot, value for value."""

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
from bot.core.units import plural
from bot.postgres import catalog, fingerprint, unforced
from bot.postgres.catalog import Catalog, Relation
from bot.postgres.fingerprint import Measured

_FIRST_VERSION = 90000  # of a manifest that does not say


@dataclass
class _Seen:
    """What was measured of the restored database, and what stood in the way."""

    measured: dict[TableName, Measured] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


class Fingerprints:
    """Measures tables again, by the expressions of the restored tables, and compares."""

    name = "fingerprints"

    def run(self, restored: Restored) -> Sequence[Finding]:
        """Say which tables hold something else, and which could not be compared."""
        fingerprint.prepare(restored.connection)
        there = catalog.read(restored.connection)
        explained = Explained.of(restored)
        wanted = [
            record
            for record in restored.manifest.tables
            if record.fingerprint is not None
            and record.table in there.by_name  # a missing table is the row counts' to say
            and explained.of_table(record.table) is None
        ]
        seen = _measure_all(restored, there, wanted)
        return [*seen.findings, *_compare(restored, wanted, seen.measured), *_counted_only(restored)]


def _measure_all(restored: Restored, there: Catalog, wanted: Sequence[TableRecord]) -> _Seen:
    seen = _Seen()
    trusted = [record for record in wanted if _trusts(restored, there.by_name[record.table], record, seen)]
    for record in trusted:
        if record.kind != "partitioned":
            _measure(restored, there.by_name[record.table], seen)
    for record in trusted:
        if record.kind == "partitioned":
            _roll_up(restored, there, record, seen)
    return seen


def _trusts(restored: Restored, relation: Relation, record: TableRecord, seen: _Seen) -> bool:
    """Whether the manifest's expression is the one that this table has: nothing else is ever run."""
    if record.expression == fingerprint.expression(relation, _source_version(restored)):
        return True
    sentence = (
        f"The fingerprint of {record.table} was made by an expression that does not belong to the columns "
        "that came back; it was not run."
    )
    seen.findings.append(rules.finding("EXPRESSION_DIFFERS", sentence, subject=record.table.quoted()))
    return False


def _source_version(restored: Restored) -> int:
    return int(restored.manifest.server.get("version_num", _FIRST_VERSION))


def _measure(restored: Restored, relation: Relation, seen: _Seen) -> None:
    """Count and hash one table, unless that was done already."""
    if relation.table in seen.measured or not relation.holds_rows:
        return
    expression = fingerprint.expression(relation, _source_version(restored))
    try:
        with unforced.reading(restored.connection, relation.table):
            seen.measured[relation.table] = fingerprint.run(restored.connection, relation.table, expression)
    except psycopg.Error as error:
        if restored.connection.closed:
            raise
        sentence = f"The content of {relation.table} could not be compared ({asking.cause(error)})."
        seen.findings.append(rules.finding("CONTENT_NOT_COMPARED", sentence, subject=relation.table.quoted()))


def _roll_up(restored: Restored, there: Catalog, record: TableRecord, seen: _Seen) -> None:
    """A partitioned table from all leaves it has now, those that the manifest does not know included."""
    names = leaf_names(there, record.table)
    for name in names:
        _measure(restored, there.by_name[name], seen)
    if all(name in seen.measured for name in names):
        leaves = [seen.measured[name] for name in names]
        root = there.by_name[record.table]
        seen.measured[record.table] = fingerprint.roll_up(root, leaves, _source_version(restored))


def _compare(
    restored: Restored, wanted: Sequence[TableRecord], measured: Mapping[TableName, Measured]
) -> Iterator[Finding]:
    compared = [record for record in wanted if record.table in measured]
    unequal = [r for r in compared if measured[r.table].fingerprint != r.fingerprint]
    judged = moves(restored, [r for r in compared if r.kind == "partitioned" and r not in unequal])
    really, moved = judged.split(unequal)
    # Where the numbers of rows differ the row counts speak; only equal numbers with other content are left.
    yield from judged.findings([r for r in moved if measured[r.table].rows == r.rows], Fingerprints.name)
    content = [r for r in really if measured[r.table].rows == r.rows]
    roots_of_leaves = {record.root for record in content}
    for record in content:
        if record.table.quoted() not in roots_of_leaves:  # its leaves say it already
            yield _difference(record)


def _difference(record: TableRecord) -> Finding:
    if record.kind == "materialized view":
        return rules.finding(
            "MATVIEW_REFRESHED",
            f"The materialized view {record.table} was computed anew and is not as at the backup.",
            subject=record.table.quoted(),
            check=Fingerprints.name,
        )
    return rules.finding(
        "CONTENT_DIFFERS",
        f"The table {record.table} has its {record.rows:,} rows, but not the same content as at the backup.",
        subject=record.table.quoted(),
    )


def _counted_only(restored: Restored) -> Iterator[Finding]:
    """How many tables with rows have no fingerprint to compare with."""
    only = [r for r in restored.manifest.tables if r.data_dumped and r.rows and r.fingerprint is None]
    if only:
        yield rules.finding(
            "COUNTED_ONLY",
            f"{plural(len(only), 'table with rows was', 'tables with rows were')} counted only; "
            "the content was not compared.",
        )
