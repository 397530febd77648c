"""What happens to notices by themselves: times, promises, clocks that race, clocks that were away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.app import House
from bot.core.notices import NoticePhase, RevisionState
from bot.errors import FieldsError, UserError
from bot.ledger import audit, dispatches, outbox
from bot.ledger.connection import borrowed
from bot.services import notice_export
from bot.services.notice_views import NoticeMessage
from bot.services.notice_writing import NoticeInput
from tests.ledger.support import at_once
from tests.support.notices import (
    OLGA,
    PEOPLE,
    approve,
    confirm,
    deliver,
    notice_house,
    outage,
    sent,
    states,
    texts_of,
    works,
)

ALL = ("reminder", "started", "completed")
HOUR = timedelta(hours=1)


@pytest.fixture
def house(ledger_url: str, tmp_path: Path) -> Iterator[House]:
    with notice_house(ledger_url, tmp_path, '[notices]\nreminders = ["5h", "1h"]') as opened:
        yield opened


def now_of(house: House, message: NoticeMessage) -> NoticeMessage:
    return house.notices.reading.message(message.notice.id)


def tick(house: House, at: datetime, clocks: int = 2) -> None:
    at_once(clocks, lambda _: house.notices.life.tick(at))


def out(house: House, message: NoticeMessage) -> list[int]:
    """Numbers of the texts that were handed over, and hand them out."""
    with borrowed(house.pool) as connection:
        going = [each.revision for each in dispatches.of_notice(connection, message.notice.id)]
    for text in texts_of(house, message):
        if text.state is RevisionState.SENDING:
            deliver(house, message.notice.id, text.number)
    return going


def actions(house: House) -> list[str]:
    with borrowed(house.pool) as connection:
        assert audit.verify(connection).whole
        return [event.action for event in reversed(audit.recent(connection, limit=500))]


def asks(house: House) -> list[tuple[str, str, str]]:
    with borrowed(house.pool) as connection:
        return [
            (row.topic, row.stage.split(":")[1], row.channel)
            for row in outbox.waiting(connection)
            if row.stage.startswith("ask:")
        ]


def later(message: NoticeMessage, stage: str, **values: str) -> NoticeInput:
    typed = {"service": "The web app"} | values
    return NoticeInput(message.notice.kind, stage, "fleetnest", typed, ("customers",), channel="C0OPS")


def test_follow_ups_are_read_together_with_the_first_and_go_out_at_their_times(house: House) -> None:
    start = datetime.now(UTC).replace(microsecond=0) + 10 * HOUR
    message = sent(house, works(start=start, follow_ups=ALL))
    assert [(text.stage, text.send_at) for text in texts_of(house, message)] == [
        ("scheduled", None),
        ("reminder", start - 5 * HOUR),
        ("reminder", start - 1 * HOUR),
        ("started", start),
        ("completed", start + 2 * HOUR),
    ]
    assert message.notice.window is not None
    assert house.notices.reading.window_covers("fleetnest", start + HOUR)
    assert house.alerts.held_back("fleetnest", "stale-backup", start + HOUR)  # customers were told
    assert not house.alerts.held_back("fleetnest", "stale-backup", start - HOUR)
    assert not house.notices.reading.window_covers("fleetnest", start - HOUR)
    assert not house.notices.reading.window_covers("cruzonic", start + HOUR)
    moments = [start - 6 * HOUR, start - 5 * HOUR, start - HOUR, start, start + HOUR, start + 2 * HOUR]
    seen = []
    for at in moments:
        tick(house, at)
        seen.append(out(house, message))
    assert seen == [[1], [1, 2], [1, 2, 3], [1, 2, 3, 4], [1, 2, 3, 4], [1, 2, 3, 4, 5]]
    assert now_of(house, message).notice.phase is NoticePhase.OVER
    assert not house.notices.reading.window_covers("fleetnest", start + HOUR)
    assert actions(house).count("notice.sending") == 5
    assert actions(house)[-1] == "notice.over"
    assert asks(house) == []


def test_a_clock_that_was_away_all_day_tells_what_is_still_true_once(house: House) -> None:
    start = datetime.now(UTC).replace(microsecond=0) + 10 * HOUR
    message = sent(house, works(start=start, follow_ups=ALL))
    tick(house, start + 5 * HOUR, clocks=4)
    assert out(house, message) == [1, 5]
    assert [state for _, state in states(house, message)] == [
        RevisionState.SENT,
        RevisionState.SKIPPED,
        RevisionState.SKIPPED,
        RevisionState.SKIPPED,
        RevisionState.SENT,
    ]
    assert now_of(house, message).notice.phase is NoticePhase.OVER


def test_a_text_for_later_waits_for_its_time_and_one_clock_begins_it(house: House) -> None:
    at = datetime.now(UTC) + HOUR
    message = confirm(
        house, approve(house, house.notices.writing.draft(OLGA, works(send_at=at.isoformat()), "k"))
    )
    assert (message.waits_for, message.notice.phase) == ("time", NoticePhase.DRAFT)
    tick(house, at - HOUR / 2)
    assert out(house, message) == []
    tick(house, at + timedelta(minutes=1), clocks=6)
    assert out(house, message) == [1]
    assert actions(house).count("notice.sending") == 1
    assert now_of(house, message).notice.phase is NoticePhase.LIVE


def test_what_nobody_prepared_is_asked_for_once_of_its_owner(house: House) -> None:
    start = datetime.now(UTC) + 10 * HOUR
    message = sent(house, works(start=start))
    tick(house, start - HOUR)
    assert asks(house) == []
    tick(house, start + HOUR)
    tick(house, start + HOUR)
    assert asks(house) == [("notice", "started", "C0OPS"), ("notice-ask", "started", "U0OLGA")]
    tick(house, start + 3 * HOUR)
    assert [ask[1] for ask in asks(house)] == ["started", "started", "completed", "completed"]
    typed = later(message, "completed", finished=datetime.now(UTC).isoformat())
    done = confirm(
        house, approve(house, house.notices.writing.follow_up(OLGA, message.notice.id, typed, "f1"))
    )
    deliver(house, message.notice.id, done.current.number)
    assert now_of(house, message).notice.phase is NoticePhase.OVER


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


def test_a_promise_that_passes_is_spoken_of_until_the_next_word(house: House) -> None:
    message = sent(house, outage(minutes=30))
    promised = message.notice.promised_at
    assert promised is not None
    tick(house, promised - timedelta(minutes=1))
    assert asks(house) == []
    tick(house, promised + timedelta(minutes=1), clocks=4)
    assert asks(house) == [("notice", "promise", "C0OPS"), ("notice-ask", "promise", "U0OLGA")]
    tick(house, promised + timedelta(minutes=16))
    assert len(asks(house)) == 4
    now = datetime.now(UTC)
    typed = later(
        message, "resolved", since=(now - HOUR).isoformat(), until=now.isoformat(), summary="A full disk."
    )
    confirm(house, approve(house, house.notices.writing.follow_up(OLGA, message.notice.id, typed, "f1")))
    out(house, message)
    tick(house, promised + 5 * HOUR)
    assert len(asks(house)) == 4
    assert now_of(house, message).notice.phase is NoticePhase.OVER


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


def test_an_audience_that_cannot_be_read_at_its_time_is_told_once_and_tried_again(
    house: House, tmp_path: Path
) -> None:
    start = datetime.now(UTC) + 10 * HOUR
    message = sent(house, works(start=start, follow_ups=("started",)))
    file = tmp_path / "customers.csv"
    kept = file.read_text()
    file.unlink()
    tick(house, start)
    tick(house, start + timedelta(minutes=1))
    assert [ask[1] for ask in asks(house)] == ["trouble", "trouble"]
    assert out(house, message) == [1]
    file.write_text(kept)
    tick(house, start + timedelta(minutes=2))
    assert out(house, message) == [1, 2]


def test_a_delivery_whose_end_was_not_heard_is_closed_by_the_clock(house: House) -> None:
    message = confirm(house, approve(house, house.notices.writing.draft(OLGA, works(), "k1")))
    with borrowed(house.pool) as connection:  # a worker that died between the two
        connection.execute(
            "update delivery set state = 'sent', begun_at = now(), finished_at = now(), reference = 'r'"
        )
        connection.execute("update dispatch set finished_at = now()")
    tick(house, datetime.now(UTC), clocks=4)
    assert states(house, message) == [("scheduled", RevisionState.SENT)]
    assert actions(house).count("notice.sent") == 1


def test_everything_about_a_notice_as_markdown_holds_no_address_and_no_markup_of_others(house: House) -> None:
    message = sent(house, works(service="The *web* app ``` <!channel> | x"))
    written = notice_export.markdown(house.notices.reading.show(OLGA, message.notice.id))
    assert "## 1. Planned maintenance: sent" in written
    assert message.current.content_hash in written
    assert "approve by U0APRIL" in written
    assert "| mail | 0 | 0 | 3 |" in written
    assert not any(person in written for person in PEOPLE)
    assert "````text" in written
    words = notice_export.texts(texts_of(house, message), "America/Chicago")
    assert message.current.text.html in words


def test_an_audience_that_nobody_is_in_any_more_is_told_of_and_not_forgotten(
    house: House, tmp_path: Path
) -> None:
    later_today = (datetime.now(UTC) + 2 * HOUR).isoformat()
    written = house.notices.writing.draft(OLGA, works(send_at=later_today), "k1")
    message = confirm(house, approve(house, written))
    file = tmp_path / "customers.csv"
    kept = file.read_text()
    file.write_text("email\n")
    tick(house, datetime.now(UTC) + 3 * HOUR)
    assert [ask[1] for ask in asks(house)] == ["trouble", "trouble"]
    assert states(house, message) == [("scheduled", RevisionState.SCHEDULED)]
    file.write_text(kept)
    tick(house, datetime.now(UTC) + 3 * HOUR)
    assert out(house, message) == [1]


def test_stopping_a_text_takes_back_what_was_to_follow_it(house: House) -> None:
    written = house.notices.writing.draft(OLGA, works(follow_ups=ALL), "k1")
    message = confirm(house, approve(house, written))
    assert house.notices.writing.withdraw(OLGA, message.notice.id, 1).said == "stopped"
    tick(house, datetime.now(UTC))
    assert states(house, message)[0] == ("scheduled", RevisionState.SENT)
    assert {state for _, state in states(house, message)[1:]} == {RevisionState.WITHDRAWN}


def test_who_wants_no_more_mail_gets_no_follow_up_either(house: House, tmp_path: Path) -> None:
    audiences = house.configuration.audiences
    never = tmp_path / "never.txt"
    never.write_text("")
    changed = audiences["customers"].model_copy(update={"suppressed": never})
    house.notices.sending.audience.recipients.__dict__["audiences"] = {"customers": changed}
    message = sent(house, outage())
    never.write_text(f"{PEOPLE[0].upper()}\n")
    reached = house.notices.sending.audience.gather(("customers",), message.notice.id)
    assert set(reached.recipients["mail"]) == set(PEOPLE[1:])


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


def test_a_draft_is_not_posted_where_customers_read(ledger_url: str, tmp_path: Path) -> None:
    chat = '[channels.chat]\ntype = "slack"\nchannels = ["C0CUSTOMERS"]'
    with notice_house(ledger_url, tmp_path, chat) as told_there:
        written = told_there.notices.writing
        asked_there = written.draft(OLGA, replace(works(), channel="C0CUSTOMERS"), "k1")
        assert asked_there.notice.channel == "C0OPS"
        elsewhere = written.draft(OLGA, replace(works(), channel="C0TEAM"), "k2")
        assert elsewhere.notice.channel == "C0TEAM"
