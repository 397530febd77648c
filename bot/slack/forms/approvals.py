"""The forms around an approval: why not, why alone, and typing the id once more."""

from __future__ import annotations

from bot.core.approvals import Approval
from bot.core.fit import cut
from bot.services.approval_forms import (
    BREAK_GLASS,
    BREAK_GLASS_CONFIRMED,
    DECLINE,
    BreakGlassConfirmForm,
    BreakGlassForm,
    DeclineForm,
)
from bot.slack import mrkdwn
from bot.slack.blocks import Block, section
from bot.slack.forms.base import Modal, entry, field, render_form

_COMMENT = 1000
_TOLD = 1000


@render_form.register
def _(form: DeclineForm) -> Modal:
    why = entry(lines=True, longest=_COMMENT, placeholder="The window is too short: two hours, please.")
    hint = "Whoever asked reads it in the thread. Nothing of what was asked for is done."
    blocks = [_about(form.approval), field("comment", "Why not, or what to change", why, hint=hint)]
    private = f"{form.approval.id}:{form.content_hash}"
    return Modal(DECLINE, "Decline", "Decline", blocks, private)


@render_form.register
def _(form: BreakGlassForm) -> Modal:
    hint = "Everybody is told at once, with your name and this reason. One more question follows."
    blocks = [
        _about(form.approval),
        _consequence(form.approval),
        field("reason", "Why nobody else can approve it", entry(lines=True, longest=_COMMENT), hint=hint),
    ]
    private = f"{form.approval.id}:{form.content_hash}"
    return Modal(BREAK_GLASS, "Go ahead alone", "Go on", blocks, private)


@render_form.register
def _(form: BreakGlassConfirmForm) -> Modal:
    wanted = f"Type {form.approval.id} to go ahead alone"
    blocks = [
        _about(form.approval),
        _consequence(form.approval),
        field("reason", "Your reason", entry(form.reason, lines=True, longest=_COMMENT)),
        field("confirmed", wanted, entry(longest=20)),
    ]
    private = f"{form.approval.id}:{form.content_hash}"
    return Modal(BREAK_GLASS_CONFIRMED, "Really go ahead?", "Go ahead alone", blocks, private)


def _about(approval: Approval) -> Block:
    return section(f"*{mrkdwn.prose(cut(approval.title, _TOLD))}*")


def _consequence(approval: Approval) -> Block:
    return section(mrkdwn.prose(cut(approval.consequence, _TOLD)) or " ")
