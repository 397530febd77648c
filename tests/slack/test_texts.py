"""Texts from templates: whose times they show, and what is said first."""

from __future__ import annotations

import pytest

from bot.gallery.samples import AROUND, VIEWS
from bot.slack import texts
from bot.slack.views import render


def test_a_stored_sentences_time_is_shown_in_the_readers_zone() -> None:
    shown = render(VIEWS["alert, a failure"], AROUND).text
    assert "failed at <!date^1795309920^{date_short} {time}|2026-11-22 01:12 UTC>: Somebody" in shown


@pytest.mark.parametrize("words", ["`2026-11-22 01:12 UTC`", "2026-99-22 01:12 UTC", "2026-11-22 01:12 UTCx"])
def test_what_only_looks_like_a_time_stays(words: str) -> None:
    assert texts.sentence(words) == words


def test_a_cut_sentence_says_that_it_was_cut() -> None:
    assert texts.sentence("word " * 200).endswith("…")


def test_a_recovery_that_is_too_slow_stands_out() -> None:
    assert "to bring back, *too slow*" in render(VIEWS["report's details with trouble"], AROUND).text


def test_a_check_says_what_it_found_before_its_figures() -> None:
    shown = render(VIEWS["check failed"], AROUND).text
    assert shown.index("The bytes differ.") < shown.index("46.4 MB read back")


def test_warnings_are_not_listed_among_what_was_left_out() -> None:
    shown = render(VIEWS["stored with omissions"], AROUND).text
    assert "*Left out, 1:*\n• schema auth: the role may not read it\n*Mind, 1:*\n• it grew by half" in shown


def test_changes_wanted_come_before_what_the_draft_is_for() -> None:
    lines = render(VIEWS["notice with changes wanted"], AROUND).text.splitlines()
    assert lines[1].startswith("*What to change:* Two hours, please")


def test_a_notice_that_does_not_go_out_names_no_time() -> None:
    assert "*When:*" not in render(VIEWS["notice withdrawn"], AROUND).text


def test_an_alert_names_its_database_once() -> None:
    text = render(VIEWS["alert, critical"], AROUND).text
    assert text.startswith("*Critical: `cruzonic`*\nThe newest critical backup is of <!date^")
    assert text.count("`cruzonic`") == 1
