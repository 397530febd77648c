"""Modals belong to the screen that asked for them."""

from __future__ import annotations

import pytest

from bot.sandbox.slack.passes import Screen
from bot.sandbox.slack.refusal import RefusedError
from bot.sandbox.slack.views import Modals, View

HERE, THERE, TERMINAL = Screen("U0OMAR", "one"), Screen("U0OMAR", "two"), Screen("U0OMAR")


def view(title: str) -> View:
    return {"type": "modal", "title": {"type": "plain_text", "text": title}, "blocks": []}


def seen(modals: Modals, *screens: Screen) -> list[str | None]:
    found = [modals.top(screen) for screen in screens]
    return [one["title"]["text"] if one else None for one in found]


def test_a_modal_shows_in_the_tab_that_opened_it() -> None:
    modals = Modals()
    modals.open(HERE, view("First"))
    assert seen(modals, HERE, THERE) == ["First", None]
    modals.open(THERE, view("Second"))
    modals.push(HERE, view("On top"))
    assert seen(modals, HERE, THERE) == ["On top", "Second"]
    modals.close(HERE, everything=True)
    assert seen(modals, HERE, THERE) == [None, "Second"]
    with pytest.raises(RefusedError):
        modals.push(HERE, view("On nothing"))


def test_a_command_line_has_no_screen_so_every_tab_shows_what_it_opened() -> None:
    modals = Modals()
    modals.open(TERMINAL, view("Typed"))
    assert seen(modals, HERE, THERE, Screen("U0OLGA", "one")) == ["Typed", "Typed", None]
    modals.close(THERE)
    assert seen(modals, HERE, THERE, TERMINAL) == [None, None, None]


def test_from_a_command_line_the_newest_is_acted_on() -> None:
    modals = Modals()
    modals.open(THERE, view("Old"))
    modals.open(HERE, view("New"))
    assert seen(modals, TERMINAL) == ["New"]
    modals.close(TERMINAL)
    assert seen(modals, TERMINAL, HERE, THERE) == ["Old", None, "Old"]
