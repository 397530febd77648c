"""The first words of a notice's message: what it says at a glance must be so."""

from __future__ import annotations

import pytest

from bot.gallery.samples import VIEWS
from bot.gallery.samples import WORST_AROUND as AROUND
from bot.slack.views import render


@pytest.mark.parametrize(
    ("name", "begins", "says"),
    [
        ("notice being counted", "*Draft: ", "*To:* counting recipients of `customers` …"),
        ("notice that could not be counted", "*Draft: ", "recipients not counted, of `customers`: The query"),
        ("notice with changes wanted", "*Changes wanted: ", "the last one took 80 min"),
        ("notice whose approval lapsed", "*Draft: ", "Submit it again"),
        ("notice held back", "*Held back, ", "approved for 1,240 recipients and would reach 1,900 now"),
        ("notice that reached nobody", "*Reached nobody: ", "3 do not want any"),
        ("notice that lost its product", "*Sent: ", "closing tells customers nothing"),
        ("notice's history", "Changes wanted: Planned maintenance, by <@U0ANDRE>", "Two hours, please."),
        ("notice's audience has changed", "*<@U0OMAR>: ", "approved for 1,240, now 1,900 recipients: really"),
    ],
)
def test_a_notice_says_first_how_it_stands(name: str, begins: str, says: str) -> None:
    text = render(VIEWS[name], AROUND).text
    assert text.startswith(begins)
    assert says in text


def test_what_follows_is_told_in_words_that_are_no_other_state() -> None:
    shown = render(VIEWS["notices"], AROUND).text
    assert "*Planned maintenance* (`cruzonic`): sent, the matter is live" in shown
    assert "(scheduled)" not in render(VIEWS["notice in full"], AROUND).text
