"""`/approvals`: what waits for a yes, and saying yes or no to exactly what was shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from bot.core.approvals import HASH_SHOWN
from bot.core.people import Actor
from bot.core.reply import FormReply, Reply, Request, Submission
from bot.errors import UserError, WordsError
from bot.services.approval_forms import (
    ApprovalAnswer,
    ApprovalsHelp,
    BreakGlassConfirmForm,
    BreakGlassForm,
    DeclineForm,
)
from bot.services.approval_views import ApprovalList, ApprovalMessage, BreakGlassQuestion
from commands import suggest
from commands.tokens import Token, tokens

COMMAND = "/approvals"
_LIST, _SHOW, _APPROVE, _DECLINE = "list", "show", "approve", "decline"
_WITHDRAW, _GLASS, _HELP = "withdraw", "break-glass", "help"
VERBS = (_LIST, _SHOW, _APPROVE, _DECLINE, _WITHDRAW, _GLASS, _HELP)


class ApprovalService(Protocol):
    """What this command needs of `bot.services.approvals.Approvals`."""

    def decide(
        self, actor: Actor, approval_id: str, content_hash: str, verdict: str, comment: str = ""
    ) -> ApprovalMessage:
        """Say yes or no."""

    def withdraw(self, actor: Actor, approval_id: str) -> ApprovalMessage:
        """Take a request back."""

    def overview(self, actor: Actor) -> ApprovalList:
        """What waits."""

    def message(self, approval_id: str) -> ApprovalMessage:
        """One request as it is now."""


class BreakGlassService(Protocol):
    """What this command needs of `bot.services.break_glass.BreakGlass`."""

    def ask(self, actor: Actor, approval_id: str, content_hash: str, reason: str) -> BreakGlassQuestion:
        """The second confirmation."""

    def go(
        self, actor: Actor, approval_id: str, content_hash: str, reason: str, *, confirmed: str
    ) -> ApprovalMessage:
        """Go ahead alone."""


@dataclass(frozen=True)
class _Pick:
    """Which request, and the beginning of the hash of what was shown."""

    approval_id: str
    content_hash: str


def answer(request: Request, actor: Actor, approvals: ApprovalService) -> Reply:
    """Answer one command; nothing typed lists what waits.

    Raises:
        SparewheelError: the refusal, for whoever shows it.
    """
    words = tokens(request.text)
    verb = words[0].word if words else _LIST
    match verb:
        case "list":
            return Reply(approvals.overview(actor))
        case "help":
            return Reply(ApprovalsHelp(request.command))
        case "show":
            return Reply(approvals.message(_named(words, verb)))
        case "withdraw":
            message = approvals.withdraw(actor, _named(words, verb))
            return Reply(ApprovalAnswer(message.approval, "withdrawn"))
        case "approve" | "decline" | "break-glass":
            return _decide(verb, _picked(words, verb), actor, approvals)
        case _:
            raise suggest.replaced(words[0], VERBS, "", words, COMMAND)


def _decide(verb: str, pick: _Pick, actor: Actor, approvals: ApprovalService) -> Reply:
    """A yes counts at once; a no and going ahead alone ask for their reason first."""
    if verb == _APPROVE:
        message = approvals.decide(actor, pick.approval_id, pick.content_hash, verb)
        return Reply(ApprovalAnswer(message.approval, "approved"))
    approval = approvals.message(pick.approval_id).approval
    if verb == _GLASS:
        return Reply(form=BreakGlassForm(approval, pick.content_hash))
    return Reply(form=DeclineForm(approval, pick.content_hash))


def declined(sent: Submission, actor: Actor, approvals: ApprovalService) -> FormReply:
    """The form behind a no."""
    pick = _carried(sent.private)
    message = approvals.decide(actor, pick.approval_id, pick.content_hash, _DECLINE, sent.text("comment"))
    return FormReply(view=ApprovalAnswer(message.approval, "declined"))


def glass_asked(sent: Submission, actor: Actor, glass: BreakGlassService) -> FormReply:
    """The first form of going ahead alone: the reason."""
    pick, reason = _carried(sent.private), sent.text("reason")
    question = glass.ask(actor, pick.approval_id, pick.content_hash, reason)
    return FormReply(next=BreakGlassConfirmForm(question.approval, pick.content_hash, question.reason))


def glass_confirmed(sent: Submission, actor: Actor, glass: BreakGlassService) -> FormReply:
    """The second form: the id, typed once more."""
    pick = _carried(sent.private)
    message = glass.go(
        actor, pick.approval_id, pick.content_hash, sent.text("reason"), confirmed=sent.text("confirmed")
    )
    return FormReply(view=ApprovalAnswer(message.approval, "broke-glass"))


def _named(words: list[Token], verb: str) -> str:
    if len(words) != 2:  # noqa: PLR2004 - the verb and an id
        raise WordsError("Which request is meant?", next_step=f"Type `{COMMAND} {verb} ID`.")
    return words[1].text.partition(":")[0]


def _picked(words: list[Token], verb: str) -> _Pick:
    """`ID HASH`, or `ID:HASH` as a button carries it."""
    approval_id, _, content_hash = ":".join(token.text for token in words[1:]).lower().partition(":")
    if not approval_id or len(content_hash) < HASH_SHOWN:
        raise WordsError(
            "A decision is about exactly what you were shown, so the hash of it belongs to it.",
            next_step=f"Press the button under the request, or type `{COMMAND} {verb} ID HASH`.",
        )
    return _Pick(approval_id, content_hash)


def _carried(private: str) -> _Pick:
    approval_id, _, content_hash = private.partition(":")
    if not content_hash:
        raise UserError("This form has lost what it is about.", next_step="Press the button again.")
    return _Pick(approval_id, content_hash)
