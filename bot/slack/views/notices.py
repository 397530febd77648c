"""The one message of a notice: where it stands, whom it reaches and when, word for word, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from bot.core import notice_times
from bot.core.delivery import DeliveryState, DeliverySummary
from bot.core.notices import BACK_BY_ITSELF, NoticePhase, NoticeRevision, RevisionState
from bot.core.units import plural
from bot.services.notice_views import NoticeMessage
from bot.slack import mrkdwn, texts
from bot.slack.blocks import Block, Rendered, actions, at_most_fifty, button, confirm
from bot.slack.buttons import (
    NOTICE_CLOSE,
    NOTICE_COUNT,
    NOTICE_EDIT,
    NOTICE_NEXT,
    NOTICE_REHEARSE,
    NOTICE_SEND,
    NOTICE_SHOW,
    NOTICE_SUBMIT,
    NOTICE_WITHDRAW,
)
from bot.slack.fit import GOOD_TEXT, cut_mrkdwn
from bot.slack.views.base import Surroundings, render
from bot.slack.views.notice_deliveries import delivery_blocks, progress_lines
from bot.slack.views.notice_texts import word_for_word

_NOTED = (RevisionState.DRAFT, RevisionState.SKIPPED)  # what a reader asked for, or why it was not sent
_TEXT_SHOWN = frozenset(RevisionState) - {RevisionState.SENDING, RevisionState.SENT, RevisionState.WITHDRAWN}
HEADLINES = {
    RevisionState.DRAFT: "Draft",
    RevisionState.SUBMITTED: "Waiting for approval",
    RevisionState.APPROVED: "Approved, not sent yet",
    RevisionState.SCHEDULED: "Goes out by itself",
    RevisionState.SENDING: "Being sent",
    RevisionState.SENT: "Sent",
    RevisionState.REPLACED: "Replaced by a later text",
    RevisionState.WITHDRAWN: "Withdrawn",
    RevisionState.SKIPPED: "Not sent",
}
_NEXT = {
    RevisionState.DRAFT: "Nothing has been sent. Read it as a customer will, then let somebody else read it.",
    RevisionState.SUBMITTED: "Nothing has been sent. Somebody else reads it; an edit makes their yes void.",
    RevisionState.APPROVED: "Nothing has been sent. It takes one last yes, with the number of recipients.",
    RevisionState.SCHEDULED: "Nothing is left to do; until then it can be withdrawn.",
    RevisionState.SENDING: "Everyone is written to once. What fails is listed here.",
    RevisionState.WITHDRAWN: "It does not go out.",
    RevisionState.SKIPPED: "Its time had passed.",
}


@render.register
def _(view: NoticeMessage, around: Surroundings) -> Rendered:
    del around
    head = texts.fill("notice_head", notice_facts(view) | {"progress": progress_lines(_delivery(view))})
    blocks = texts.as_blocks(head)
    if view.current.state in _TEXT_SHOWN:
        blocks += word_for_word(view.current.text)
    covered = texts.fill("notice_covered", {"covered": view.covered, "stands": stands, "at": _clock_of(view)})
    foot = texts.fill("notice_foot", notice_facts(view))
    blocks += [
        *texts.as_blocks(covered),
        *delivery_blocks(view.deliveries, view.outdated),
        *texts.as_blocks(foot),
    ]
    blocks += _buttons(view)
    text = cut_mrkdwn(texts.as_text([*head, *covered, *foot]), GOOD_TEXT)
    return Rendered(text, at_most_fifty(blocks))


def notice_facts(view: NoticeMessage) -> dict[str, Any]:
    """What the templates of a notice may print."""
    current, window = view.current, view.current.window or view.notice.window
    lines = notice_times.window_lines(window.start, window.end, (view.time_zone,)) if window else []
    total = view.reach.total if view.reach else current.recipients
    return {
        "problem": current.count_problem,
        "notice": view.notice,
        "current": current,
        "reach": view.reach,
        "total": total,
        "headline": _headline(view),
        "note": current.note if current.state in _NOTED else "",
        "next": _next(view),
        "author": mrkdwn.mention(current.author),
        "confirmed_by": mrkdwn.mention(current.confirmed_by) if current.confirmed_by else None,
        "window": lines,
        "at": _clock_of(view),
        "at_once": current.send_at is None,
        "over": view.notice.phase is NoticePhase.OVER,
        "hash": current.bundle_hash[:16],  # as the request for approval shows it
        "sent": [_sent_line(view, one) for one in view.sent],
    }


def _clock_of(view: NoticeMessage) -> Callable[[datetime], str]:
    """Times as the audience reads them: the same for everybody who looks at the draft."""
    return partial(notice_times.moment_text, zone=view.time_zone)


def _headline(view: NoticeMessage) -> str:
    if view.notice.phase is NoticePhase.OVER:
        return "Over"
    note = view.current.note
    if view.current.state is RevisionState.DRAFT and note and note not in BACK_BY_ITSELF:
        return "Changes wanted"
    if view.current.held_recipients is not None:
        return "Held back, its audience has changed"
    delivery = _delivery(view)
    if _stopped(view):
        words = "Withdrawn while it was being sent"
    else:
        words = "Reached nobody" if _reached_nobody(delivery) else HEADLINES[view.current.state]
    return f"{words}{_trouble(delivery)}"


def _reached_nobody(delivery: DeliverySummary | None) -> bool:
    """Whether it is certain that a text which went out arrived nowhere: everybody failed, or wants none."""
    if delivery is None or delivery.finished_at is None:
        return False
    return not delivery.count(DeliveryState.SENT) and not delivery.count(DeliveryState.UNKNOWN)


def _trouble(delivery: DeliverySummary | None) -> str:
    """What did not arrive belongs into the first line."""
    if delivery is None:
        return ""
    failed, unknown = delivery.count(DeliveryState.FAILED), delivery.count(DeliveryState.UNKNOWN)
    return (f", {failed:,} failed" if failed else "") + (f", {unknown:,} not known" if unknown else "")


def stands(revision: NoticeRevision) -> str:
    """Where a text stands, in words that go on after its title: `goes out by itself`."""
    if revision.held_recipients is not None:
        return "held back, its audience has changed"
    words = HEADLINES[revision.state]
    return words[:1].lower() + words[1:]


def _next(view: NoticeMessage) -> str:
    if _stopped(view):
        more = " If those need to know, write the next word." if view.notice.phase is NoticePhase.LIVE else ""
        return f"Some have it and others never will.{more}"
    if view.missing and view.notice.phase is NoticePhase.LIVE:
        gone = " and ".join(view.missing)
        return (
            f"Not in the configuration any more: {gone}. Put it back, or close the matter; "
            "closing tells customers nothing."
        )
    if view.current.held_recipients is not None:
        approved = plural(view.current.confirmed_recipients or 0, "recipient")
        return f"It was approved for {approved} and would reach {view.current.held_recipients:,} now."
    if view.current.state is RevisionState.DRAFT and view.current.recipients is None:
        return "Nothing has been sent. It can be submitted once its recipients are counted."
    if view.current.state is RevisionState.SENT and view.notice.phase is NoticePhase.LIVE:
        return "It went out, and customers wait for the next word."
    return _NEXT.get(view.current.state, "")


def _sent_line(view: NoticeMessage, revision: NoticeRevision) -> str:
    delivery = view.deliveries.get(revision.number)
    went = f", {delivery.stopped or plural(delivery.total, 'recipient')}" if delivery else ""
    return f"{revision.title}{went}"


def _stopped(view: NoticeMessage) -> bool:
    delivery = _delivery(view)
    return delivery is not None and delivery.withdrawn_at is not None


def _delivery(view: NoticeMessage) -> DeliverySummary | None:
    return view.deliveries.get(view.current.number)


def _buttons(view: NoticeMessage) -> list[Block]:
    """What can be done next. The service looks at roles and at the text's number when one is pressed."""
    key = view.current.key
    edit = button("Edit", NOTICE_EDIT, key)
    withdraw = button(
        "Withdraw",
        NOTICE_WITHDRAW,
        key,
        confirm=confirm("Withdraw it?", "What has not been sent yet is not sent.", "Withdraw", "Keep it"),
    )
    row = {
        RevisionState.DRAFT: [
            *_counted(view),
            edit,
            button("Rehearse", NOTICE_REHEARSE, key),
            withdraw,
        ],
        RevisionState.SUBMITTED: [edit, button("Rehearse", NOTICE_REHEARSE, key), withdraw],
        RevisionState.APPROVED: [_send_button(view), edit, withdraw],
        RevisionState.SCHEDULED: [*_held(view), withdraw],
        RevisionState.SENDING: [] if _stopped(view) else [withdraw],
    }.get(view.current.state, [])
    if view.notice.phase is NoticePhase.LIVE:
        row.append(button("Write the next word", NOTICE_NEXT, view.notice.id))
    if view.missing and view.notice.phase is NoticePhase.LIVE:
        row.append(_close_button(view))
    if view.current.state is RevisionState.SENT:
        row.append(button("Everything about it", NOTICE_SHOW, view.notice.id))
    return [actions(row)] if row else []


def _counted(view: NoticeMessage) -> list[Block]:
    """Nobody is asked to read what reaches nobody knows whom."""
    key = view.current.key
    if view.current.recipients is None:
        return [button("Count again", NOTICE_COUNT, key)]
    return [button("Submit for approval", NOTICE_SUBMIT, key, style="primary")]


def _held(view: NoticeMessage) -> list[Block]:
    return [] if view.current.held_recipients is None else [held_button(view.current)]


def held_button(revision: NoticeRevision) -> Block:
    """The last question once more, for an audience that is another by the time of sending."""
    return _really(revision, revision.held_recipients or 0, "now")


def _close_button(view: NoticeMessage) -> Block:
    sure = confirm(
        "Close it?", "Customers are told nothing more, and what waits is withdrawn.", "Close", "Keep"
    )
    return button("Close it", NOTICE_CLOSE, view.notice.id, confirm=sure)


def _send_button(view: NoticeMessage) -> Block:
    total = view.reach.total if view.reach else view.current.recipients
    return _really(view.current, total or 0, "at its time" if view.current.send_at else "now")


def _really(revision: NoticeRevision, total: int, when: str) -> Block:
    """The last question; the number that was answered goes along, and must still be the number."""
    number = plural(total, "recipient")
    sure = confirm(
        f"Really send to {number}?",
        f"It goes out {when}, to real customers, and cannot be taken back.",
        "Send it",
        "Not yet",
    )
    return button(f"Send to {number}", NOTICE_SEND, f"{revision.key}:{total}", style="danger", confirm=sure)
