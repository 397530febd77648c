from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.durations import Keep, parse_duration, parse_keep


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("15m", 900), ("48h", 172800), ("2d", 172800), ("1h 30m", 5400), ("1.5H", 5400), (7, 7)],
)
def test_durations(text: object, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "h", "5", "5 weeks", "-1h", "1h and 5m", True, None, -1])
def test_what_is_no_duration(text: object) -> None:
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "keep"),
    [
        ("6 months", Keep(months=6)),
        ("1 Month", Keep(months=1)),
        ("30 days", Keep(days=30)),
        ("2 weeks", Keep(days=14)),
        ("1 year", Keep(months=12)),
        ("forever", Keep(forever=True)),
        ("indefinite", Keep(forever=True)),
        (Keep(days=3), Keep(days=3)),
    ],
)
def test_keeps(text: object, keep: Keep) -> None:
    assert parse_keep(text) == keep


@pytest.mark.parametrize("text", ["", "months", "0 days", "six months", "6", 6, None, "10000 days"])
def test_what_is_no_keep(text: object) -> None:
    with pytest.raises(ValueError, match="no time to keep"):
        parse_keep(text)


@pytest.mark.parametrize(
    ("taken", "until"),
    [
        ((2026, 8, 1), (2027, 2, 1)),
        ((2026, 8, 31), (2027, 3, 1)),  # February has no 31st: its end is kept, never cut
        ((2027, 8, 30), (2028, 3, 1)),  # nor a 30th in a leap year
        ((2027, 8, 29), (2028, 2, 29)),
        ((2026, 12, 31), (2027, 7, 1)),  # no 31 June
    ],
)
def test_six_months_are_six_months(taken: tuple[int, int, int], until: tuple[int, int, int]) -> None:
    assert Keep(months=6).until(datetime(*taken, tzinfo=UTC)) == datetime(*until, tzinfo=UTC)


def test_forever_never_ends() -> None:
    assert Keep(forever=True).until(datetime(2026, 1, 1, tzinfo=UTC)) is None


@given(st.datetimes(timezones=st.just(UTC)).filter(lambda taken: taken.year < 9900), st.integers(1, 240))
def test_months_are_never_shorter_than_the_calendar_says(taken: datetime, months: int) -> None:
    until = Keep(months=months).until(taken)
    assert until is not None
    # No calendar month is shorter than 28 days, and a longer keep never ends earlier.
    assert until - taken >= timedelta(days=28 * months)
    assert until <= (Keep(months=months + 1).until(taken) or until)
