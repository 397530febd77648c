"""Notices as text for files: the exact words, and everything about one notice as Markdown for keeping."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.core import notice_times
from bot.core.approvals import Approval
from bot.core.delivery import DeliveryState, DeliverySummary
from bot.core.mrkdwn import clean
from bot.core.notices import NoticeRevision
from bot.core.units import plural
from bot.services.notice_views import NoticeDetails


def texts(revisions: Sequence[NoticeRevision], zone: str) -> str:
    """The exact words of texts in every format, one after the other."""
    return "\n".join(line for revision in revisions for line in _words(revision, zone))


def markdown(details: NoticeDetails) -> str:
    """Everything about a notice: its texts as sent, results by channel, approvals, history. No addresses."""
    notice, message = details.message.notice, details.message
    lines = [
        f"# Notice {notice.id}: {_line(notice.kind)} of {_line(notice.product)}",
        "",
        f"- Stands: {notice.phase.value}",
        f"- Begun: {_at(notice.created_at)} by {_line(notice.owner)} ({notice.source})",
        f"- For: {', '.join(map(_line, notice.audiences))}",
        f"- Databases: {', '.join(map(_line, notice.databases)) or 'none'}",
    ]
    if notice.window:
        window = notice_times.window_lines(notice.window.start, notice.window.end, (message.time_zone,))
        lines += [f"- Window: {'; '.join(window)}"]
    for revision in details.revisions:
        lines += ["", *_revision(revision, message.deliveries.get(revision.number))]
    lines += ["", "## Approvals", "", *(_approvals(details.approvals) or ["None was asked for."])]
    lines += ["", "## History", "", *_history(details)]
    return "\n".join(lines) + "\n"


def _words(revision: NoticeRevision, zone: str) -> Iterator[str]:
    when = "at once" if revision.send_at is None else notice_times.moment_text(revision.send_at, zone)
    text = revision.text
    yield f"=== {revision.title}, {when}"
    yield f"=== SHA-256 {revision.content_hash}"
    for name, words in (
        ("Subject", text.subject),
        ("Text", text.text),
        ("Slack", text.slack),
        ("HTML", text.html),
    ):
        yield from (f"--- {name}", words, "")


def _revision(revision: NoticeRevision, delivery: DeliverySummary | None) -> Iterator[str]:
    yield f"## {revision.number}. {_line(revision.title)}: {revision.state.value}"
    yield ""
    yield f"- Written {_at(revision.created_at)} by {_line(revision.author)}"
    yield f"- SHA-256 `{revision.content_hash}`, approved as `{revision.bundle_hash}`"
    number = (
        "recipients not counted" if revision.recipients is None else f"{revision.recipients:,} recipients"
    )
    yield f"- For {number}: {', '.join(map(_line, revision.audiences))}"
    yield f"- To be sent: {_at(revision.send_at) if revision.send_at else 'at once'}"
    if revision.covered_by:
        yield f"- Approved together with text {revision.covered_by}"
    if revision.confirmed_by:
        yield f"- Last yes by {_line(revision.confirmed_by)}"
    if revision.sent_at:
        yield f"- Sent {_at(revision.sent_at)}"
    if revision.note:
        yield f"- Note: {_line(revision.note)}"
    yield from ("", f"**{_line(revision.text.subject)}**", "", *_fenced(revision.text.text))
    if delivery:
        yield from ("", *_delivery(delivery))


def _delivery(delivery: DeliverySummary) -> Iterator[str]:
    if delivery.withdrawn_at:
        left = plural(delivery.count(DeliveryState.WITHDRAWN), "recipient")
        stopped = delivery.stopped[:1].upper() + delivery.stopped[1:]
        by = _line(delivery.withdrawn_by or "")
        yield f"{stopped} by {by} {_at(delivery.withdrawn_at)}. Never written to: {left}."
        yield ""
    states = list(DeliveryState)
    yield f"| channel | {' | '.join(state.value for state in states)} |"
    yield f"| --- |{' --- |' * len(states)}"
    for channel in delivery.channels:
        yield f"| {_line(channel.channel)} | {' | '.join(f'{channel[state]:,}' for state in states)} |"


def _approvals(approvals: Sequence[Approval]) -> list[str]:
    lines = []
    for approval in approvals:
        asked = f"asked by {_line(approval.requested_by)} {_at(approval.created_at)}"
        lines.append(
            f"- `{approval.id}` {approval.state.value}, {asked}, for `{approval.content_hash}`"
            f" ({approval.given} of {approval.needed})"
        )
        for said in approval.decisions:
            comment = f": {_line(said.comment)}" if said.comment else ""
            lines.append(f"  - {said.verdict.value} by {_line(said.user)} {_at(said.at)}{comment}")
    return lines


def _history(details: NoticeDetails) -> Iterator[str]:
    for event in details.events:
        number = f" text {event.number} ({_line(event.stage)})" if event.number else ""
        note = f": {_line(event.note)}" if event.note else ""
        yield f"- {_at(event.at)} {_line(event.by)}: {event.what}{number}{note}"


def _fenced(text: str) -> list[str]:
    """Untrusted text as a block; a fence that is longer than any in it."""
    runs = re.findall(r"`+", text)
    fence = "`" * max(3, *(len(run) + 1 for run in runs), 3)
    return [f"{fence}text", text.rstrip("\n"), fence]


def _at(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _line(text: str) -> str:
    """Untrusted words on one line, without what Markdown would read as its own."""
    plain = clean(text)
    return "".join(f"\\{c}" if c in "\\`*_[]<>|#" else c for c in plain)
