"""Configured columns of dates reach as far as they should, seen from the backup's snapshot.

A manifest holds no dates: where rows have to be equal, fingerprints say so. This is about what equality
cannot see, a database to which nobody has written for days, or records that went too early.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import psycopg

from bot.checks import asking, rules
from bot.checks.interface import Restored
from bot.core.finding import Finding
from bot.core.units import duration_text
from bot.errors import TableMissingError
from bot.postgres import catalog
from bot.postgres.catalog import Catalog
from bot.settings import DateRangeSettings

_TYPES = ("date", "timestamp without time zone", "timestamp with time zone")


class DateRanges:
    """Looks at each configured column's newest and oldest value."""

    name = "date ranges"

    def run(self, restored: Restored) -> Sequence[Finding]:
        """Say how far each reaches; ages only, never the dates themselves."""
        if not restored.settings.date_ranges:
            return []
        there = catalog.read(restored.connection)
        return [f for wanted in restored.settings.date_ranges for f in _look(restored, there, wanted)]


def _look(restored: Restored, there: Catalog, wanted: DateRangeSettings) -> list[Finding]:
    subject = f"{wanted.table}.{wanted.column}"
    try:
        table = catalog.resolve(there, [wanted.table])[0]
        columns = {column.name: column.type for column in there.by_name[table].columns}
        if not columns.get(wanted.column, "").startswith(_TYPES):
            return [_not_checked(subject, "there is no such column of dates")]
        ages = _ages(restored, table.quoted(), wanted.column)
    except TableMissingError:
        return [_not_checked(subject, "there is no such table")]
    except psycopg.Error as error:
        if restored.connection.closed:
            raise
        return [_not_checked(subject, asking.cause(error))]
    return _judge(subject, wanted, *ages)


def _ages(restored: Restored, table: str, column: str) -> tuple[float | None, float | None]:
    """Seconds from the newest and from the oldest value to the snapshot; infinite dates left out."""
    name = '"' + column.replace('"', '""') + '"'
    at = datetime.fromisoformat(restored.manifest.snapshot_at).isoformat()
    newest, oldest = asking.one(
        restored.connection,
        # Names are quoted and the instant is parsed: nothing here can be a parameter.
        f"select extract(epoch from '{at}'::timestamptz - max({name})::timestamptz)::float8,"  # noqa: S608
        f" extract(epoch from '{at}'::timestamptz - min({name})::timestamptz)::float8"
        f" from {table} where isfinite({name})",
    )
    return newest, oldest


def _judge(
    subject: str, wanted: DateRangeSettings, newest: float | None, oldest: float | None
) -> list[Finding]:
    if newest is None or oldest is None:
        return [rules.finding("DATES_MISSING", f"There is no date in {subject}.", subject=subject)]
    found: list[Finding] = []
    if wanted.newest_within is not None and newest > wanted.newest_within:
        sentence = f"The newest date in {subject} is {duration_text(newest)} older than the backup."
        found.append(rules.finding("DATES_TOO_OLD", sentence, subject=subject))
    if wanted.reaches_back is not None and oldest < wanted.reaches_back:
        sentence = f"The oldest date in {subject} is only {duration_text(oldest)} older than the backup."
        found.append(rules.finding("DATES_TOO_SHORT", sentence, subject=subject))
    if found:
        return found
    sentence = f"{subject} reaches from {duration_text(oldest)} to {duration_text(newest)} before the backup."
    return [rules.finding("DATES_IN_ORDER", sentence, subject=subject)]


def _not_checked(subject: str, why: str) -> Finding:
    sentence = f"The dates in {subject} could not be looked at: {why}."
    return rules.finding("DATES_NOT_CHECKED", sentence, subject=subject)
