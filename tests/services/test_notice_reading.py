"""What is kept and shown of a notice: everything as Markdown, and where its drafts are posted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.app import House
from bot.services import notice_export
from tests.support.notices import (
    OLGA,
    PEOPLE,
    notice_house,
    sent,
    texts_of,
    works,
)


@pytest.fixture
def house(migrated_url: str, tmp_path: Path) -> Iterator[House]:
    with notice_house(migrated_url, tmp_path, '[notices]\nreminders = ["5h", "1h"]') as opened:
        yield opened


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


def test_a_draft_is_not_posted_where_customers_read(migrated_url: str, tmp_path: Path) -> None:
    chat = '[channels.chat]\ntype = "slack"\nchannels = ["C0CUSTOMERS"]'
    with notice_house(migrated_url, tmp_path, chat) as told_there:
        written = told_there.notices.writing
        asked_there = written.draft(OLGA, replace(works(), channel="C0CUSTOMERS"), "k1")
        assert asked_there.notice.channel == "C0OPS"
        elsewhere = written.draft(OLGA, replace(works(), channel="C0TEAM"), "k2")
        assert elsewhere.notice.channel == "C0TEAM"
