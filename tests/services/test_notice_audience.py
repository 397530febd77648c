"""Whom a notice reaches at its time: who left, who wants no more, who was told before, and nobody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.app import House
from bot.core.notices import RevisionState
from bot.errors import UserError
from bot.services.notice_views import NoticeAsk, NoticeMessage
from tests.support.notices import (
    HOUR,
    OLGA,
    PEOPLE,
    actions,
    approve,
    asks,
    confirm,
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


def people(folder: Path, number: int) -> None:
    names = "".join(f"customer{each}@example.com\n" for each in range(number))
    (folder / "customers.csv").write_text(f"email\n{names}", encoding="utf-8")


def due_text(house: House, folder: Path, number: int = 100) -> tuple[NoticeMessage, datetime]:
    """A text that was confirmed for so many and is sent in an hour, and the moment when it is due."""
    people(folder, number)
    at = datetime.now(UTC) + HOUR
    written = house.notices.writing.draft(OLGA, works(send_at=at.isoformat()), "k1")
    return confirm(house, approve(house, written), number), at + timedelta(minutes=1)


def test_an_audience_that_has_grown_is_asked_about_once_and_goes_out_on_a_yes(
    house: House, tmp_path: Path
) -> None:
    message, at = due_text(house, tmp_path)
    people(tmp_path, 150)
    tick(house, at, clocks=3)
    people(tmp_path, 155)  # a few more meanwhile: not asked about again
    tick(house, at)
    people(tmp_path, 150)
    assert asks(house) == [("notice", "recount", "C0OPS"), ("notice-ask", "recount", "U0OLGA")]
    held = now_of(house, message)
    assert (held.current.state, held.current.held_recipients) == (RevisionState.SCHEDULED, 150)
    assert out(house, message) == []
    with pytest.raises(UserError, match="150 recipients now, not 100"):
        confirm(house, held, 100)
    assert confirm(house, held, 150).current.state is RevisionState.SENDING
    assert out(house, message) == [1]
    assert texts_of(house, message)[0].confirmed_recipients == 150
    assert actions(house).count("notice.held") == 1


def test_a_yes_to_a_number_that_has_changed_again_is_asked_for_anew(house: House, tmp_path: Path) -> None:
    message, at = due_text(house, tmp_path)
    people(tmp_path, 10)
    tick(house, at)
    people(tmp_path, 200)
    with pytest.raises(UserError, match="200 recipients now, not 10"):
        confirm(house, message, 10)
    assert now_of(house, message).current.held_recipients == 200
    assert [ask[1] for ask in asks(house)] == ["recount"] * 4
    people(tmp_path, 101)
    tick(house, at)
    assert out(house, message) == [1], "the number that was approved is there again"


def test_a_few_more_or_less_go_out_unasked(house: House, tmp_path: Path) -> None:
    message, at = due_text(house, tmp_path)
    people(tmp_path, 110)
    tick(house, at)
    assert (asks(house), out(house, message)) == ([], [1])


def test_a_follow_up_is_held_too_and_one_that_nobody_answered_is_left_out(
    house: House, tmp_path: Path
) -> None:
    start = datetime.now(UTC).replace(microsecond=0) + 10 * HOUR
    message = sent(house, works(start=start, follow_ups=("reminder", "completed")))
    people(tmp_path, 40)
    tick(house, start - HOUR)
    shown = house.notices.reading.showing(message.notice.id, "ask:recount:3:9")
    assert shown is not None
    assert isinstance(shown.view, NoticeAsk)
    assert shown.view.text is not None
    assert (shown.view.text.confirmed_recipients, shown.view.text.held_recipients) == (3, 43)
    tick(house, start + HOUR)
    assert states(house, message)[1:3] == [("reminder", RevisionState.SKIPPED)] * 2
    assert house.notices.reading.showing(message.notice.id, "ask:recount:3:9") is None
    tick(house, start + 3 * HOUR)
    done = house.notices.sending.confirm_send(OLGA, message.notice.id, 4, 43)
    assert done.sent[0].stage == "completed"


def test_a_last_yes_to_nobody_sends_nothing(house: House, tmp_path: Path) -> None:
    message = approve(house, house.notices.writing.draft(OLGA, works(), "k1"))
    (tmp_path / "customers.csv").write_text("email\n")
    for number in (3, 0):
        with pytest.raises(UserError, match="the audience is empty"):
            confirm(house, message, number)
    assert now_of(house, message).current.state is RevisionState.APPROVED
    assert now_of(house, message).current.recipients == 0
