from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.errors import WordsError
from commands.schedule_words import KnownSchedules, Pause, Resume, ShowSchedules, about_schedules, parse

KEYS = ("cruzonic/daily", "cruzonic/weekly", "fleetnest/daily", "fleetnest/hourly", "house/report")
KNOWN = KnownSchedules(KEYS, ("cruzonic", "fleetnest"))
HERE = KnownSchedules(KEYS, ("cruzonic", "fleetnest"), "cruzonic")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("schedule", ShowSchedules()),
        ("Schedules list", ShowSchedules()),
        ("schedule Cruzonic", ShowSchedules("cruzonic")),
        ("schedule resume weekly", Resume("cruzonic/weekly")),
        ("schedule resume cruzonic/daily", Resume("cruzonic/daily")),
        ("schedule resume daily fleetnest", Resume("fleetnest/daily")),
        ("schedule resume House Report", Resume("house/report")),
        (
            "schedule pause hourly for 2d because the server moves: all of it",
            Pause("fleetnest/hourly", timedelta(days=2), "the server moves: all of it"),
        ),
        (
            "schedule pause weekly for 1h 30m because a test",
            Pause("cruzonic/weekly", timedelta(minutes=90), "a test"),
        ),
        (
            "schedule pause weekly until 2026-12-01 08:15 Because a\u00a0move",
            Pause("cruzonic/weekly", datetime(2026, 12, 1, 8, 15), "a move"),  # noqa: DTZ001 - the schedule's own zone
        ),
        (
            "schedule pause weekly until 2026-12-01: a move",
            Pause("cruzonic/weekly", datetime(2026, 12, 1), "a move"),  # noqa: DTZ001 - as above
        ),
    ],
)
def test_what_may_be_typed(text: str, wanted: object) -> None:
    assert about_schedules(text)
    assert parse(text, KNOWN) == wanted


def test_a_place_says_which_of_two_is_meant() -> None:
    assert parse("schedule resume daily", HERE) == Resume("cruzonic/daily")
    with pytest.raises(WordsError, match="the name of several: cruzonic/daily and fleetnest/daily"):
        parse("schedule resume daily", KNOWN)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("schedule pause", "Say which schedule"),
        ("schedule resume", "Say which schedule"),
        ("schedule pause weekly because x", "Say until when"),
        ("schedule pause weekly for 2d", "Say why"),
        ("schedule pause weekly for 2d because  ", "Say until when|Say why"),
        ("schedule pause weekly until 2026-02-30 because x", "is no date"),
        ("schedule pause wekly for 2d because x", "Did you mean cruzonic/weekly"),
        ("schedule resume <!channel>", "There is no schedule"),
        ("schedule nonsense", "means nothing here"),
    ],
)
def test_what_may_not(text: str, sentence: str) -> None:
    with pytest.raises(WordsError, match=sentence):
        parse(text, KNOWN)


@pytest.mark.parametrize("text", ["status", "now full", "", "schema", "now schema"])
def test_what_is_not_for_here(text: str) -> None:
    assert not about_schedules(text)


def test_a_mistyped_word_is_offered_again() -> None:
    with pytest.raises(WordsError) as refused:
        about_schedules("shedule cruzonic")
    assert refused.value.suggestion == "/backup schedule cruzonic"


def test_the_advice_can_be_typed_as_it_stands() -> None:
    for text in (
        "schedule pause fleetnest/daily for 2d",
        "schedule pause daily fleetnest because x",
        "schedule x",
    ):
        with pytest.raises(WordsError) as caught:
            parse(text, KNOWN)
        example = caught.value.next_step.split("`")[-2]
        assert isinstance(parse(example.removeprefix("/backup "), KNOWN), Pause)


@pytest.mark.parametrize("end", ["for soon", "until tomorrow", "for a while", "For 2 weeks"])
def test_an_end_that_says_no_time_is_not_taken_for_a_name(end: str) -> None:
    with pytest.raises(WordsError, match=f'"{end}" says no time') as caught:
        parse(f"schedule pause weekly {end} because it moves", KNOWN)
    assert "`for 2d`" in caught.value.next_step
