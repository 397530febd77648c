"""Whether a notice's text may still go out: it must be true, and reach those whom people said yes to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.core.notices import EDITABLE, Notice, NoticePhase, NoticeRevision, RevisionState

_AHEAD = "scheduled"  # the status of a text that speaks of a window to come
_FEW = 10
_OUT = frozenset({RevisionState.SENDING, RevisionState.SENT})


def too_late(revision: NoticeRevision, now: datetime) -> str | None:
    """Why a text would say something false about its window by now, as a sentence; None where it would not.

    A last word (completed, cancelled) is true whenever it comes.
    """
    window = revision.window
    if window is None or revision.ends:
        return None
    if now >= window.end:
        return "The window that it speaks of is over"
    if revision.status == _AHEAD and now >= window.start:
        return "The window that it announces has begun"
    return None


def what_to_do_when_late(notice: Notice, revision: NoticeRevision) -> str:
    """The step after too_late(): what was told already decides what can be told next."""
    if revision.state not in EDITABLE:
        return f"Tell customers what is true now: `/notice update {notice.id}`."
    edit = f"Edit its times (`/notice edit {notice.id}`) and have it approved again"
    if notice.phase is NoticePhase.LIVE:
        return f"{edit}; or withdraw it and tell customers that work has begun: `/notice update {notice.id}`."
    return f"{edit}, or withdraw it: nobody has been told anything of it."


def has_drifted(approved: int, now: int, share: float) -> bool:
    """Whether an audience is so much larger or smaller than approved that people are asked again.

    `share`: of the approved number; a change of ten or less never counts.
    """
    return abs(now - approved) > max(_FEW, approved * share)


def superseded_by(revision: NoticeRevision, revisions: Sequence[NoticeRevision]) -> NoticeRevision | None:
    """The newest text that went out after this one and says something else; None where this still holds.

    What was approved together with it and speaks of the same window to come (a reminder) takes nothing back.
    """
    later = [one for one in revisions if _went_out_after(one, revision) and not _same_words(one, revision)]
    return max(later, key=lambda one: (one.sending_at or one.created_at, one.number), default=None)


def _went_out_after(one: NoticeRevision, other: NoticeRevision) -> bool:
    return one.state in _OUT and (one.sending_at or one.created_at, one.number) > (
        other.sending_at or other.created_at,
        other.number,
    )


def _same_words(one: NoticeRevision, other: NoticeRevision) -> bool:
    return one.covered_by == other.number and one.status == other.status and one.window == other.window
