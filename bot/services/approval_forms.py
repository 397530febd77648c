"""Forms and short answers around an approval: facts for an edge to show."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.approvals import Approval

DECLINE, BREAK_GLASS, BREAK_GLASS_CONFIRMED = "approval_decline", "approval_glass", "approval_glass_confirmed"


@dataclass(frozen=True)
class DeclineForm:
    """Asks whoever says no for the reason, or for the changes they want."""

    approval: Approval
    content_hash: str  # of what was shown, as far as the button carries it


@dataclass(frozen=True)
class BreakGlassForm:
    """Asks an administrator who cannot wait for the reason."""

    approval: Approval
    content_hash: str


@dataclass(frozen=True)
class BreakGlassConfirmForm:
    """The second confirmation: what would be done, and the id that has to be typed to do it."""

    approval: Approval
    content_hash: str
    reason: str


@dataclass(frozen=True)
class ApprovalAnswer:
    """Said to whoever clicked: it counted, and what that makes of the request."""

    approval: Approval
    said: str  # approved, declined, withdrawn, broke-glass


@dataclass(frozen=True)
class ApprovalsHelp:
    """`/approvals help`."""

    command: str
