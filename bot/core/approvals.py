"""Approvals: what is asked of a second person, its states, and why a click does not count.

The ledger's one conditional UPDATE decides; `refusal` says the same rules in words, for the person who lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.core.people import Role

HASH_SHOWN = 16  # characters of the content's hash that a button carries


class ApprovalState(StrEnum):
    """PENDING is the only one that a click can change; VOID means the content was changed after all."""

    PENDING = "pending"
    APPROVED = "approved"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    VOID = "void"


class Verdict(StrEnum):
    """What one person said. BREAK_GLASS: an administrator went ahead alone."""

    APPROVE = "approve"
    DECLINE = "decline"
    BREAK_GLASS = "break-glass"


@dataclass(frozen=True)
class Decision:
    """What one person said, and when (UTC). `comment` is untrusted."""

    user: str
    verdict: Verdict
    at: datetime
    comment: str = ""
    version: int = 0


@dataclass(frozen=True)
class Approval:
    """One request for a yes, bound to the exact content that `content_hash` (SHA-256, hex) stands for.

    `what` are lines as they are shown. `barred` are the identities that may not say yes: of the requester
    and of everybody who wrote the content. `roles`: any of these may decide. `version` grows with every
    change.
    """

    id: str
    topic: str
    subject: str
    content_hash: str
    title: str
    what: tuple[str, ...]
    why: str
    consequence: str
    team: str
    requested_by: str  # a Slack user id, or a login
    source: str
    person: str
    barred: frozenset[str]
    roles: frozenset[Role]
    needed: int
    channel: str | None
    created_at: datetime
    expires_at: datetime
    state: ApprovalState = ApprovalState.PENDING
    decisions: tuple[Decision, ...] = ()
    decided_by: frozenset[str] = frozenset()  # the identities of those who said yes
    ended_at: datetime | None = None
    ended_by: str | None = None
    ended_why: str = ""
    reminders: int = 0
    version: int = 1

    @property
    def given(self) -> int:
        """How many people have said yes."""
        return sum(decision.verdict is Verdict.APPROVE for decision in self.decisions)

    @property
    def broke_glass(self) -> bool:
        """Whether somebody went ahead without the approvals that were needed."""
        return any(decision.verdict is Verdict.BREAK_GLASS for decision in self.decisions)

    @property
    def short_hash(self) -> str:
        """As much of the hash as a button carries."""
        return self.content_hash[:HASH_SHOWN]


@dataclass(frozen=True)
class Click:
    """Who clicked, under every name that is theirs, with which roles, and on which content."""

    identities: frozenset[str]
    roles: frozenset[Role]
    content_hash: str
    from_slack: bool = True


_OVER = {
    ApprovalState.APPROVED: "It is approved already",
    ApprovalState.DECLINED: "It was declined already",
    ApprovalState.EXPIRED: "The time for it is over",
    ApprovalState.WITHDRAWN: "It was withdrawn",
    ApprovalState.VOID: "It was changed after you were asked, so this request is void",
}


def refusal(approval: Approval, click: Click, now: datetime) -> str | None:
    """Why this click would change nothing, as a sentence; None where it counts."""
    rules = (
        (not click.from_slack, "Approving takes a second person in Slack; the command line never approves"),
        (approval.state is not ApprovalState.PENDING, _OVER.get(approval.state, "")),
        (approval.expires_at <= now, _OVER[ApprovalState.EXPIRED]),
        (
            not same_content(approval.content_hash, click.content_hash),
            "What you were shown is not what is asked for any more",
        ),
        (
            bool(approval.barred & click.identities),
            "You asked for this or wrote it, so somebody else has to read it",
        ),
        (not approval.roles & click.roles, f"Only {_any_of(approval.roles)} may decide this"),
        (
            bool(approval.decided_by & click.identities),
            "You have approved it already; somebody else is still needed",
        ),
    )
    return next((sentence for broken, sentence in rules if broken), None)


def _any_of(roles: Iterable[Role]) -> str:
    """`an approver`, `an administrator or an approver`."""
    return " or ".join(f"{'an' if role[0] in 'aeiou' else 'a'} {role}" for role in sorted(roles))


def same_content(whole: str, shown: str) -> bool:
    """Whether `shown`, at least as long as a button carries it, is the hash or its beginning."""
    return len(shown) >= HASH_SHOWN and whole.startswith(shown)


def reminder_due(approval: Approval, now: datetime, every: timedelta) -> int | None:
    """The number of the reminder that is due, None where none is. Missed ones are one reminder, not many."""
    if approval.state is not ApprovalState.PENDING or approval.expires_at <= now:
        return None
    passed = int((now - approval.created_at) / every)
    return passed if passed > approval.reminders else None
