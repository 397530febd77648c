"""The words of `/alerts`: read whatever their case, and mended where one is near."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.core.people import Actor, Source
from bot.core.reply import Request
from bot.errors import WordsError
from bot.services.alert_views import AlertHelp
from commands.alerts import answer

OMAR = Actor("T", "U", Source.SLACK)


@dataclass
class Noted:
    """Keeps what was asked of the service."""

    asked: list[tuple[str, Any]] = field(default_factory=list)

    def listing(self, actor: Actor, database: str | None = None) -> Any:
        assert actor
        self.asked.append(("list", database))

    def show(self, actor: Actor, text: str) -> Any:
        assert actor
        self.asked.append(("show", text))

    def acknowledge(self, actor: Actor, text: str) -> Any:
        assert actor
        self.asked.append(("ack", text))


def ask(text: str) -> list[tuple[str, Any]]:
    noted = Noted()
    answer(Request("T", "U", "C", text, "/alerts", "k"), OMAR, noted, ("cruzonic", "fleetnest"))
    return noted.asked


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("", ("list", None)),
        ("LIST", ("list", None)),
        ("list cruzonic", ("list", "cruzonic")),
        ("fleetnest", ("list", "fleetnest")),
        ("show #a1b2c3d4", ("show", "a1b2c3d4")),
        ("Ack a1b2", ("ack", "a1b2")),
        ("acknowledge a1b2", ("ack", "a1b2")),
    ],
)
def test_what_is_meant(text: str, asked: tuple[str, str | None]) -> None:
    assert ask(text) == [asked]


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [("cruzonik", "/alerts cruzonic"), ("shw a1b2", "/alerts show a1b2"), ("ack", None), ("show a b", None)],
)
def test_what_is_not_understood(text: str, suggestion: str | None) -> None:
    with pytest.raises(WordsError) as caught:
        ask(text)
    assert caught.value.suggestion == suggestion


def test_help_is_for_everybody() -> None:
    noted = Noted()
    reply = answer(Request("T", "U", "C", "help", "/alerts", "k"), OMAR, noted, ())
    assert (reply.view, noted.asked) == (AlertHelp(OMAR), [])
