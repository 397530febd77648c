"""The lines that say how a database stands and stood; the status, the report and the Home tab share them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.core.alerts import Alert
from bot.core.approvals import Approval
from bot.core.coverage import Gap
from bot.services.health_views import Facts, KindCoverage, Measured
from bot.services.views import DatabaseStatus, KindStatus
from bot.slack import texts
from bot.slack.mrkdwn import Mrkdwn
from bot.slack.views.base import who_asked

_GAPS = 4
_NEXT = 6
_ALERTS = 5
# Where a kind is due more often than daily, a date alone does not name a gap.
_DAILY = 200


def line(template: str, values: Mapping[str, object]) -> Mrkdwn:
    """A template of a single line."""
    return Mrkdwn(" ".join(texts.fill(template, values)))


def lines(status: DatabaseStatus, facts: Facts) -> Iterator[Mrkdwn]:
    """What was measured, what is kept and covered, what comes next."""
    yield _loss(facts, status.rpo)
    yield _recovery(facts.measured, status.rto)
    kept = facts.kept
    values = {"backups": kept.backups, "size": kept.size_bytes, "grown": kept.grown_bytes}
    values["doubted"] = kept.doubted
    yield line("report_kept", values | {"days": facts.measured.days})
    yield from (_coverage(found) for found in facts.coverage)
    if facts.next_runs:
        more = max(len(facts.next_runs) - _NEXT, 0)
        yield line("report_next", {"runs": facts.next_runs[:_NEXT], "more": more})


def alert(found: Alert) -> Mrkdwn:
    """An open alert in a line."""
    taker = None
    if found.acknowledged_user and found.acknowledged_source:
        taker = who_asked(found.acknowledged_user, found.acknowledged_source)
    values = {"severity": found.severity.value, "id": found.id, "sentence": found.sentence, "taker": taker}
    return line("report_alert", values)


def alerts(facts: Facts | None) -> list[Mrkdwn]:
    """A database's open alerts, the worst few of them."""
    found = list(facts.alerts) if facts else []
    more = len(found) - _ALERTS
    return [alert(one) for one in found[:_ALERTS]] + ([Mrkdwn(f"{more} more alerts")] if more > 0 else [])


def approval(found: Approval) -> Mrkdwn:
    """A request that waits, in a line."""
    who = who_asked(found.requested_by, found.source)
    return line("report_approval", {"until": found.expires_at, "title": found.title, "who": who})


def missing(status: DatabaseStatus, kind: KindStatus) -> Mrkdwn:
    """A kind of which there is none, though nothing is late; and when one is due, where that is known."""
    runs = status.facts.next_runs if status.facts else ()
    due = min((run.at for run in runs if run.kind == kind.kind.value and not run.paused), default=None)
    values = {"kind": kind.kind.value, "due": due, "lost": status.has_lost(kind.kind)}
    return line("status_missing", values)


def kind(status: DatabaseStatus, found: KindStatus, now: datetime) -> Mrkdwn:
    """The newest backup of a kind with its age against its limit."""
    newest = found.newest
    taken = newest.snapshot_at if newest else None
    values = {
        "kind": found.kind.value,
        "goodness": newest.goodness if newest else "",
        "size": newest.size_bytes or 0 if newest else 0,
        "age": _seconds(now - taken if taken else None),
        "allowed": _seconds(found.stale_after),
        "id": newest.id if newest else "",
        "lost": status.has_lost(found.kind),
    }
    return line("report_kind", values)


def short(status: DatabaseStatus, now: datetime) -> Mrkdwn:
    """The age of the newest data and of the last proof."""
    newest = status.newest_rows
    taken = newest.snapshot_at if newest else None
    values = {
        "age": _seconds(now - taken if taken else None),
        "proved": _seconds(now - status.proved_at if status.proved_at else None),
        "lost": status.lost_proof.value if status.lost_proof else None,
    }
    return line("report_short", values)


def _loss(facts: Facts, rpo: timedelta | None) -> Mrkdwn:
    measured, loss = facts.measured, facts.measured.loss
    values = {
        "days": measured.days,
        "worst": _seconds(loss.worst if loss else None),
        "at": loss.at if loss else None,
        "over": loss.over if loss else 0,
        "begins": measured.begins,
        "lost": facts.kept.doubted > 0,
        "allowed": _seconds(rpo),
    }
    return line("report_loss", values)


def _recovery(measured: Measured, rto: timedelta | None) -> Mrkdwn:
    values = {
        "days": measured.days,
        "tests": measured.tests,
        "slowest": _seconds(measured.recovery),
        "allowed": _seconds(rto),
    }
    return line("report_recovery", values)


def _coverage(found: KindCoverage) -> Mrkdwn:
    coverage, zone = found.coverage, ZoneInfo(found.zone)
    gaps = [_gap(gap, zone, hourly=coverage.due > _DAILY) for gap in reversed(coverage.gaps)]
    values = {
        "kind": found.kind.value,
        "due": coverage.due,
        "covered": coverage.covered,
        "gaps": gaps[:_GAPS],
        "more": max(len(gaps) - _GAPS, 0),
        "known": f"{found.known_since.astimezone(zone):%-d %b %Y}" if found.known_since else None,
        "by_full": found.by_full,
    }
    return line("report_coverage", values)


def _gap(gap: Gap, zone: ZoneInfo, *, hourly: bool) -> str:
    """`12 Nov`, `3 to 5 Nov`, or with hours where days would not tell: `12 Nov 03:00 to 05:00`."""
    first, last = gap.first.astimezone(zone), gap.last.astimezone(zone)
    if hourly:
        ends = f"{last:%H:%M}" if first.date() == last.date() else f"{last:%-d %b %H:%M}"
        return f"{first:%-d %b %H:%M}" + (f" to {ends}" if gap.missed > 1 else "")
    if first.date() == last.date():
        return f"{first:%-d %b}"
    begins = f"{first:%-d}" if (first.year, first.month) == (last.year, last.month) else f"{first:%-d %b}"
    return f"{begins} to {last:%-d %b}"


def _seconds(span: timedelta | None) -> float | None:
    return span.total_seconds() if span is not None else None
