"""Views as plain text for a terminal: the verdict first, one idea a line."""

from __future__ import annotations

from datetime import datetime

from bot.cli.figures_text import figures
from bot.core.backup import BackupRecord, State
from bot.core.check import CheckMessage
from bot.core.units import count_text, duration_text, plural, size_text
from bot.services.views import BackupDetails, BackupList, CancelView, DatabaseStatus, KindStatus, StatusView

_TABLES_SHOWN = 200
_NOT_YET = "-"


def verdict(record: BackupRecord) -> str:
    """How a backup ended, or where it stands."""
    head = f"Backup {record.id}: {record.kind.value} of {record.database}"
    if record.state is State.STORED:
        return "\n".join(
            [f"{head} is {record.goodness}.", *_doubt(record), *_facts(record), *_left_out(record)]
        )
    if record.state is State.FAILED:
        lines = [f"{head} failed.", record.error_sentence or "", record.error_next_step or ""]
        return "\n".join(line for line in [*lines, record.error_detail or ""] if line)
    if record.state is State.CANCELLED:
        return f"{head} was cancelled by {record.cancel_requested_by or 'somebody'}. Nothing was kept."
    phase = record.phase.value if record.phase else "waiting for its turn"
    return f"{head} is {record.state.value}: {phase}."


def _doubt(record: BackupRecord) -> list[str]:
    """Why it does not count as a backup, where it does not."""
    if record.doubt is None:
        return []
    seen = f"{record.doubted_by.capitalize()} saw it at {_time(record.doubted_at)}."
    return [f"  It does not count as a backup. {record.doubt_sentence} {seen}"]


def _facts(record: BackupRecord) -> list[str]:
    took = _NOT_YET
    if record.started_at and record.finished_at:
        took = duration_text((record.finished_at - record.started_at).total_seconds())
    rows, tables = record.row_count or 0, record.table_count or 0
    pairs = [
        ("as of", _time(record.snapshot_at)),
        ("took", took),
        ("size", size_text(record.size_bytes or 0)),
        ("holds", f"{plural(rows, 'row')} in {plural(tables, 'table')}"),
        ("SHA-256", record.sha256 or _NOT_YET),
        ("lies at", record.location or _NOT_YET),
        ("server", f"PostgreSQL {record.server_version}, dumped by client {record.client_version}"),
    ]
    if record.checked_at:
        pairs.append(("checked", f"{_time(record.checked_at)}: {record.check_sentence or ''}"))
    return [f"  {name:<8} {value}" for name, value in pairs]


def _left_out(record: BackupRecord) -> list[str]:
    return [f"  left out {name}" for name in record.omitted] + [f"  warning  {w}" for w in record.warnings]


def details(view: BackupDetails) -> str:
    """A backup with what its manifest says of each table."""
    lines = [verdict(view.record)]
    if view.manifest_problem:
        lines.append(view.manifest_problem)
    if view.manifest:
        tables = view.manifest.tables
        for table in tables[:_TABLES_SHOWN]:
            rows = "not counted" if table.rows is None else count_text(table.rows)
            lines.append(f"  {rows:>12}  {table.schema}.{table.name}  {table.tier}")
        if len(tables) > _TABLES_SHOWN:
            lines.append(f"  … and {plural(len(tables) - _TABLES_SHOWN, 'more table', 'more tables')}")
    return "\n".join(lines)


def backup_list(view: BackupList) -> str:
    """One line a backup, newest first."""
    if not view.records:
        kind = f"{view.kind.value} backups" if view.kind else "backups"
        return f"No {kind}{f' of {view.database}' if view.database else ''} yet."
    lines = [_row(record) for record in view.records]
    if view.total > len(view.records):
        lines.append(f"{len(view.records)} of {view.total} shown.")
    return "\n".join(lines)


def _row(record: BackupRecord) -> str:
    size = size_text(record.size_bytes) if record.size_bytes is not None else _NOT_YET
    when = _time(record.snapshot_at or record.requested_at)
    return (
        f"{record.id}  {when}  {record.database:<12} {record.kind.value:<8} {record.goodness:<9} "
        f"{size:>9}  {record.requested_by}"
    )


def status(view: StatusView) -> str:
    """Each database: its newest backups, what runs, what failed."""
    lines = [line for database in view.databases for line in _database(database, view.now)]
    lines += [f"Not seen: {sentence}" for sentence in view.not_seen]
    return "\n".join(lines) or "No databases are configured."


def _database(found: DatabaseStatus, now: datetime) -> list[str]:
    limit = f" (may lose at most {duration_text(found.rpo.total_seconds())})" if found.rpo else ""
    lines = [f"{found.database}{limit}"]
    for kind in found.kinds:
        stale = f"  STALE{_stand_in(kind)}" if kind.is_stale(now) else ""
        if kind.newest is None or kind.newest.snapshot_at is None:
            lines.append(
                f"  {kind.kind.value:<9} none {'left' if found.has_lost(kind.kind) else 'yet'}{stale}"
            )
            continue
        age = duration_text((now - kind.newest.snapshot_at).total_seconds())
        size = size_text(kind.newest.size_bytes or 0)
        lines.append(
            f"  {kind.kind.value:<9} {kind.newest.id}  {kind.newest.goodness}, {age} old, {size}{stale}"
        )
    if not found.kinds:
        lines.append(f"  no backup {'left' if found.doubted else 'yet'}")
    lines += [
        f"  {record.goodness.upper():<9} {record.id}  {record.kind.value}: {record.doubt_sentence}"
        for record in found.doubted
    ]
    lines.append(f"  {_proved(found, now)}")
    lines += [f"  {line}" for line in figures(found)]
    lines += [f"  {record.state.value:<9} {record.id}  {record.kind.value}" for record in found.running]
    if found.last_failure:
        lines.append(f"  failed    {found.last_failure.id}  {found.last_failure.error_sentence or ''}")
    return lines


def _stand_in(kind: KindStatus) -> str:
    """The full backup that holds what one of this kind would."""
    return f"; {kind.covered_by.kind.value} backup {kind.covered_by.id} holds it" if kind.covered_by else ""


def _proved(found: DatabaseStatus, now: datetime) -> str:
    """When a restore test last passed, and what a recovery takes at measured rates against what it may."""
    said = f"the proved one is {found.lost_proof.value}" if found.lost_proof else "never proved"
    if found.proved_at:
        said = f"last proved {duration_text((now - found.proved_at).total_seconds())} ago"
    if found.recovery is None:
        said += "; how long bringing it back takes: no measurement yet"
    else:
        expected = found.recovery.expected
        said += f"; bringing it back takes about {duration_text(expected.total_seconds())}"
    if found.rto:
        late = "  TOO SLOW" if found.recovery and found.recovery.expected > found.rto else ""
        said += f" (may take {duration_text(found.rto.total_seconds())}){late}"
    return said


def check(view: CheckMessage) -> str:
    """A check's verdict and its findings."""
    record = view.record
    lines = [f"{view.verdict or 'under way'}: backup {record.id}, {record.kind.value} of {record.database}"]
    lines.append(f"  read     {size_text(view.bytes_read)} of {size_text(view.bytes_expected)}")
    if view.read_through:
        lines.append(f"  archive  {view.read_through}")
    return "\n".join([*lines, *(f"  finding  {finding}" for finding in view.findings)])


def cancelled(view: CancelView) -> str:
    """What becomes of a backup that somebody stops."""
    over = "It never began." if view.was_queued else "It ends within seconds."
    return f"Backup {view.record.id} is being stopped. {over}"


def _time(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment else _NOT_YET
