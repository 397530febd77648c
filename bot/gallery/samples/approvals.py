"""Approvals, asked for, decided and over, and the forms around them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.core.approvals import Approval, ApprovalState, Decision, Verdict
from bot.core.people import Role
from bot.gallery.samples.values import ARABIC, EVIL, HEBREW, LONG, NOW
from bot.services.approval_forms import (
    ApprovalAnswer,
    ApprovalsHelp,
    BreakGlassConfirmForm,
    BreakGlassForm,
    DeclineForm,
)
from bot.services.approval_views import ApprovalEvent, ApprovalList, ApprovalMessage, GlassBroken, GroupUntold

ASKED = Approval(
    id="p1p2p3p4",
    topic="notice",
    subject="n1n2n3n4",
    content_hash="ab12cd34ef56" * 5 + "abcd",
    title="Send the notice Planned maintenance of Cruzonic",
    what=(
        "Planned maintenance, 1 December 2026, 22:00 to 23:00 America/New_York",
        "To the audience `customers`: 1,240 recipients by e-mail, 1 channel in Slack",
    ),
    why="The new version needs a longer lock than we may take while drivers work.",
    consequence="It is sent to 1,240 recipients once April or Andre approves and Omar confirms.",
    team="T0SANDBOX",
    requested_by="U0OMAR",
    source="slack",
    person="person:U0OMAR",
    barred=frozenset({"slack:U0OMAR"}),
    roles=frozenset({Role.APPROVER}),
    needed=1,
    channel="C0OPS",
    created_at=NOW - timedelta(minutes=4),
    expires_at=NOW + timedelta(hours=4),
)
_YES = Decision("U0APRIL", Verdict.APPROVE, NOW, version=2)
_NO = Decision("U0ANDRE", Verdict.DECLINE, NOW, "Two hours, please: the last one took 80 minutes.", 2)
_ALONE = Decision("U0ADA", Verdict.BREAK_GLASS, NOW, "Both approvers are in the air until noon.", 2)


def _ended(state: ApprovalState, **more: Any) -> Approval:
    return replace(ASKED, state=state, ended_at=NOW, version=2, **more)


APPROVED = _ended(ApprovalState.APPROVED, decisions=(_YES,), ended_by="U0APRIL")
DECLINED = _ended(ApprovalState.DECLINED, decisions=(_NO,), ended_by="U0ANDRE")
ALONE = _ended(ApprovalState.APPROVED, decisions=(_ALONE,), ended_by="U0ADA")
WORST = replace(
    ASKED,
    title=EVIL + LONG,
    what=(EVIL + LONG,) * 40,
    why=EVIL + LONG,
    consequence=EVIL + LONG,
    requested_by=EVIL,
    roles=frozenset(Role),
    needed=9,
    decisions=(replace(_YES, user=EVIL, comment=EVIL + LONG),) * 8,
    ended_why=EVIL + LONG,
    ended_by=EVIL,
)
_ASKED = ("S0APPROVERS", "U0ADA")


def _event(approval: Approval, what: str, by: str | None = None, comment: str = "") -> ApprovalEvent:
    return ApprovalEvent(approval, what, NOW, by, comment, _ASKED if what == "reminder" else ())


VIEWS: dict[str, object] = {
    "approval asked": ApprovalMessage(ASKED, NOW, _ASKED),
    "approval asked of two, one gave it": ApprovalMessage(
        replace(ASKED, needed=2, decisions=(_YES,)), NOW, ("U0APRIL", "U0ANDRE"), break_glass=True
    ),
    "approval given": ApprovalMessage(APPROVED, NOW),
    "approval declined": ApprovalMessage(DECLINED, NOW),
    "approval expired": ApprovalMessage(_ended(ApprovalState.EXPIRED), NOW),
    "approval withdrawn": ApprovalMessage(_ended(ApprovalState.WITHDRAWN, ended_by="U0OMAR"), NOW),
    "approval void": ApprovalMessage(
        _ended(ApprovalState.VOID, ended_by="U0OMAR", ended_why="The text was edited."), NOW
    ),
    "approval bypassed": ApprovalMessage(ALONE, NOW),
    "approval bypassed, told to all": GlassBroken(ALONE, "U0ADA", _ALONE.comment, NOW),
    "approval bypassed, a group not told": GroupUntold(ALONE, "S0APPROVERS", "U0ADA"),
    "worst approval bypassed, a group not told": GroupUntold(WORST, EVIL, EVIL),
    "approval event: approved": _event(replace(ASKED, needed=2, decisions=(_YES,)), "approved", "U0APRIL"),
    "approval event: declined": _event(DECLINED, "declined", "U0ANDRE", _NO.comment),
    "approval event: bypassed": _event(ALONE, "break-glass", "U0ADA", _ALONE.comment),
    "approval event: expired": _event(_ended(ApprovalState.EXPIRED), "expired"),
    "approval event: withdrawn": _event(_ended(ApprovalState.WITHDRAWN), "withdrawn", "U0OMAR"),
    "approval event: void": _event(_ended(ApprovalState.VOID), "void", "U0OMAR", "The text was edited."),
    "approval reminder": _event(ASKED, "reminder"),
    "approval counted": ApprovalAnswer(APPROVED, "approved"),
    "approval counted, one more": ApprovalAnswer(replace(ASKED, needed=2, decisions=(_YES,)), "approved"),
    "approval refused": ApprovalAnswer(DECLINED, "declined"),
    "approval taken back": ApprovalAnswer(ASKED, "withdrawn"),
    "approval gone alone": ApprovalAnswer(ALONE, "broke-glass"),
    "approvals waiting": ApprovalList((ASKED,), (replace(ASKED, id="p5p6p7p8"),), NOW),
    "approvals none": ApprovalList((), (), NOW),
    "approvals help": ApprovalsHelp("/approvals"),
    "right to left approval": ApprovalMessage(
        replace(ASKED, title=ARABIC, what=(HEBREW, ARABIC), why=ARABIC), NOW
    ),
    "worst approval": ApprovalMessage(WORST, NOW, ("U0APRIL",) * 40, break_glass=True),
    "worst approval ended": ApprovalMessage(replace(WORST, state=ApprovalState.VOID, ended_at=NOW), NOW),
    "worst approval event": _event(WORST, "declined", EVIL, EVIL + LONG),
    "worst approval bypassed": GlassBroken(WORST, EVIL, EVIL + LONG, NOW),
    "worst approvals": ApprovalList((WORST,) * 60, (WORST,) * 60, NOW),
}
_SHOWN = ASKED.short_hash
FORMS: dict[str, object] = {
    "decline an approval": DeclineForm(ASKED, _SHOWN),
    "go ahead alone": BreakGlassForm(ASKED, _SHOWN),
    "really go ahead alone": BreakGlassConfirmForm(ASKED, _SHOWN, _ALONE.comment),
    "worst going ahead alone": BreakGlassConfirmForm(WORST, _SHOWN, EVIL + LONG),
}
