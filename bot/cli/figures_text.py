"""What was measured of a database, as plain text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.core.coverage import Gap
from bot.core.units import count_text, duration_text, plural, size_text
from bot.services.health_views import Facts, KindCoverage, Measured
from bot.services.views import DatabaseStatus

_GAPS = 10


def figures(status: DatabaseStatus) -> Iterator[str]:
    """What was measured of one database, each line ready to stand under its name."""
    facts = status.facts
    if facts is None:
        return
    for one in facts.alerts:
        yield f"{one.severity.value} alert {one.id}: {one.sentence}"
    yield _loss(facts, status.rpo)
    yield _recovery(facts.measured, status.rto)
    yield _kept(facts)
    yield from (_coverage(found) for found in facts.coverage)
    for run in facts.next_runs:
        yield f"next      {run.name} ({run.kind}): {'paused' if run.paused else _time(run.at)}"


def _loss(facts: Facts, rpo: timedelta | None) -> str:
    measured, lost = facts.measured, facts.kept.doubted > 0
    nothing = "nothing good is left" if lost else "nothing was stored"
    allowed = f" (may be {_span(rpo)})" if rpo else ""
    if measured.loss is None:
        return f"RPO       {measured.days} days: {nothing}{allowed}"
    missed = f"; missed {plural(measured.loss.over, 'time')}" if measured.loss.over else ""
    before = ""
    if measured.begins:
        before = f"; {nothing}{' from' if lost else ''} before {_time(measured.begins)}"
    worst = _span(measured.loss.worst)
    return f"RPO       {measured.days} days: at most {worst} at risk{allowed}{missed}{before}"


def _recovery(measured: Measured, rto: timedelta | None) -> str:
    allowed = f" (may take {_span(rto)})" if rto else ""
    if measured.recovery is None:
        return f"RTO       {measured.days} days: no restore test measured it{allowed}"
    slow = "  MISSED" if rto and measured.recovery > rto else ""
    tests = plural(measured.tests, "restore test")
    return f"RTO       {measured.days} days: {tests}, slowest {_span(measured.recovery)}{allowed}{slow}"


def _kept(facts: Facts) -> str:
    kept, days = facts.kept, facts.measured.days
    total = f"{plural(kept.backups, 'backup')}, {size_text(kept.size_bytes)}"
    doubted = f"; {plural(kept.doubted, 'other')} gone or damaged, not counted" if kept.doubted else ""
    return f"kept      {total}; {size_text(kept.grown_bytes)} of it in {days} days{doubted}"


def _coverage(found: KindCoverage) -> str:
    coverage, zone = found.coverage, ZoneInfo(found.zone)
    counted = f"{count_text(coverage.covered)} of {count_text(coverage.due)}"
    line = f"6 months  {found.kind.value}: {counted if coverage.due else 'nothing was due yet'}"
    if found.by_full:
        line += f", {count_text(found.by_full)} of them in a full backup"
    if coverage.gaps and coverage.covered:
        gaps = [_gap(gap, zone) for gap in reversed(coverage.gaps)]
        more = f" and {len(gaps) - _GAPS} more" if len(gaps) > _GAPS else ""
        line += f"; missing {', '.join(gaps[:_GAPS])}{more} ({found.zone})"
    if found.known_since:
        line += f"; the schedule is known since {found.known_since.astimezone(zone):%Y-%m-%d}"
    return line


def _gap(gap: Gap, zone: ZoneInfo) -> str:
    first, last = gap.first.astimezone(zone), gap.last.astimezone(zone)
    return f"{first:%Y-%m-%d %H:%M}" + (f" to {last:%Y-%m-%d %H:%M}" if gap.missed > 1 else "")


def _span(span: timedelta) -> str:
    return duration_text(span.total_seconds())


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
