"""The next word on a matter: what it takes out, whom it tells, and when the matter ends with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.app import House
from bot.core.notices import NoticePhase, RevisionState
from bot.errors import FieldsError, UserError
from bot.ledger.connection import borrowed
from tests.ledger.support import at_once
from tests.support.notices import (
    ALL,
    HOUR,
    OLGA,
    PEOPLE,
    approve,
    asks,
    confirm,
    later,
    notice_house,
    now_of,
    out,
    outage,
    sent,
    states,
    texts_of,
    tick,
    works,
)


@pytest.fixture
def house(migrated_url: str, tmp_path: Path) -> Iterator[House]:
    with notice_house(migrated_url, tmp_path, '[notices]\nreminders = ["5h", "1h"]') as opened:
        yield opened


def test_rescheduling_tells_those_who_were_told_and_takes_out_what_is_not_true_any_more(
    house: House, tmp_path: Path
) -> None:
    start = datetime.now(UTC).replace(microsecond=0) + 10 * HOUR
    message = sent(house, works(start=start, follow_ups=ALL))
    # Eve has left the audience meanwhile, and somebody new has come.
    (tmp_path / "customers.csv").write_text(f"email\n{PEOPLE[0]}\n{PEOPLE[1]}\nnew@example.com\n")
    moved = start + 24 * HOUR
    typed = later(
        message,
        "rescheduled",
        old_start=start.isoformat(),
        start=moved.isoformat(),
        end=(moved + HOUR).isoformat(),
        reason="A part is late.",
    )
    typed = replace(typed, follow_ups=("started",))
    next_word = approve(house, house.notices.writing.follow_up(OLGA, message.notice.id, typed, "f1"))
    assert next_word.current.recipients == 4
    assert confirm(house, next_word, 4).waits_for == "delivery"
    with borrowed(house.pool) as connection:
        row = connection.execute(
            "select array_agg(recipient order by recipient) as r from delivery join dispatch d"
            " on d.id = dispatch_id where revision = %s",
            [next_word.current.number],
        ).fetchone()
    assert row == {"r": sorted([*PEOPLE, "new@example.com"])}
    out(house, message)
    assert [(text.stage, text.state.value) for text in texts_of(house, message)] == [
        ("scheduled", "sent"),
        ("reminder", "replaced"),
        ("reminder", "replaced"),
        ("started", "replaced"),
        ("completed", "replaced"),
        ("rescheduled", "sent"),
        ("started", "scheduled"),
    ]
    assert not house.notices.reading.window_covers("fleetnest", start + HOUR)
    assert house.notices.reading.window_covers("fleetnest", moved)
    tick(house, start + HOUR)
    assert out(house, message) == [1, 6]


def test_works_that_take_longer_move_the_end_and_with_it_what_comes_then(house: House) -> None:
    start = datetime.now(UTC).replace(microsecond=0) + 10 * HOUR
    message = sent(house, works(start=start, follow_ups=("started", "completed")))
    tick(house, start)
    out(house, message)
    typed = later(message, "extended", end=(start + 4 * HOUR).isoformat(), reason="One table is large.")
    typed = replace(typed, follow_ups=("completed",))
    longer = confirm(
        house, approve(house, house.notices.writing.follow_up(OLGA, message.notice.id, typed, "f1"))
    )
    out(house, message)
    window = now_of(house, message).notice.window
    assert window is not None
    assert (window.start, window.end) == (start, start + 4 * HOUR)
    tick(house, start + 3 * HOUR)
    assert states(house, longer)[-1] == ("completed", RevisionState.SCHEDULED)
    tick(house, start + 4 * HOUR)
    out(house, message)
    assert now_of(house, message).notice.phase is NoticePhase.OVER


def test_cancelling_ends_it_and_nothing_that_waited_goes_out(house: House) -> None:
    start = datetime.now(UTC).replace(microsecond=0) + 10 * HOUR
    message = sent(house, works(start=start, follow_ups=ALL))
    typed = later(
        message,
        "cancelled",
        start=start.isoformat(),
        end=(start + 2 * HOUR).isoformat(),
        reason="It is not needed.",
    )
    confirm(house, approve(house, house.notices.writing.follow_up(OLGA, message.notice.id, typed, "f1")))
    out(house, message)
    assert now_of(house, message).notice.phase is NoticePhase.OVER
    tick(house, start + 3 * HOUR)
    assert out(house, message) == [1, 6]
    with pytest.raises(UserError):
        house.notices.writing.follow_up(OLGA, message.notice.id, later(message, "started"), "f2")


def test_a_follow_up_can_be_held_back_alone_and_is_then_asked_for(house: House) -> None:
    start = datetime.now(UTC).replace(microsecond=0) + 10 * HOUR
    message = sent(house, works(start=start, follow_ups=("started", "completed")))
    house.notices.writing.withdraw(OLGA, message.notice.id, 3)  # it takes longer, and nobody knows how long
    assert [text.state.value for text in texts_of(house, message)] == ["sent", "scheduled", "withdrawn"]
    tick(house, start)
    tick(house, start + 3 * HOUR)
    assert out(house, message) == [1, 2]
    assert [ask[1] for ask in asks(house)] == ["completed", "completed"]
    assert now_of(house, message).notice.phase is NoticePhase.LIVE


def test_one_text_is_worked_on_at_a_time(house: House) -> None:
    message = sent(house, outage())
    now = datetime.now(UTC)
    typed = later(message, "monitoring", fix="A larger disk.", next_update=(now + HOUR).isoformat())
    made = at_once(
        3,
        lambda number: _tried(
            lambda: house.notices.writing.follow_up(OLGA, message.notice.id, typed, f"f{number}")
        ),
    )
    assert made.count(True) == 1
    with pytest.raises(UserError):
        house.notices.writing.follow_up(OLGA, message.notice.id, replace(typed, stage="investigating"), "f9")


def _tried(action: object) -> bool:
    try:
        action()  # type: ignore[operator] # a lambda of this file
    except UserError:
        return False
    return True


def test_follow_ups_that_cannot_be_prepared_say_so(house: House) -> None:
    with pytest.raises(FieldsError) as caught:
        house.notices.writing.draft(OLGA, replace(outage(), follow_ups=("started",)), "k1")
    assert set(caught.value.fields) == {"follow_ups"}


def test_stopping_a_text_takes_back_what_was_to_follow_it(house: House) -> None:
    written = house.notices.writing.draft(OLGA, works(follow_ups=ALL), "k1")
    message = confirm(house, approve(house, written))
    assert house.notices.writing.withdraw(OLGA, message.notice.id, 1).said == "stopped"
    tick(house, datetime.now(UTC))
    assert states(house, message)[0] == ("scheduled", RevisionState.SENT)
    assert {state for _, state in states(house, message)[1:]} == {RevisionState.WITHDRAWN}


def test_a_matter_whose_last_word_is_out_ends_with_the_draft_that_kept_it_open(house: House) -> None:
    message = sent(house, works(follow_ups=("completed",), start=datetime.now(UTC) + HOUR))
    typed = later(message, "started", end=(datetime.now(UTC) + 3 * HOUR).isoformat())
    house.notices.writing.follow_up(OLGA, message.notice.id, typed, "f1")
    tick(house, datetime.now(UTC) + 4 * HOUR)
    out(house, message)
    assert now_of(house, message).notice.phase is NoticePhase.LIVE  # somebody writes on still
    draft = now_of(house, message).current
    house.notices.writing.withdraw(OLGA, message.notice.id, draft.number)
    assert now_of(house, message).notice.phase is NoticePhase.OVER
