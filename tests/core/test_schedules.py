from __future__ import annotations

import pytest

from bot.core.schedules import check_cron


@pytest.mark.parametrize(
    "text",
    ["0 2 * * sun", "0 3 * * *", "*/5 8-18 * * mon-fri", "15 4 1,15 * *", "0 0 1 jan *", "0 7 * * Mon,Thu"],
)
def test_what_may_be_written(text: str) -> None:
    assert check_cron(text) == text


def test_spaces_are_tidied() -> None:
    assert check_cron("  0 2  * * sun ") == "0 2 * * sun"


@pytest.mark.parametrize("text", ["first monday", "First Monday 09:00", "first sunday 23:59"])
def test_the_first_weekday_of_a_month(text: str) -> None:
    assert check_cron(text) == text.lower()


@pytest.mark.parametrize("text", ["0 2 * * 0", "0 2 * * 1-5", "0 2 * * 7", "0 2 * * mon,3"])
def test_a_weekday_as_a_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="weekday as a name"):
        check_cron(text)


@pytest.mark.parametrize(
    "text",
    ["", "daily", "0 2 * *", "0 2 * * sun extra", "0 2 * * sunday", "! 2 * * sun", "first monday 24:00"],
)
def test_other_shapes_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"needs five fields|is no "):
        check_cron(text)
