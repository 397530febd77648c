"""No sequence would give out a number that a row has already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import psycopg

from bot.checks import asking, rules
from bot.checks.explained import Explained
from bot.checks.interface import Restored
from bot.core.backup import TableName
from bot.core.finding import Finding


@dataclass(frozen=True)
class _Fed:
    """A column and the sequence that feeds it."""

    sequence: TableName
    table: TableName
    column: str
    ascending: bool
    cycles: bool


class Sequences:
    """Compares each sequence with the column it feeds, not with the manifest's value.

    A sequence does not belong to a snapshot: while the application writes, the archive's value and the
    inventory's may both be right and differ.
    """

    name = "sequences"

    def run(self, restored: Restored) -> Sequence[Finding]:
        """Say which sequences are behind, and which could not be looked at."""
        explained = Explained.of(restored)
        unread = {o.name: o.reason for o in restored.manifest.omitted if o.what == "sequence value"}
        findings: list[Finding] = []
        for row in asking.rows(restored.connection, "fed_columns"):
            fed = _fed(row)
            if fed.cycles or explained.of_table(fed.sequence) or explained.of_table(fed.table):
                continue
            if str(fed.sequence) in unread:
                findings.append(_unchecked(fed, "the backup could not read its value"))
                continue
            findings += _look(restored, fed)
        return findings


def _fed(row: dict[str, Any]) -> _Fed:
    return _Fed(
        TableName(row["sequence_schema"], row["sequence_name"]),
        TableName(row["table_schema"], row["table_name"]),
        row["column_name"],
        row["ascending"],
        row["cycles"],
    )


def _look(restored: Restored, fed: _Fed) -> list[Finding]:
    column = '"' + fed.column.replace('"', '""') + '"'
    extreme = "max" if fed.ascending else "min"
    try:
        # The names are the catalogue's, quoted.
        last, called = asking.one(
            restored.connection,
            f"select last_value, is_called from {fed.sequence.quoted()}",  # noqa: S608
        )
        (highest,) = asking.one(
            restored.connection,
            f"select pg_catalog.{extreme}({column}) from {fed.table.quoted()}",  # noqa: S608
        )
    except psycopg.Error as error:
        if restored.connection.closed:
            raise
        return [_unchecked(fed, asking.cause(error))]
    if highest is None or not _is_behind(fed, last, called, highest):
        return []
    return [_behind(fed, _was_behind(restored, fed, highest))]


def _is_behind(fed: _Fed, last: int, called: bool, extreme: int | Decimal) -> bool:
    """Whether the next number it gives is at or before the column's last."""
    if last == extreme:
        return not called
    return last < extreme if fed.ascending else last > extreme


def _was_behind(restored: Restored, fed: _Fed, extreme: int | Decimal) -> bool:
    """Whether it stood before the same rows at the backup too: rows with numbers of their own."""
    sequences = restored.manifest.inventory.get("sequences") or {}
    facts = sequences.get(fed.sequence.quoted()) or {}
    if facts.get("last_value") is None:
        return False
    return _is_behind(fed, int(facts["last_value"]), bool(facts.get("is_called")), extreme)


def _behind(fed: _Fed, was: bool) -> Finding:
    place = f'{fed.table}."{fed.column}"'
    sentence = f"The sequence {fed.sequence} is behind {place}: its next number may be taken already."
    if was:
        sentence = f"The sequence {fed.sequence} is behind {place}, as it was at the backup."
    return rules.finding(
        "SEQUENCE_WAS_BEHIND" if was else "SEQUENCE_BEHIND", sentence, subject=fed.sequence.quoted()
    )


def _unchecked(fed: _Fed, why: str) -> Finding:
    return rules.finding(
        "SEQUENCE_UNCHECKED",
        f"The sequence {fed.sequence} could not be compared with its column ({why}).",
        subject=fed.sequence.quoted(),
    )
