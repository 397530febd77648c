"""What is typed into a notice's form: taken, or told what is wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.notice_fields import FieldType, NoticeField, Value, canonical, read

ZONE = "America/New_York"
NOW = datetime(2026, 10, 30, 12, tzinfo=UTC)
START = NoticeField("start", FieldType.DATETIME, "Start", "2030-03-05 02:00", ahead=True)
END = NoticeField("end", FieldType.DATETIME, "End", "2030-03-05 04:00", after="start")
SPAN = NoticeField("span", FieldType.DURATION, "Span", "5m")
LINE = NoticeField("line", FieldType.TEXT, "Line", "x", limit=20)
BODY = NoticeField("body", FieldType.PARAGRAPH, "Body", "x", required=False, limit=2000)
KIND = NoticeField("kind", FieldType.CHOICE, "Kind", "a", choices=("a", "b"))
TICK = NoticeField("tick", FieldType.CHECKED, "Tick", "yes", required=False)


def one(field: NoticeField, typed: str, now: datetime | None = NOW) -> Value | tuple[str]:
    filled = read((field,), {field.name: typed}, ZONE, now)
    return (filled.errors[field.name],) if filled.errors else filled.values[field.name]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("2026-11-05 22:00", datetime(2026, 11, 6, 3, tzinfo=UTC)),
        ("2026-11-05T22:00", datetime(2026, 11, 6, 3, tzinfo=UTC)),
        ("2026-11-05 22:00+01:00", datetime(2026, 11, 5, 21, tzinfo=UTC)),
        ("1793959200", datetime(2026, 11, 6, 10, tzinfo=UTC)),
        ("2026-11-01 01:30-05:00", datetime(2026, 11, 1, 6, 30, tzinfo=UTC)),
    ],
)
def test_times_that_are_taken(typed: str, expected: datetime) -> None:
    assert one(START, typed) == expected


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "This is needed."),
        ("tomorrow", "This is no time; write it like 2026-03-01 22:00."),
        ("2026-02-30 10:00", "This is no time"),
        ("2026-11-05", "The hour is missing"),
        ("2026-10-30 07:59", "This time is past"),
        ("2027-03-14 02:30", "02:30 does not exist on that day in America/New_York"),
        ("2026-11-01 01:30", "01:30 happens twice on that day"),
        ("2206-11-05 22:00", "too far ahead, more than two years"),
        ("99999999999", "too far ahead, more than two years"),
        ("1206-11-05 22:00", "too long ago, more than two years"),
        ("9999-12-31 23:00", "too far ahead"),
        ("0001-01-01 00:00+05:00", "too long ago"),
    ],
)
def test_times_that_are_not(typed: str, said: str) -> None:
    answer = one(START, typed)
    assert isinstance(answer, tuple)
    assert said in answer[0]


def test_the_end_comes_after_the_start() -> None:
    typed = {"start": "2026-11-05 22:00", "end": "2026-11-05 22:00"}
    assert read((START, END), typed, ZONE, NOW).errors == {"end": "This must come after start."}
    # By the wall clock 00:30 would come before 01:15, and it is the other way round when the clocks go back.
    across = {"start": "2026-11-01 01:15-05:00", "end": "2026-11-01 01:30-04:00"}
    assert "end" in read((START, END), across, ZONE, NOW).errors


def picked(start: str, end: str) -> dict[str, str]:
    late = replace(END, ahead=True)
    return dict(read((START, late), {"start": start, "end": end}, ZONE, NOW, picked=True).errors)


def test_what_is_wrong_with_a_picked_day_stands_at_the_day() -> None:
    assert picked("2026-10-29 23:00", "2026-11-05 23:00") == {
        "start__day": "This day is past; choose one that lies ahead."
    }
    assert picked("2026-10-30 07:59", "2026-11-05 23:00") == {
        "start": "This time is past; choose one that lies ahead."
    }
    far = picked("9999-12-31 23:00", "9999-12-31 23:59")
    assert set(far) == {"start__day", "end__day"}
    assert all("too far ahead" in said for said in far.values())


def test_an_end_before_the_start_is_said_whatever_else_is_wrong_with_them() -> None:
    assert picked("2026-11-05 22:00", "2026-10-01 23:00") == {"end__day": "This must come after start."}
    assert picked("2026-11-05 22:00", "2026-11-05 21:00") == {"end": "This must come after start."}
    assert set(picked("2026-10-29 22:00", "2026-10-28 22:00")) == {"start__day", "end__day"}
    assert set(picked("2026-10-29 22:00", "2026-10-29 21:00")) == {"start__day", "end"}


@pytest.mark.parametrize("typed", ["0m", "-5m", "soon", "5 parsecs"])
def test_spans_that_are_not(typed: str) -> None:
    assert isinstance(one(SPAN, typed), tuple)


def test_what_is_too_long_says_how_long() -> None:
    assert one(BODY, "x" * 10_000) == ("This is too long: 10,000 characters, of 2,000 at most.",)
    assert one(LINE, "x" * 21) == ("This is too long: 21 characters, of 20 at most.",)


def test_one_line_stays_one_line() -> None:
    assert one(LINE, "a\r\nBcc: b\x00") == "a⏎Bcc: b\ufffd"
    assert one(BODY, "a\r\nb") == "a\nb"


def test_direction_cannot_be_turned_but_words_may_run_from_right_to_left() -> None:
    assert one(LINE, "שלום \u202eevil") == "שלום \ufffdevil"


def test_choices_and_ticks() -> None:
    assert one(KIND, "b") == "b"
    assert one(KIND, "c") == ("Choose one of: a, b.",)
    assert [one(TICK, text) for text in ("yes", "", "no", "true")] == [True, False, False, True]


def test_a_field_that_is_not_asked_for_is_refused() -> None:
    assert "has no field called" in read((LINE,), {"line": "x", "other": "y"}, ZONE, NOW).errors["other"]


def test_without_now_the_past_is_allowed() -> None:
    assert isinstance(one(START, "2020-01-01 10:00", None), datetime)


@given(
    at=st.datetimes(min_value=datetime(2025, 1, 1), max_value=datetime(2028, 1, 1)),  # noqa: DTZ001 - made aware below
    span=st.integers(min_value=1, max_value=10**6),
    body=st.text(max_size=200),
)
def test_the_canonical_form_is_read_back_unchanged(at: datetime, span: int, body: str) -> None:
    fields = (START, SPAN, BODY, TICK)
    typed = {
        "start": (at.replace(tzinfo=UTC, microsecond=0)).isoformat(),
        "span": f"{span}s",
        "body": body,
        "tick": "yes",
    }
    first = read(fields, typed, ZONE, None)
    assert not first.errors
    assert read(fields, canonical(first.values), ZONE, None).values == first.values


def test_the_clock_is_judged_at_the_moment_of_reading() -> None:
    typed = (NOW + timedelta(minutes=1)).isoformat()
    assert isinstance(one(START, typed), datetime)
    assert isinstance(one(START, typed, NOW + timedelta(minutes=2)), tuple)
