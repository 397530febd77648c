from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.units import count_text, duration_text, plural, share, size_text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (46_400_000, "46.4 MB"),
        (999_949, "999.9 kB"),
        (999_960, "1.0 MB"),
        (5 * 10**9, "5.0 GB"),
        (10**19, "10,000.0 PB"),
    ],
)
def test_sizes(size: int, text: str) -> None:
    assert size_text(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0.0 s"),
        (0.44, "0.4 s"),
        (9.96, "10 s"),
        (59.6, "1 min"),
        (72, "1 min 12 s"),
        (3600, "1 h"),
        (7380, "2 h 03 min"),
        (172_800, "2 d"),
        (273_600, "3 d 4 h"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


def test_counts() -> None:
    assert count_text(1_234_567) == "1,234,567"
    assert plural(1, "table") == "1 table"
    assert plural(2000, "table") == "2,000 tables"
    assert plural(2, "entry", "entries") == "2 entries"


@given(st.integers(), st.integers())
def test_a_share_is_never_all_before_the_end(done: int, expected: int) -> None:
    assert 0 <= share(done, expected) <= 0.99
