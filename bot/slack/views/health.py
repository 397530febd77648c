"""The health report: one line first, then what is wrong, then everything there is to know."""

from __future__ import annotations

from datetime import datetime

from bot.services.report_views import HealthReport, Part
from bot.services.views import DatabaseStatus
from bot.slack import texts
from bot.slack.blocks import Block, Rendered, at_most_fifty, section, small
from bot.slack.fit import GOOD_TEXT, cut_mrkdwn
from bot.slack.mrkdwn import Mrkdwn
from bot.slack.views import facts
from bot.slack.views.base import Surroundings, render
from bot.slack.views.lists import headline, problems, proved, running

_SHOWN = 20
_APPROVALS = 5


@render.register
def _(view: HealthReport, around: Surroundings) -> Rendered:
    del around
    shown = view.databases[:_SHOWN]
    entries: list[str] = []
    if view.part is not Part.DETAILS:
        entries.append("\n".join([*texts.fill("report_head", _head(view)), *_foot(view)]))
        entries += [_in_short(status, view.now) for status in shown]
    if view.part is not Part.SUMMARY:
        entries += [_in_full(status, view) for status in shown]
    if len(view.databases) > _SHOWN:
        entries.append(f"… and {len(view.databases) - _SHOWN} more databases")
    blocks: list[Block] = [section(entry) for entry in entries]
    if view.part is Part.SUMMARY:
        blocks.append(small("The figures, six months of dates, and a picture are in the thread."))
    return Rendered(cut_mrkdwn("\n".join(entries), GOOD_TEXT), at_most_fifty(blocks))


def _head(view: HealthReport) -> dict[str, object]:
    ages = [
        (view.now - newest.snapshot_at).total_seconds()
        for status in view.databases
        if (newest := status.newest_rows) and newest.snapshot_at
    ]
    return {
        "databases": len(view.databases),
        "troubled": len(view.troubled),
        "well": view.all_well,
        "oldest": max(ages, default=None),
        "unseen": bool(view.not_seen),
        "wrong": bool(view.alerts),
    }


def _foot(view: HealthReport) -> list[str]:
    """What concerns no single database: alerts, approvals, and what was not seen."""
    lines = [facts.alert(one) for one in view.alerts]
    lines += [facts.approval(one) for one in view.pending[:_APPROVALS]]
    if len(view.pending) > _APPROVALS:
        lines.append(Mrkdwn(f"{len(view.pending) - _APPROVALS} more requests wait for approval"))
    return texts.fill("report_foot", {"lines": lines, "not_seen": view.not_seen, "removed": view.removed})


def _in_short(status: DatabaseStatus, now: datetime) -> str:
    values = {
        "name": status.database,
        "headline": headline(status, now),
        "problems": [*problems(status, now), *facts.alerts(status.facts)],
        "facts": [facts.short(status, now)],
    }
    return "\n".join(texts.fill("report_database", values))


def _in_full(status: DatabaseStatus, view: HealthReport) -> str:
    whole = view.part is Part.WHOLE
    values = {
        "name": status.database,
        "headline": "in figures" if whole else headline(status, view.now),
        "problems": [] if whole else [*problems(status, view.now), *facts.alerts(status.facts)],
        "facts": [
            *running(status),
            *(facts.kind(status, found, view.now) for found in status.kinds),
            facts.line("report_proof", proved(status, view.now)),
            *(facts.lines(status, status.facts) if status.facts else ()),
        ],
    }
    return "\n".join(texts.fill("report_database", values))
