from __future__ import annotations

import pytest

from bot.errors import WordsError
from commands.notice_words import Begin, OnNotice, OnRecipient, Plain, Wanted, parse

KINDS, PRODUCTS = ("emergency", "maintenance"), ("cruzonic", "fleetnest")


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("", Plain("list")),
        ("LIST", Plain("list")),
        ("help", Plain("help")),
        ("maintenance", Begin("maintenance")),
        ("Maintenance fleetnest", Begin("maintenance", "fleetnest")),
        ("emergency resolved cruzonic", Begin("emergency", "cruzonic", "resolved")),
        ("show a1b2", OnNotice("show", "a1b2")),
        ("submit A1B2C3D4.3", OnNotice("submit", "a1b2c3d4", 3)),
        ("send a1b2.3:1240", OnNotice("send", "a1b2", 3, "1240")),
        ("send a1b2.3 1240", OnNotice("send", "a1b2", 3, "1240")),
        ("update a1b2 completed", OnNotice("update", "a1b2", 0, "completed")),
        ("count a1b2.2", OnNotice("count", "a1b2", 2)),
        ("close A1B2 told by phone: all", OnNotice("close", "a1b2", 0, "told by phone: all")),
        ("close a1b2", OnNotice("close", "a1b2")),
        ("again 17", OnRecipient("again", 17)),
    ],
)
def test_words_are_read(typed: str, wanted: Wanted) -> None:
    assert parse(typed, KINDS, PRODUCTS) == wanted


@pytest.mark.parametrize(
    "typed",
    [
        "show",
        "close",
        "show a1b2 c3d4 e5f6",
        "submit a1b2.x",
        "sent",
        "sent everybody",
        "maintenance now please",
    ],
)
def test_what_cannot_be_read_is_said(typed: str) -> None:
    with pytest.raises(WordsError):
        parse(typed, KINDS, PRODUCTS)


def test_a_typo_gets_the_whole_command() -> None:
    with pytest.raises(WordsError) as caught:
        parse("emergancy cruzonic", KINDS, PRODUCTS)
    assert caught.value.suggestion == "/notice emergency cruzonic"
