"""Which texts that were approved for their time go out now, and which are not true any more by then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.core.notice_truth import too_late
from bot.core.notices import REMINDER, STARTED, Notice, NoticePhase, NoticeRevision, RevisionState


@dataclass(frozen=True)
class Due:
    """What a tick has to do with texts that were approved for their time."""

    send: tuple[NoticeRevision, ...] = ()
    skip: tuple[tuple[NoticeRevision, str], ...] = field(default_factory=tuple)  # with the reason


def due(notice: Notice, revisions: Sequence[NoticeRevision], now: datetime) -> Due:
    """Which scheduled texts go out now, and which are not true any more and are skipped.

    Of several reminders that are due at once (a clock that was down) the last one goes.
    """
    waiting = [r for r in revisions if r.state is RevisionState.SCHEDULED and r.send_at and r.send_at <= now]
    waiting.sort(key=lambda revision: (revision.send_at, revision.number))
    last_reminder = next((r for r in reversed(waiting) if r.stage == REMINDER), None)
    send: list[NoticeRevision] = []
    skip: list[tuple[NoticeRevision, str]] = []
    for revision in waiting:
        why = _untrue(notice, revision, now)
        if revision.stage == REMINDER and revision is not last_reminder:
            why = "a later reminder was due as well"
        if why:
            skip.append((revision, why))
        else:
            send.append(revision)
    return Due(tuple(send), tuple(skip))


def _untrue(notice: Notice, revision: NoticeRevision, now: datetime) -> str | None:
    """Why a text that is late says something false by now; None where it does not."""
    if revision.covered_by is None:
        return too_late(revision, now)
    if notice.phase is not NoticePhase.LIVE:
        return "the matter is over"
    if revision.stage == REMINDER and notice.window and now >= notice.window.start:
        return "the window had begun"
    if revision.stage == STARTED and notice.window and now >= notice.window.end:
        return "the window was over"
    return None
