"""What the approval engine answers: facts for an edge to show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.approvals import Approval


@dataclass(frozen=True)
class ApprovalMessage:
    """The one message of a request. `reviewers`: Slack ids of the people and groups who are asked.

    `break_glass`: an administrator could go ahead alone here. `in_full`: every word of it is a file in the
    message's thread.
    """

    approval: Approval
    now: datetime
    reviewers: tuple[str, ...] = ()
    break_glass: bool = False
    in_full: bool = False


@dataclass(frozen=True)
class ApprovalEvent:
    """One line in the thread of a request.

    `what`: approved (one yes, more may be needed), declined, break-glass, expired, withdrawn, void, reminder.
    """

    approval: Approval
    what: str
    at: datetime
    by: str | None = None
    comment: str = ""
    reviewers: tuple[str, ...] = ()  # whom a reminder speaks to


@dataclass(frozen=True)
class GlassBroken:
    """Told to everybody: an administrator went ahead without the approvals that were needed."""

    approval: Approval
    by: str
    reason: str
    at: datetime


@dataclass(frozen=True)
class GroupUntold:
    """Told to the channel: Slack could not say who is in a group, so nobody of it was told alone."""

    approval: Approval
    group: str
    by: str


@dataclass(frozen=True)
class BreakGlassQuestion:
    """The second confirmation: what would be done, and what has to be typed to do it."""

    approval: Approval
    reason: str


@dataclass(frozen=True)
class ApprovalList:
    """`/approvals`: what waits for this person, and what this person waits for."""

    waiting: Sequence[Approval]
    mine: Sequence[Approval]
    now: datetime
