"""Whether a text may still go out, as tables: too late, taken back, or to another audience."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.notice_truth import has_drifted, superseded_by, too_late, what_to_do_when_late
from bot.core.notices import NoticePhase, NoticeRevision, RevisionState, Window
from tests.core.test_notices import NOTICE, NOW, WINDOW, text

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("stage", "status", "at", "said"),
    [
        ("scheduled", "scheduled", WINDOW.start - HOUR, None),
        ("scheduled", "scheduled", WINDOW.start, "The window that it announces has begun"),
        ("reminder", "scheduled", WINDOW.start + HOUR, "The window that it announces has begun"),
        ("scheduled", "scheduled", WINDOW.end, "The window that it speaks of is over"),
        ("started", "in_progress", WINDOW.start + HOUR, None),
        ("extended", "in_progress", WINDOW.end, "The window that it speaks of is over"),
        ("cancelled", "completed", WINDOW.end + HOUR, None),
    ],
)
def test_a_text_is_too_late_once_it_says_something_false(
    stage: str, status: str, at: datetime, said: str | None
) -> None:
    revision = replace(text(1, stage), status=status)
    assert too_late(revision, at) == said
    assert too_late(replace(revision, window=None), at) is None


def test_what_can_be_told_instead_depends_on_what_was_told() -> None:
    draft = text(1, state=RevisionState.APPROVED)
    assert "/notice update" in what_to_do_when_late(NOTICE, draft)
    untold = what_to_do_when_late(replace(NOTICE, phase=NoticePhase.DRAFT), draft)
    assert "/notice update" not in untold
    assert f"/notice edit {NOTICE.id}" in untold
    assert "edit" not in what_to_do_when_late(NOTICE, replace(draft, state=RevisionState.SCHEDULED))


@pytest.mark.parametrize(
    ("approved", "now", "share", "asks"),
    [
        (1240, 1900, 0.1, True),
        (1240, 1364, 0.1, False),
        (1240, 1365, 0.1, True),
        (1240, 1000, 0.1, True),
        (3, 13, 0.1, False),  # ten more or less are nobody's surprise
        (3, 14, 0.1, True),
        (1000, 1500, 0.5, False),
        (1000, 1011, 0.0, True),
    ],
)
def test_a_grown_or_shrunk_audience_is_asked_about(approved: int, now: int, share: float, asks: bool) -> None:
    assert has_drifted(approved, now, share) is asks


def out(number: int, stage: str, status: str, covered_by: int | None = None) -> NoticeRevision:
    at = datetime(2026, 3, 1, number, tzinfo=UTC)
    return replace(text(number, stage, covered_by=covered_by), status=status, sending_at=at, sent_at=at)


def test_a_later_text_takes_an_earlier_one_back_and_a_reminder_of_it_does_not() -> None:
    first = out(1, "scheduled", "scheduled")
    reminder = out(2, "reminder", "scheduled", covered_by=1)
    moved = replace(out(3, "rescheduled", "scheduled"), window=Window(NOW + 200 * HOUR, NOW + 201 * HOUR))
    waiting = replace(out(4, "started", "in_progress", covered_by=1), state=RevisionState.SCHEDULED)
    assert superseded_by(first, [first, reminder, waiting]) is None
    assert superseded_by(first, [first, reminder, moved]) == moved
    assert superseded_by(moved, [first, reminder, moved]) is None
    begun = replace(waiting, state=RevisionState.SENT)
    assert superseded_by(first, [first, begun]) == begun
    update, again = out(1, "monitoring", "monitoring"), out(2, "monitoring", "monitoring")
    assert superseded_by(update, [update, again]) == again
