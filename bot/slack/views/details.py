"""The thread under a verdict, and `/backup show`: everything known, long parts as a file."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core import units
from bot.core.backup import BackupRecord
from bot.core.manifest import Manifest, TableRecord
from bot.services.views import BackupDetails
from bot.slack import mrkdwn
from bot.slack.blocks import Block, Rendered, Snippet, section
from bot.slack.fit import SECTION, cut, cut_source, pages
from bot.slack.mrkdwn import Mrkdwn
from bot.slack.views.base import Surroundings, elapsed, message, render, versions, what, who

_TABLES_IN_MESSAGE = 25
_LINES_IN_MESSAGE = 15
_LINE = 250
# Room for the fences, the heading and the breaks beside a block's own text.
_BLOCK = SECTION - 100
_DETAIL_IN_MESSAGE = 2400


@render.register
def _(view: BackupDetails, around: Surroundings) -> Rendered:
    del around
    record, manifest = view.record, view.manifest
    values = {
        "record": record,
        "lead": Mrkdwn(f"*{record.goodness.capitalize()}:* {what(record)}, id {mrkdwn.code(record.id)}"),
        "who": who(record),
        "elapsed": elapsed(record),
        "problem": view.manifest_problem,
        **versions(record),
    }
    more = [
        *_tables(manifest),
        *_lines("Left out", _omitted(record, manifest)),
        *_lines("Mind", record.warnings),
        *_error(record),
    ]
    return message("details", values, more, _snippet(record, manifest))


def _omitted(record: BackupRecord, manifest: Manifest | None) -> Sequence[str]:
    if manifest is None:
        return record.omitted
    return [f"{o.what} {o.name}: {o.reason}" for o in manifest.omitted] or record.omitted


def _tables(manifest: Manifest | None) -> list[Block]:
    """The largest tables with their counts; partitioned ones are told by their leaves."""
    if manifest is None or not manifest.tables:
        return []
    rows = table_lines(manifest.tables)
    shown = [cut(line, _LINE) for line in rows[:_TABLES_IN_MESSAGE]]
    if len(rows) > _TABLES_IN_MESSAGE:
        shown.append(f"… and {len(rows) - _TABLES_IN_MESSAGE} more")
    escaped = [cut_source(line, _BLOCK) for line in shown]
    heading = "*Tables*, rows and size in the database; # has a content fingerprint"
    blocks = [section(mrkdwn.code_block(page)) for page in pages(escaped, _BLOCK // 2)]
    return [section(heading), *blocks]


def table_lines(tables: Sequence[TableRecord]) -> list[str]:
    """One line a table with rows, the largest first: rows, size, name; and how many are only defined."""
    leaves = [t for t in tables if t.kind != "partitioned"]
    counted = [t for t in leaves if t.rows is not None]
    ordered = sorted(counted, key=lambda t: (-t.size_bytes, t.schema, t.name))
    # No wider than their content: on a phone the name would stand beyond the edge.
    widths = [max(map(len, column)) for column in zip(*map(_figures, ordered), strict=True)]
    lines = [_table_line(t, widths) for t in ordered]
    if others := len(leaves) - len(counted):
        more = "more " if counted else ""
        lines.append(
            f"The definitions of {units.plural(others, f'{more}table', f'{more}tables')}, without rows"
        )
    return lines


def _figures(table: TableRecord) -> tuple[str, str]:
    return units.count_text(table.rows or 0), units.size_text(table.size_bytes)


def _table_line(table: TableRecord, widths: Sequence[int]) -> str:
    figures = " ".join(text.rjust(width) for text, width in zip(_figures(table), widths, strict=True))
    mark = "#" if table.fingerprint else " "
    left_out = "" if table.data_dumped else "  (made anew at a restore)"
    return f"{figures} {mark} {mrkdwn.clean(str(table.table))}{left_out}"


def _lines(title: str, lines: Sequence[str]) -> list[Block]:
    """A titled list, cut after a few: the file has the rest."""
    if not lines:
        return []
    shown = [f"• {mrkdwn.prose(cut(line, _LINE))}" for line in lines[:_LINES_IN_MESSAGE]]
    if len(lines) > _LINES_IN_MESSAGE:
        shown.append(f"• … and {len(lines) - _LINES_IN_MESSAGE} more")
    return [section(page) for page in pages([f"*{title}, {len(lines)}:*", *shown])]


def _error(record: BackupRecord) -> list[Block]:
    if not record.error_detail:
        return []
    return [
        section(f"*What the programs said* (rule {mrkdwn.code(record.error_rule or 'unknown')})"),
        section(mrkdwn.code_block(cut_source(record.error_detail, _BLOCK))),
    ]


def _snippet(record: BackupRecord, manifest: Manifest | None) -> Snippet | None:
    """A text file with all of it, only where the message could not show all of it."""
    tables = table_lines(manifest.tables) if manifest else []
    omitted = _omitted(record, manifest)
    detail = record.error_detail or ""
    fits = (
        len(tables) <= _TABLES_IN_MESSAGE
        and max(len(omitted), len(record.warnings)) <= _LINES_IN_MESSAGE
        and len(detail) <= _DETAIL_IN_MESSAGE
        and all(len(line) <= _LINE for line in (*tables, *omitted, *record.warnings))
    )
    if fits:
        return None
    parts = [("Tables", tables), ("Left out", omitted), ("Mind", record.warnings), ("Detail", [detail])]
    content = "\n\n".join(f"{title}\n" + "\n".join(lines) for title, lines in parts if any(lines))
    return Snippet(f"backup-{record.id}.txt", f"Backup {record.id} of {record.database}", content)
