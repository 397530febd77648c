from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.alert_words import utc
from bot.gallery.samples import EVIL
from bot.slack import mrkdwn
from bot.slack.fit import cut_mrkdwn, cut_source, pages

ANY = st.text() | st.text("<>&!@#*_~`:|\n ab")


@given(ANY)
def test_plain_text_holds_nothing_that_slack_acts_upon(text: str) -> None:
    shown = mrkdwn.plain(text)
    assert "<" not in shown
    assert ">" not in shown
    assert not re.search(r"[*~`]", shown)
    assert not re.search(r"(?<!\w)_\w|:[a-z]+:", shown)


@given(ANY)
def test_code_is_one_span_whatever_is_in_it(text: str) -> None:
    for shown in (mrkdwn.code(text), mrkdwn.prose(f"A `{text.replace('`', '')}` b").split("A ")[-1][:-2]):
        assert "<" not in shown
        assert "\n" not in mrkdwn.code(text)
    assert mrkdwn.code(text).count("`") == 2


@given(ANY | st.text("0123456789- :UTC`<"))
def test_a_sentence_with_times_holds_nothing_else_that_slack_acts_upon(text: str) -> None:
    shown = re.sub(r"<!date\^\d+\^{date_short} {time}\|[-0-9: ]+ UTC>", "", mrkdwn.timed(text))
    assert "<" not in shown
    assert ">" not in shown


def test_times_in_a_sentence_stand_in_the_readers_zone() -> None:
    at = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
    date = f"<!date^{int(at.timestamp())}^{{date_short}} {{time}}|{utc(at)}>"
    assert mrkdwn.timed(f"due at {utc(at)}.") == f"due at {date}."
    for other in (
        "`2026-03-01 02:00 UTC`",
        "2026-13-01 02:00 UTC",
        "2026-03-01 02:00 UTCX",
        "2026-03-01 02:00",
    ):
        assert mrkdwn.timed(other) == mrkdwn.prose(other)


@given(ANY)
def test_a_code_block_closes_where_it_should(text: str) -> None:
    assert mrkdwn.code_block(text).count("```") == 2


@given(ANY, st.integers(min_value=2, max_value=50))
def test_cutting_tears_no_entity_apart(text: str, limit: int) -> None:
    shown = cut_mrkdwn(mrkdwn.plain(text), limit)
    assert len(shown) <= limit
    assert re.fullmatch(r"(?:[^&]|&(?:amp|lt|gt);)*", shown, re.DOTALL)


@given(ANY, st.integers(min_value=2, max_value=50))
def test_cut_source_fits_once_escaped(text: str, limit: int) -> None:
    assert len(mrkdwn.escape(cut_source(text, limit))) <= limit


@given(st.lists(ANY, max_size=20), st.integers(min_value=1, max_value=80))
def test_pages_are_short_enough_and_lose_no_line(lines: list[str], limit: int) -> None:
    packed = list(pages(lines, limit))
    assert all(len(page) <= limit for page in packed)
    if all(0 < len(line) <= limit for line in lines):
        assert "\n".join(packed) == "\n".join(lines)


def test_names_that_matter_stay_as_they_are() -> None:
    assert mrkdwn.plain("public.eld_events took 12:34:56") == "public.eld_events took 12:34:56"
    assert mrkdwn.code("eld_events*") == "`eld_events*`"
    assert mrkdwn.code("") == "` `"
    family = "\U0001f468\u200d\U0001f469"
    assert family in mrkdwn.plain(family)


def test_only_ids_become_mentions() -> None:
    assert mrkdwn.mention("U0OMAR") == "<@U0OMAR>"
    assert mrkdwn.mention("S0OPERATORS") == "<!subteam^S0OPERATORS>"
    for person in ("!channel", "channel", "U0OMAR> <!here", "omar", EVIL):
        assert "<" not in mrkdwn.mention(person)


def test_a_time_is_shown_in_the_readers_zone() -> None:
    at = datetime(2026, 11, 22, 1, 18, tzinfo=UTC)
    assert mrkdwn.when(at) == "<!date^1795310280^{date_short_pretty} {time}|2026-11-22 01:18 UTC>"


@pytest.mark.parametrize("text", ["\u202eabc", "a\u2066b", "a\x00b", "a\x1b[31m"])
def test_what_turns_or_hides_text_is_taken_out(text: str) -> None:
    assert "\ufffd" in mrkdwn.plain(text)
    assert not set(text) & {"\u202e", "\u2066", "\x00", "\x1b"} & set(mrkdwn.plain(text))
