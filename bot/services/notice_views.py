"""What the services of notices answer: facts for an edge to show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.core.approvals import Approval
from bot.core.delivery import DeliverySummary
from bot.core.notices import Notice, NoticeEvent, NoticeRevision, Reach, RevisionState


@dataclass(frozen=True)
class NoticeMessage:
    """The one message of a notice: how the matter stands, and the text that people work on.

    `current`: what the buttons act on. `covered`: the texts approved together with it, in the order of their
    times. `reach`: whom `current` would reach, as counted for it; None where it could not be counted now.
    `deliveries`: how each text that was handed over stands, by its number.
    """

    notice: Notice
    current: NoticeRevision
    now: datetime
    covered: Sequence[NoticeRevision] = ()
    reach: Reach | None = None
    deliveries: Mapping[int, DeliverySummary] = field(default_factory=dict)
    approval: Approval | None = None
    sent: Sequence[NoticeRevision] = ()  # the newest first
    time_zone: str = "UTC"  # the audience's
    missing: Sequence[str] = ()  # what the notice needs and the configuration has no more
    outdated: frozenset[int] = frozenset()  # texts that a later one took back: nobody is tried again
    voided: bool = False  # this very edit ended a request or an approval

    @property
    def waits_for(self) -> str:
        """What happens next, in a word: submit, approval, confirm, time, delivery, or nothing."""
        return {
            RevisionState.DRAFT: "submit",
            RevisionState.SUBMITTED: "approval",
            RevisionState.APPROVED: "confirm",
            RevisionState.SCHEDULED: "time",
            RevisionState.SENDING: "delivery",
        }.get(self.current.state, "nothing")


@dataclass(frozen=True)
class NoticeHistoryLine:
    """One line in a notice's thread. `title`: of the text that it is about."""

    notice: Notice
    event: NoticeEvent
    title: str = ""


@dataclass(frozen=True)
class NoticeAsk:
    """Asks the owner to look after a notice.

    `what`: promise (the next word is late), started, completed (its time has come and nobody prepared it),
    trouble (one is due and its recipients cannot be read), or recount (`text` is due, and its audience is
    another than the one that was approved).
    """

    notice: Notice
    what: str
    now: datetime
    text: NoticeRevision | None = None


@dataclass(frozen=True)
class NoticeList:
    """`/notice list`: the newest first; each with the text that people work on or worked on last."""

    entries: Sequence[tuple[Notice, NoticeRevision | None]]
    now: datetime


@dataclass(frozen=True)
class NoticeDetails:
    """`/notice show ID`: every text, how each was delivered, who approved, and the history."""

    message: NoticeMessage
    revisions: Sequence[NoticeRevision]
    approvals: Sequence[Approval]
    events: Sequence[NoticeEvent]


@dataclass(frozen=True)
class NoticeAnswer:
    """Said to whoever pressed: it counted.

    `said`: drafted, edited, edited-void, counting, submitted, withdrawn, stopped, sending, scheduled,
    rehearsed, retried, known-sent, sent-again, closed. `number`: of recipients.
    """

    notice: Notice
    revision: NoticeRevision
    said: str
    number: int = 0
