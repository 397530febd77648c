"""`/backup list` and `/backup status`: many backups in few lines, problems first."""

from __future__ import annotations

from datetime import datetime

from bot.core.backup import Kind, Phase
from bot.services.views import BackupList, DatabaseStatus, KindStatus, StatusView
from bot.slack import mrkdwn, texts
from bot.slack.blocks import Block, Rendered, at_most_fifty, section
from bot.slack.fit import GOOD_TEXT, cut_mrkdwn, pages
from bot.slack.mrkdwn import Mrkdwn
from bot.slack.views import facts
from bot.slack.views.base import Surroundings, render, what, who

_DOUBTED = 3


def _packed(entries: list[str]) -> Rendered:
    """Entries, each whole, packed into as few sections as they need."""
    blocks: list[Block] = [section(page) for page in pages(entries)]
    return Rendered(cut_mrkdwn("\n".join(entries), GOOD_TEXT), at_most_fifty(blocks))


@render.register
def _(view: BackupList, around: Surroundings) -> Rendered:
    del around
    of = f" of {mrkdwn.code(view.database)}" if view.database else ""
    kind = f"{view.kind.capitalize()} backups" if view.kind else "Backups"
    title = Mrkdwn(f"{kind}{of}")
    head = {"title": title, "total": view.total, "shown": len(view.records)}
    entries = texts.fill("list_head", head)
    for record in view.records:
        values = {
            "record": record,
            "what": what(record),
            "goodness": record.goodness,
            "at": record.snapshot_at or record.requested_at,
            "who": who(record),
        }
        # An empty line before each: on a phone they would run into one another.
        entries += [f"\n{entry}" for entry in texts.fill("list_line", values)]
    return _packed(entries)


@render.register
def _(view: StatusView, around: Surroundings) -> Rendered:
    del around
    ordered = sorted(view.databases, key=lambda status: not status.needs_a_look(view.now))
    entries = [entry for status in ordered for entry in _database(status, view.now)]
    entries += [str(mrkdwn.prose(sentence)) for sentence in view.not_seen]
    return _packed(entries or ["No database is configured yet."])


def _database(status: DatabaseStatus, now: datetime) -> list[str]:
    values = {
        "status": status,
        "headline": headline(status, now),
        "problems": [*problems(status, now), *facts.alerts(status.facts)],
        "facts": [
            *running(status),
            *(facts.line("status_kind", _kind(status, kind)) for kind in status.kinds),
            facts.line("status_proved", proved(status, now)),
            *(facts.lines(status, status.facts) if status.facts else ()),
        ],
    }
    return texts.fill("status_database", values)


def headline(status: DatabaseStatus, now: datetime) -> str:
    """How it stands in a few words."""
    if status.newest_rows is None:
        what = "no backup" if all(k.newest is None for k in status.kinds) else "no backup of the rows"
        lost = any(record.kind is not Kind.SCHEMA for record in status.doubted)
        return f"{what} {'left' if lost else 'yet'}"
    if status.needs_a_look(now):
        return "needs a look"
    if status.lost_proof:
        return f"in order, but the proved one is {status.lost_proof.value}"
    return "in order, not proved yet" if status.provable and not status.proved_at else "all in order"


def problems(status: DatabaseStatus, now: datetime) -> list[Mrkdwn]:
    """What is late or failed, as finished lines."""
    lines = [facts.line("status_doubted", {"record": one}) for one in status.doubted[:_DOUBTED]]
    if (more := len(status.doubted) - _DOUBTED) > 0:
        lines.append(Mrkdwn(f"{more} more backups are gone or damaged"))
    lines += [_stale(kind, now) for kind in status.kinds if kind.is_stale(now)]
    if status.newest_rows:  # where there is none at all, the headline says so
        missing = [kind for kind in status.kinds if kind.newest is None and not kind.is_stale(now)]
        lines += [facts.missing(status, kind) for kind in missing]
    if status.rpo and status.newest_rows and status.breaks_rpo(now):
        taken = status.newest_rows.snapshot_at or status.newest_rows.requested_at
        ages = {"age": (now - taken).total_seconds(), "allowed": status.rpo.total_seconds()}
        lines.append(facts.line("status_rpo", ages))
    if status.last_failure:
        lines.append(facts.line("status_failure", {"record": status.last_failure}))
    return lines


def _stale(kind: KindStatus, now: datetime) -> Mrkdwn:
    newest = kind.newest
    taken = newest.snapshot_at if newest else None
    values = {
        "kind": kind.kind.value,
        "newest": taken,
        "age": (now - taken).total_seconds() if taken else 0.0,
        "allowed": kind.stale_after.total_seconds() if kind.stale_after else 0.0,
        "covered_by": kind.covered_by,
    }
    return facts.line("status_stale", values)


def running(status: DatabaseStatus) -> list[Mrkdwn]:
    """What runs or waits, a line each."""
    return [
        facts.line("status_running", {"record": record, "phase": (record.phase or Phase.WAITING).value})
        for record in status.running
    ]


def _kind(status: DatabaseStatus, kind: KindStatus) -> dict[str, object]:
    goodness = kind.newest.goodness if kind.newest else ""
    lost = status.has_lost(kind.kind)
    return {"kind": kind.kind.value, "newest": kind.newest, "goodness": goodness, "lost": lost}


def proved(status: DatabaseStatus, now: datetime) -> dict[str, object]:
    """When a restore test last passed, and what a recovery takes at measured rates against what it may."""
    recovery, rto = status.recovery, status.rto
    return {
        "proved": (now - status.proved_at).total_seconds() if status.proved_at else None,
        "lost": status.lost_proof.value if status.lost_proof else None,
        "expected": recovery.expected.total_seconds() if recovery else None,
        "tests": recovery.tests if recovery else 0,
        "rto": rto.total_seconds() if rto else None,
        "too_slow": bool(recovery and rto and recovery.expected > rto),
    }
