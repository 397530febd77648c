"""Times as customers read them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.core.notice_times import day_text, moment_text, span_text, times_text, window_lines

NEW_YORK = "America/New_York"


def utc(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def test_an_ordinary_window() -> None:
    assert window_lines(utc(3, 1, 7), utc(3, 1, 9, 30), [NEW_YORK]) == [
        "Sunday 1 March 2026, 02:00 to 04:30 EST (New York, UTC-05:00), 2 hours 30 minutes",
        "Sunday 1 March 2026, 07:00 to 09:30 UTC",
    ]


def test_a_window_across_midnight_in_one_zone_only() -> None:
    assert window_lines(utc(3, 2, 4), utc(3, 2, 6), [NEW_YORK]) == [
        "Sunday 1 March 2026, 23:00 to Monday 2 March 2026, 01:00 EST (New York, UTC-05:00), 2 hours",
        "Monday 2 March 2026, 04:00 to 06:00 UTC",
    ]


def test_the_clocks_change_inside_the_window() -> None:
    first, second = window_lines(utc(11, 1, 5), utc(11, 1, 8), [NEW_YORK])
    assert first == (
        "Sunday 1 November 2026, 01:00 EDT (New York, UTC-04:00) to 03:00 EST (New York, UTC-05:00); "
        "the clocks go back in between, 3 hours"
    )
    assert second == "Sunday 1 November 2026, 05:00 to 08:00 UTC"
    assert "go forward" in window_lines(utc(3, 8, 6), utc(3, 8, 8), [NEW_YORK])[0]


def test_zones_without_letters_and_many_zones() -> None:
    assert moment_text(utc(6, 1, 12), "Asia/Kolkata") == "Monday 1 June 2026, 17:30 IST (Kolkata, UTC+05:30)"
    assert moment_text(utc(6, 1, 12), "America/Sao_Paulo") == (
        "Monday 1 June 2026, 09:00 (Sao Paulo, UTC-03:00)"
    )
    assert times_text(utc(6, 1, 12), ["UTC", "UTC"]) == "Monday 1 June 2026, 12:00 UTC"
    assert len(window_lines(utc(6, 1, 1), utc(6, 1, 2), [NEW_YORK, "Asia/Kolkata", NEW_YORK])) == 3
    assert day_text(utc(6, 1, 3), NEW_YORK) == "Sunday 31 May 2026"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "no time"), (1, "1 second"), (300, "5 minutes"), (5400, "1 hour 30 minutes"), (86400, "1 day")],
)
def test_spans(seconds: float, text: str) -> None:
    assert span_text(seconds) == text
