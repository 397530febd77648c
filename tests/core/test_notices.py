"""A notice's life as tables and properties; no clock, no ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.notice_due import due
from bot.core.notices import (
    COMPLETED,
    EDITABLE,
    MOVES,
    OPEN,
    REMINDER,
    STARTED,
    Notice,
    NoticePhase,
    NoticeRevision,
    NoticeText,
    RevisionState,
    Window,
    bundle_hash,
    current,
    follow_up_times,
    is_over_after,
    promise_due,
    to_ask_for,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
WINDOW = Window(NOW + 100 * HOUR, NOW + 102 * HOUR)
NOTICE = Notice(
    id="a1b2c3d4",
    kind="maintenance",
    product="fleetnest",
    databases=("fleetnest",),
    audiences=("customers",),
    team="T1",
    channel="C0OPS",
    owner="UANN",
    source="slack",
    phase=NoticePhase.LIVE,
    created_at=NOW,
    window=WINDOW,
)
TEXT = NoticeText("s", "t", "h", "m")


def text(
    number: int,
    stage: str = "scheduled",
    state: RevisionState = RevisionState.SENT,
    send_at: datetime | None = None,
    covered_by: int | None = 1,
) -> NoticeRevision:
    return NoticeRevision(
        notice_id=NOTICE.id,
        number=number,
        stage=stage,
        title=stage,
        severity="info",
        status="scheduled",
        state=state,
        variables={},
        text=TEXT,
        audiences=("customers",),
        content_hash="a" * 64,
        bundle_hash="b" * 64,
        recipients=3,
        author="UANN",
        created_at=NOW,
        send_at=send_at,
        covered_by=covered_by,
        window=WINDOW,
        ends=stage in ("completed", "cancelled"),
    )


def waiting(number: int, stage: str, send_at: datetime) -> NoticeRevision:
    return text(number, stage, RevisionState.SCHEDULED, send_at)


def test_reminders_come_before_the_window_and_the_rest_at_its_ends() -> None:
    found = follow_up_times([REMINDER, STARTED, COMPLETED], WINDOW, [3600, 72 * 3600, 24 * 3600], NOW)
    assert [(stage, (at - NOW) / HOUR) for stage, at in found] == [
        (REMINDER, 28),
        (REMINDER, 76),
        (REMINDER, 99),
        (STARTED, 100),
        (COMPLETED, 102),
    ]


def test_a_reminder_whose_time_has_passed_is_left_out_and_so_is_what_nobody_wants() -> None:
    found = follow_up_times([REMINDER], WINDOW, [3600, 72 * 3600, 200 * 3600], NOW + 50 * HOUR)
    assert [(stage, (at - NOW) / HOUR) for stage, at in found] == [(REMINDER, 99)]


@given(st.lists(st.integers(0, 10**6), max_size=6), st.integers(0, 200))
def test_follow_ups_never_lie_in_the_past_nor_out_of_order(before: list[int], hours: int) -> None:
    now = NOW + hours * HOUR
    found = follow_up_times([REMINDER, STARTED, COMPLETED], WINDOW, before, now)
    assert all(at > now for _, at in found)
    assert [at for _, at in found] == sorted(at for _, at in found)
    assert len(found) == len(set(found))


@pytest.mark.parametrize(
    ("stage", "planned", "late", "goes"),
    [
        (REMINDER, 99, 0, True),
        (REMINDER, 99, 0.9, True),
        (REMINDER, 99, 1, False),  # the window has begun: "begins in an hour" would be false
        (STARTED, 100, 1.9, True),
        (STARTED, 100, 2, False),
        (COMPLETED, 102, 50, True),  # that it is over stays true
    ],
)
def test_what_comes_late_goes_as_long_as_it_is_true(
    stage: str, planned: float, late: float, goes: bool
) -> None:
    revision = waiting(2, stage, NOW + planned * HOUR)
    found = due(NOTICE, [revision], NOW + (planned + late) * HOUR)
    assert bool(found.send) is goes
    assert bool(found.skip) is not goes


def test_after_an_outage_one_reminder_goes_and_not_three() -> None:
    revisions = [waiting(number, REMINDER, NOW + number * HOUR) for number in (2, 3, 4)]
    found = due(NOTICE, revisions, NOW + 5 * HOUR)
    assert [r.number for r in found.send] == [4]
    assert [r.number for r, _ in found.skip] == [2, 3]


def test_what_is_not_due_is_left_alone() -> None:
    assert due(NOTICE, [waiting(2, STARTED, NOW + HOUR)], NOW).send == ()
    assert due(NOTICE, [text(2, STARTED, RevisionState.APPROVED, NOW)], NOW + HOUR).send == ()


@pytest.mark.parametrize(("stage", "hours", "goes"), [
    ("scheduled", 91, True),
    ("scheduled", 99.99, True),
    ("scheduled", 100, False),  # as soon as the window has begun
    ("cancelled", 101, True),  # a last word is true whenever it comes
])  # fmt: skip
def test_an_announcement_does_not_come_once_its_window_has_begun(
    stage: str, hours: float, goes: bool
) -> None:
    first = text(1, stage, RevisionState.SCHEDULED, NOW + 90 * HOUR, None)
    draft = replace(NOTICE, phase=NoticePhase.DRAFT, window=None)
    found = due(draft, [first], NOW + hours * HOUR)
    assert (bool(found.send), [why for _, why in found.skip]) == (
        goes,
        [] if goes else ["The window that it announces has begun"],
    )


def test_follow_ups_of_a_matter_that_is_over_are_skipped() -> None:
    over = replace(NOTICE, phase=NoticePhase.OVER)
    assert due(over, [waiting(2, STARTED, NOW)], NOW + HOUR).skip


@pytest.mark.parametrize(
    ("hours", "there", "asked", "wanted"),
    [
        (99, [], [], ()),
        (100, [], [], (STARTED,)),
        (100, [], [STARTED], ()),
        (100, [waiting(2, STARTED, NOW)], [], ()),
        (100, [text(2, STARTED)], [], ()),
        (101, [text(2, STARTED, RevisionState.WITHDRAWN)], [], (STARTED,)),
        (102, [text(2, STARTED)], [], (COMPLETED,)),
        (103, [], [], (COMPLETED,)),  # nobody asks for "started" after the end
        (103, [text(3, COMPLETED)], [], ()),
    ],
)
def test_what_nobody_prepared_is_asked_for_once(
    hours: int, there: list[NoticeRevision], asked: list[str], wanted: tuple[str, ...]
) -> None:
    notice = replace(NOTICE, asked=frozenset(asked))
    assert to_ask_for(notice, there, NOW + hours * HOUR) == wanted


@pytest.mark.parametrize(
    ("minutes", "sent", "number"),
    [(-1, 0, None), (0, 0, 1), (14, 1, None), (15, 1, 2), (100, 1, 7), (100, 7, None)],
)
def test_a_promise_that_passes_is_spoken_of_at_once_and_again(
    minutes: int, sent: int, number: int | None
) -> None:
    notice = replace(NOTICE, promised_at=NOW, promise_reminders=sent)
    assert promise_due(notice, NOW + timedelta(minutes=minutes)) == number


def test_no_promise_is_broken_once_it_is_over() -> None:
    assert promise_due(replace(NOTICE, promised_at=NOW, phase=NoticePhase.OVER), NOW + HOUR) is None
    assert promise_due(NOTICE, NOW + HOUR) is None


def test_a_window_ends_before_its_end() -> None:
    assert not WINDOW.covers(WINDOW.start - timedelta(microseconds=1))
    assert WINDOW.covers(WINDOW.start)
    assert not WINDOW.covers(WINDOW.end)


def test_the_last_text_ends_the_matter_unless_another_waits() -> None:
    last = text(5, COMPLETED)
    assert is_over_after(last, [text(1), last])
    assert not is_over_after(last, [waiting(4, "extended", NOW), last])
    assert not is_over_after(text(4, STARTED), [])


def test_what_people_work_on_comes_first() -> None:
    sent = text(1, covered_by=None)
    draft = text(4, "extended", RevisionState.DRAFT, covered_by=None)
    assert current([sent, waiting(2, STARTED, NOW)]) == sent
    assert current([sent, waiting(2, STARTED, NOW), draft]) == draft
    assert current([]) is None


def test_nothing_that_is_out_or_over_can_be_edited_and_every_end_is_one() -> None:
    ends = {state for state, moves in MOVES.items() if not moves}
    assert ends == {state for state in RevisionState if state not in OPEN}
    for state in EDITABLE:
        assert {RevisionState.REPLACED, RevisionState.WITHDRAWN} <= MOVES[state]
    assert MOVES[RevisionState.SENDING] == {RevisionState.SENT}


@given(st.lists(st.text("ab", min_size=64, max_size=64), min_size=1, max_size=4), st.integers(0, 3))
def test_a_bundle_is_all_of_its_texts_in_their_order(hashes: list[str], at: int) -> None:
    whole = bundle_hash(hashes)
    changed = list(hashes)
    changed[at % len(hashes)] = "c" * 64
    assert bundle_hash(changed) != whole
    assert bundle_hash([*hashes, "c" * 64]) != whole
    if hashes != hashes[::-1]:
        assert bundle_hash(hashes[::-1]) != whole
