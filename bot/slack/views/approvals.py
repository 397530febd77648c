"""Approvals: the request with its buttons, how it ended, what is said in its thread, and the list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.core.approvals import Approval, ApprovalState, Decision, Verdict
from bot.core.fit import cut, pages
from bot.services import notice_book
from bot.services.approval_forms import ApprovalAnswer, ApprovalsHelp
from bot.services.approval_views import ApprovalEvent, ApprovalList, ApprovalMessage, GlassBroken, GroupUntold
from bot.slack import mrkdwn, texts
from bot.slack.blocks import (
    Block,
    Rendered,
    actions,
    at_most_fifty,
    button,
    confirm,
    section,
    small,
    with_button,
)
from bot.slack.buttons import (
    APPROVAL_SHOW,
    APPROVE,
    BREAK_GLASS,
    DECLINE,
    NOTICE_SHOW,
    WITHDRAW,
)
from bot.slack.fit import GOOD_TEXT, cut_mrkdwn
from bot.slack.mrkdwn import Mrkdwn
from bot.slack.views.base import Surroundings, message, render

_LINE = 2500
_WHAT_BLOCKS = 40
_LISTED = 40
_HEADLINES = {
    ApprovalState.PENDING: "Approval needed",
    ApprovalState.APPROVED: "Approved",
    ApprovalState.DECLINED: "Declined",
    ApprovalState.EXPIRED: "Expired, nothing was done",
    ApprovalState.WITHDRAWN: "Withdrawn, nothing was done",
    ApprovalState.VOID: "Void, it was changed after it was shown",
}
_SAID = {Verdict.APPROVE: "approved", Verdict.DECLINE: "declined", Verdict.BREAK_GLASS: "went ahead alone"}


@render.register
def _(view: ApprovalMessage, around: Surroundings) -> Rendered:
    del around
    approval = view.approval
    reviewers = [mrkdwn.mention(one) for one in view.reviewers]
    values = facts(approval) | {"reviewers": reviewers, "in_full": view.in_full}
    head = texts.fill("approval_head", values)
    what = _what_blocks(approval)
    tail = texts.fill("approval_tail", values)
    blocks = [*texts.as_blocks(head), *what, *texts.as_blocks(tail), *_buttons(view)]
    text = cut_mrkdwn("\n".join([*head, *_what_lines(approval), texts.as_text(tail)]), GOOD_TEXT)
    return Rendered(text, at_most_fifty(blocks))


def facts(approval: Approval) -> dict[str, Any]:
    """What the templates of an approval may print."""
    broke = approval.broke_glass and approval.state is ApprovalState.APPROVED
    return {
        "approval": approval,
        "headline": "Went ahead without approval" if broke else _HEADLINES[approval.state],
        "pending": approval.state is ApprovalState.PENDING,
        "requester": mrkdwn.mention(approval.requested_by),
        "decisions": [_decision(one) for one in approval.decisions],
        "missing": max(approval.needed - approval.given, 0),
        "ender": mrkdwn.mention(approval.ended_by) if approval.ended_by else None,
        "roles": " or ".join(sorted(approval.roles)),
    }


def _what_blocks(approval: Approval) -> list[Block]:
    found: list[Block] = [section(page) for page in pages(_what_lines(approval))]
    if len(found) <= _WHAT_BLOCKS:
        return found
    return [
        *found[:_WHAT_BLOCKS],
        small("… and more than Slack can show. Do not approve what you cannot read."),
    ]


def _what_lines(approval: Approval) -> list[str]:
    """As a quotation, line by line: it is what somebody else wrote."""
    return [f"> {mrkdwn.prose(cut(line, _LINE))}" for line in approval.what]


def _decision(decision: Decision) -> Mrkdwn:
    told = f": {mrkdwn.plain(cut(decision.comment, _LINE))}" if decision.comment else ""
    who, at = mrkdwn.mention(decision.user), mrkdwn.when(decision.at)
    return Mrkdwn(f"{who} {_SAID[decision.verdict]}, {at}{told}")


def _buttons(view: ApprovalMessage) -> list[Block]:
    """Only while it waits. The service says who may press; the message looks the same to everybody."""
    approval = view.approval
    if approval.state is not ApprovalState.PENDING:
        return []
    shown = f"{approval.id}:{approval.short_hash}"
    sure = confirm("Approve this?", cut(approval.consequence, 300), "Approve", "Not yet", danger=False)
    back = confirm("Withdraw it?", "Nothing is done, and nobody can approve it any more.", "Withdraw", "Keep")
    row = [
        button("Approve", APPROVE, shown, style="primary", confirm=sure),
        button("Decline", DECLINE, shown),
        button("Withdraw", WITHDRAW, approval.id, confirm=back),
    ]
    if approval.topic == notice_book.TOPIC:
        row.append(button("Everything about it", NOTICE_SHOW, approval.subject.partition(".")[0]))
    if view.break_glass:
        row.append(button("Go ahead alone", BREAK_GLASS, shown, style="danger"))
    return [actions(row)]


@render.register
def _(view: ApprovalEvent, around: Surroundings) -> Rendered:
    del around
    values = facts(view.approval) | {
        "event": view.what,
        "by": mrkdwn.mention(view.by) if view.by else None,
        "at": view.at,
        "comment": view.comment,
        "reviewers": [mrkdwn.mention(one) for one in view.reviewers],
    }
    return message("approval_event", values)


@render.register
def _(view: GlassBroken, around: Surroundings) -> Rendered:
    del around
    values = facts(view.approval) | {"by": mrkdwn.mention(view.by), "reason": view.reason, "at": view.at}
    return message("approval_glass", values)


@render.register
def _(view: GroupUntold, around: Surroundings) -> Rendered:
    del around
    people = {"by": mrkdwn.mention(view.by), "group": mrkdwn.mention(view.group)}
    return message("approval_glass_untold", facts(view.approval) | people)


@render.register
def _(view: ApprovalAnswer, around: Surroundings) -> Rendered:
    del around
    return message("approval_answer", facts(view.approval) | {"said": view.said})


@render.register
def _(view: ApprovalList, around: Surroundings) -> Rendered:
    del around
    blocks: list[Block] = []
    lines: list[str] = []
    for title, found in (("Waiting for you", view.waiting), ("You asked, others decide", view.mine)):
        if not found:
            continue
        lines.append(f"*{title}: {len(found)}*")
        blocks.append(section(lines[-1]))
        for approval in found[: _LISTED // 2]:
            lines.append(_line(approval, view.now))
            blocks.append(with_button(lines[-1], button("Read it", APPROVAL_SHOW, approval.id)))
        blocks += _more(found)
    if not lines:
        return message("approval_none", {})
    return Rendered(cut_mrkdwn("\n".join(lines), GOOD_TEXT), at_most_fifty(blocks))


def _line(approval: Approval, now: datetime) -> str:
    left = {"left": (approval.expires_at - now).total_seconds()}
    return "\n".join(texts.fill("approval_line", facts(approval) | left))


def _more(found: Sequence[Approval]) -> list[Block]:
    left = len(found) - _LISTED // 2
    return [section(f"… and {left} more")] if left > 0 else []


@render.register
def _(view: ApprovalsHelp, around: Surroundings) -> Rendered:
    del around
    return message("approval_help", {"command": view.command})
