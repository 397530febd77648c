from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import StorageFullError
from bot.storage.parts import (
    LARGEST_OBJECT,
    LARGEST_PART,
    MIB,
    MOST_PARTS,
    SMALLEST_PART,
    plan_parts,
)

least_sizes = st.integers(5, 64).map(lambda mib: mib * MIB)
estimates = st.none() | st.integers(0, LARGEST_OBJECT)


@settings(deadline=None)
@given(estimates, least_sizes)
def test_every_part_is_one_that_s3_takes(expected: int | None, least: int) -> None:
    plan = plan_parts(expected, least)
    sizes = [plan.size_of(number) for number in range(1, MOST_PARTS + 1)]
    assert min(sizes) >= max(SMALLEST_PART, least)
    assert max(sizes) <= LARGEST_PART
    assert sizes == sorted(sizes)


@settings(deadline=None)
@given(st.integers(0, LARGEST_OBJECT), least_sizes)
def test_what_was_expected_fits_in_equal_parts_with_a_fifth_to_spare(expected: int, least: int) -> None:
    plan = plan_parts(expected, least)
    assert plan.size_of(1) * 8_000 >= expected
    assert plan.size_of(1) == plan.size_of(8_000)


@settings(deadline=None)
@given(st.integers(0, LARGEST_OBJECT // 10), least_sizes)
def test_an_estimate_that_was_ten_times_too_short_is_survived(expected: int, least: int) -> None:
    plan = plan_parts(expected, least)
    reach = sum(plan.size_of(number) for number in range(1, MOST_PARTS + 1))
    assert reach >= min(10 * expected, LARGEST_OBJECT)
    assert reach >= 2 * 1000**4


def test_the_default_part_takes_three_times_its_size_of_memory_up_to_sixty_gigabytes() -> None:
    assert plan_parts(60 * 1000**3, 8 * MIB).first_bytes == 8 * MIB


def test_what_cannot_fit_is_refused_at_the_start() -> None:
    assert plan_parts(LARGEST_OBJECT, 8 * MIB).first_bytes > 0
    with pytest.raises(StorageFullError, match="5 TiB"):
        plan_parts(LARGEST_OBJECT + 1, 8 * MIB)


def test_there_is_no_part_after_the_last() -> None:
    plan = plan_parts(None, 8 * MIB)
    assert plan.size_of(MOST_PARTS) <= LARGEST_PART
    with pytest.raises(StorageFullError):
        plan.size_of(MOST_PARTS + 1)
