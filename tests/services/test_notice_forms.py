"""Which form a notice begins with, and with which values it starts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.app import House
from bot.errors import NotFoundError
from bot.services.notice_forms import NoticeForm, NoticeForms, NoticeStart
from tests.support.notices import OLGA, notice_house, sent, works


@pytest.fixture
def house(ledger_url: str, tmp_path: Path) -> Iterator[House]:
    with notice_house(ledger_url, tmp_path) as built:
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
