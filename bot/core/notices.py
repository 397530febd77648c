"""A notice's life as rules: what may follow what, what is due when, and what an announced window covers.

A *notice* is one matter (a maintenance, an emergency). Each text about it that is to reach customers is a
*revision*: numbered within the notice, immutable in content, with a state of its own. An edit makes a new
revision and replaces the old one. Texts that are approved together with another one are *covered* by it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

REMINDER, STARTED, COMPLETED = "reminder", "started", "completed"
FOLLOW_UPS = (REMINDER, STARTED, COMPLETED)  # stages with a time of their own, which the window gives
_PROMISE_EVERY = timedelta(minutes=15)


# Why a text is a draft again although nobody wants it changed.
LAPSED = (
    "The approval was not used in time and does not count any more. Submit it again to have it read anew."
)
EXPIRED = "Nobody decided in time. Submit it again, and those who may approve are asked once more."
TAKEN_BACK = "The request for approval was withdrawn. Submit it again when it is ready."
BACK_BY_ITSELF = frozenset({LAPSED, EXPIRED, TAKEN_BACK})


class NoticePhase(StrEnum):
    """Where the matter stands. DRAFT: nothing of it has reached a customer."""

    DRAFT = "draft"
    LIVE = "live"
    OVER = "over"
    WITHDRAWN = "withdrawn"


class RevisionState(StrEnum):
    """Where one text stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"  # others were asked to read it
    APPROVED = "approved"  # waits for the last yes, with the number of recipients
    SCHEDULED = "scheduled"
    SENDING = "sending"
    SENT = "sent"
    REPLACED = "replaced"  # by an edit, or by a later text that says otherwise
    WITHDRAWN = "withdrawn"
    SKIPPED = "skipped"  # its time had passed


# What may become of a text. The ledger's conditional UPDATEs hold the same.
MOVES: Mapping[RevisionState, frozenset[RevisionState]] = {
    RevisionState.DRAFT: frozenset(
        {RevisionState.SUBMITTED, RevisionState.REPLACED, RevisionState.WITHDRAWN}
    ),
    RevisionState.SUBMITTED: frozenset(
        {RevisionState.APPROVED, RevisionState.DRAFT, RevisionState.REPLACED, RevisionState.WITHDRAWN}
    ),
    RevisionState.APPROVED: frozenset(
        {
            RevisionState.SCHEDULED,
            RevisionState.SENDING,
            RevisionState.DRAFT,
            RevisionState.REPLACED,
            RevisionState.WITHDRAWN,
        }
    ),
    RevisionState.SCHEDULED: frozenset(
        {RevisionState.SENDING, RevisionState.SKIPPED, RevisionState.REPLACED, RevisionState.WITHDRAWN}
    ),
    RevisionState.SENDING: frozenset({RevisionState.SENT}),
    RevisionState.SENT: frozenset(),
    RevisionState.REPLACED: frozenset(),
    RevisionState.WITHDRAWN: frozenset(),
    RevisionState.SKIPPED: frozenset(),
}
EDITABLE = frozenset({RevisionState.DRAFT, RevisionState.SUBMITTED, RevisionState.APPROVED})
OPEN = EDITABLE | {RevisionState.SCHEDULED, RevisionState.SENDING}


@dataclass(frozen=True)
class Window:
    """From when to when something is announced for; both UTC."""

    start: datetime
    end: datetime

    def covers(self, at: datetime) -> bool:
        """Whether the instant lies inside; the end does not."""
        return self.start <= at < self.end


@dataclass(frozen=True)
class NoticeText:
    """One text in the formats of all channels, exactly as it is sent."""

    subject: str
    text: str
    html: str
    slack: str


@dataclass(frozen=True)
class Reach:
    """Whom a text would reach. `channels`: name and number of recipients. `left_out`: invalid, suppressed."""

    total: int
    channels: tuple[tuple[str, int], ...] = ()
    left_out: int = 0


@dataclass(frozen=True)
class NoticeRevision:
    """One text. `number` counts within the notice. `send_at` None: at once when confirmed. Times are UTC.

    `variables` are in their canonical form, as text. `covered_by`: the number of the revision whose approval
    covers this one too. `bundle_hash` stands for this text and all that it covers: what is approved.
    `recipients` None: not counted yet, or not to be counted (`count_problem`). `confirmed_recipients`: the
    number that the last yes was given to. `held_recipients`: another one, that is asked about.
    """

    notice_id: str
    number: int
    stage: str
    title: str
    severity: str
    status: str
    state: RevisionState
    variables: Mapping[str, str]
    text: NoticeText
    audiences: tuple[str, ...]
    content_hash: str
    bundle_hash: str
    recipients: int | None
    author: str  # a Slack user id, or a login
    created_at: datetime
    send_at: datetime | None = None
    covered_by: int | None = None
    window: Window | None = None
    promised_at: datetime | None = None
    ends: bool = False
    needed: int = 1
    approval_id: str | None = None
    approved_until: datetime | None = None
    confirmed_by: str | None = None
    sending_at: datetime | None = None
    sent_at: datetime | None = None
    note: str = ""  # what a reader asked to be changed, or why it was skipped
    reach: Reach | None = None
    count_problem: str = ""
    confirmed_recipients: int | None = None
    held_recipients: int | None = None

    @property
    def key(self) -> str:
        """How audit rows and messages name it: notice id, full stop, number."""
        return f"{self.notice_id}.{self.number}"


@dataclass(frozen=True)
class Notice:
    """One matter. `window`, `promised_at`: as customers were last told. `version` grows with every change."""

    id: str
    kind: str
    product: str
    databases: tuple[str, ...]
    audiences: tuple[str, ...]
    team: str
    channel: str | None
    owner: str  # a Slack user id, or a login
    source: str
    phase: NoticePhase
    created_at: datetime
    window: Window | None = None
    promised_at: datetime | None = None
    promise_reminders: int = 0
    asked: frozenset[str] = frozenset()  # follow-ups that people were asked to send
    version: int = 1
    ended_at: datetime | None = None


@dataclass(frozen=True)
class NoticeEvent:
    """One line of a notice's history, as its thread and its export show it. `note` is untrusted."""

    seq: int
    at: datetime
    what: str
    by: str
    number: int | None = None
    stage: str = ""
    note: str = ""


def bundle_hash(hashes: Sequence[str]) -> str:
    """What one approval is bound to: the content hashes of a text and of those it covers, in their order."""
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()


def follow_up_times(
    stages: Iterable[str], window: Window, reminders: Sequence[float], now: datetime
) -> list[tuple[str, datetime]]:
    """When each follow-up that is wanted is due, the earliest first. `reminders`: seconds before the start.

    A reminder whose time has passed already is left out.
    """
    wanted = set(stages)
    times = [(REMINDER, window.start - timedelta(seconds=before)) for before in reminders]
    times += [(STARTED, window.start), (COMPLETED, window.end)]
    return sorted(
        ((stage, at) for stage, at in dict.fromkeys(times) if stage in wanted and at > now),
        key=lambda pair: (pair[1], FOLLOW_UPS.index(pair[0])),
    )


def to_ask_for(notice: Notice, revisions: Sequence[NoticeRevision], now: datetime) -> tuple[str, ...]:
    """Follow-ups whose time has come, that nobody has prepared and nobody was asked for yet."""
    if notice.phase is not NoticePhase.LIVE or notice.window is None:
        return ()
    there = {r.stage for r in revisions if r.state in OPEN or r.state is RevisionState.SENT}
    come = [(STARTED, notice.window.start <= now < notice.window.end), (COMPLETED, now >= notice.window.end)]
    return tuple(stage for stage, now_due in come if now_due and stage not in there | notice.asked)


def promise_due(notice: Notice, now: datetime) -> int | None:
    """The number of the reminder that a broken promise calls for now: at once, then every 15 minutes."""
    if notice.phase is not NoticePhase.LIVE or notice.promised_at is None or now < notice.promised_at:
        return None
    number = int((now - notice.promised_at) / _PROMISE_EVERY) + 1
    return number if number > notice.promise_reminders else None


def is_over_after(revision: NoticeRevision, revisions: Sequence[NoticeRevision]) -> bool:
    """Whether a notice ends once this text is out: it is a last one, and nothing waits behind it."""
    return revision.ends and not any(
        other.state in OPEN and other.number != revision.number for other in revisions
    )


def is_over_now(revisions: Sequence[NoticeRevision]) -> bool:
    """Whether the last word went out before and nothing waits behind it any more."""
    sent = [r for r in revisions if r.state is RevisionState.SENT and r.sent_at]
    last = max(sent, key=lambda r: r.sent_at or r.created_at, default=None)
    return last is not None and is_over_after(last, revisions)


def current(revisions: Sequence[NoticeRevision]) -> NoticeRevision | None:
    """The text that people work on: the newest open one of its own, else the newest that was sent."""
    own = [r for r in revisions if r.covered_by is None]
    for wanted in (EDITABLE, OPEN, frozenset({RevisionState.SENT})):
        found = [r for r in own if r.state in wanted]
        if found:
            return max(found, key=lambda revision: revision.number)
    return max(own, key=lambda revision: revision.number, default=None)
