"""Which form a notice begins with, and with which values it starts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.app import House
from bot.errors import NotFoundError, UserError
from bot.ledger.connection import borrowed
from bot.services.notice_forms import NoticeForm, NoticeForms, NoticeStart
from tests.support.notices import OLGA, notice_house, outage, sent, works


@pytest.fixture
def house(migrated_url: str, tmp_path: Path) -> Iterator[House]:
    with notice_house(migrated_url, tmp_path) as built:
        yield built


def forms_of(house: House) -> NoticeForms:
    return NoticeForms(house.pool, house.configuration, house.notice_texts)


def test_a_new_notice_starts_with_what_the_last_one_said_but_its_times(house: House) -> None:
    first = forms_of(house).begin("maintenance", None)
    assert isinstance(first, NoticeForm)
    assert (first.values, first.chosen, first.followed) == ({}, ("customers",), ())
    house.notices.writing.draft(OLGA, works(follow_ups=("reminder", "completed")), "k1")
    again = forms_of(house).begin("maintenance", "fleetnest")
    assert isinstance(again, NoticeForm)
    assert set(again.values) == {"service", "interruption"}
    assert again.values["service"] == "The web app"
    assert again.followed == ("reminder", "completed")
    assert again.notice_id == ""


def test_an_edit_starts_with_everything(house: House) -> None:
    made = house.notices.writing.draft(OLGA, works(), "k1")
    form = forms_of(house).edit(made.notice, 1)
    assert form.values == made.current.variables
    assert (form.notice_id, form.number) == (made.notice.id, 1)
    with pytest.raises(NotFoundError):
        forms_of(house).edit(made.notice, 7)


def test_a_text_that_is_out_is_refused_before_anybody_fills_in_its_form(house: House) -> None:
    message = sent(house, works())
    with pytest.raises(UserError, match="This text is sent by now, so it cannot be edited"):
        forms_of(house).edit(message.notice, 1)


def test_the_next_word_asks_which_and_keeps_what_is_known(house: House) -> None:
    message = sent(house, works())
    start = forms_of(house).update(message.notice)
    assert isinstance(start, NoticeStart)
    assert "scheduled" not in [one.name for one in start.stages]
    form = forms_of(house).update(message.notice, "rescheduled")
    assert isinstance(form, NoticeForm)
    assert form.values["service"] == "The web app"
    assert "data_checked" not in form.values


def test_an_unknown_product_or_stage_is_said(house: House) -> None:
    for kind, stage, product in (
        ("maintenance", "scheduled", "nobodys"),
        ("maintenance", "cooking", "fleetnest"),
    ):
        with pytest.raises(NotFoundError):
            forms_of(house).new(kind, stage, product)


def test_a_later_word_is_no_beginning_and_the_live_ones_are_named(house: House) -> None:
    with pytest.raises(UserError, match=r"follows a notice .* none of maintenance for fleetnest is live"):
        forms_of(house).begin("maintenance", "fleetnest", "completed")
    house.notices.writing.draft(OLGA, works(), "k0")  # nobody was told of it
    message = sent(house, works())
    with pytest.raises(UserError, match=f"Live now: {message.notice.id} .fleetnest") as caught:
        forms_of(house).begin("maintenance", None, "completed")
    assert f"/notice update {message.notice.id} completed" in caught.value.next_step
    with pytest.raises(UserError, match="none of emergency is live"):
        forms_of(house).begin("emergency", None, "resolved")


def test_a_word_that_is_no_product_is_answered_with_the_products(house: House) -> None:
    with pytest.raises(NotFoundError, match='"nosuch" is neither a product nor a beginning') as caught:
        forms_of(house).begin("maintenance", None, "nosuch")
    assert caught.value.next_step == "Products here: fleetnest. It begins with: scheduled."


def test_an_emergency_begins_now_and_promises_the_next_word_in_an_hour(house: House) -> None:
    before = datetime.now(UTC).replace(second=0, microsecond=0)
    form = forms_of(house).begin("emergency", None)
    assert isinstance(form, NoticeForm)
    since, promised = (datetime.fromisoformat(form.values[name]) for name in ("since", "next_update"))
    assert before <= since <= datetime.now(UTC)
    assert promised - since == timedelta(hours=1)


def test_the_next_word_repeats_no_promise_that_has_passed(house: House) -> None:
    message = sent(house, outage())
    with borrowed(house.pool) as connection:  # an hour later
        connection.execute(
            b"alter table notice_revision disable trigger notice_revision_keep;"
            b"update notice_revision set variables = variables || jsonb_build_object('next_update',"
            b" to_char(now() - interval '1 h', 'YYYY-MM-DD\"T\"HH24:MI:SS+00:00'))"
        )
    form = forms_of(house).update(message.notice, "monitoring")
    assert isinstance(form, NoticeForm)
    assert "next_update" not in form.values
    form = forms_of(house).update(message.notice, "identified")
    assert isinstance(form, NoticeForm)
    assert datetime.fromisoformat(form.values["next_update"]) > datetime.now(UTC)
    over = forms_of(house).update(message.notice, "resolved")
    assert isinstance(over, NoticeForm)
    assert over.values["since"] == message.current.variables["since"]
    assert datetime.fromisoformat(over.values["until"]) <= datetime.now(UTC)
