"""Times that were picked in a form: what is said can be done with a picker."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.core.notice_moments import WrongError, moment

NEW_YORK, LORD_HOWE = "America/New_York", "Australia/Lord_Howe"


def wrong(text: str, zone: str = NEW_YORK) -> tuple[str, bool]:
    with pytest.raises(WrongError) as caught:
        moment(text, zone, picked=True)
    return str(caught.value), caught.value.of_day


@pytest.mark.parametrize(
    ("typed", "zone", "before", "on"),
    [
        ("2027-11-07 01:30", NEW_YORK, "01:00", "02:00"),
        ("2027-11-07 01:00", NEW_YORK, "01:00", "02:00"),
        ("2027-04-04 01:45", LORD_HOWE, "01:30", "02:00"),  # half an hour alone comes twice there
    ],
)
def test_an_hour_that_comes_twice_is_answered_with_what_a_picker_can_choose(
    typed: str, zone: str, before: str, on: str
) -> None:
    said, of_day = wrong(typed, zone)
    assert said == (
        f"This hour comes twice that night, as clocks go back; choose a time before {before} or from {on} on."
    )
    assert not of_day
    moment(f"{typed[:10]} {on}", zone, picked=True)
    wrong(f"{typed[:10]} {before}", zone)


def test_one_that_is_written_can_say_which_it_means() -> None:
    with pytest.raises(WrongError, match="Write which one, 2027-11-07 01:30-04:00 or"):
        moment("2027-11-07 01:30", NEW_YORK)
    assert moment("2027-11-07 01:30-04:00", NEW_YORK) == datetime(2027, 11, 7, 5, 30, tzinfo=UTC)


def test_half_of_a_time_asks_for_the_other_half() -> None:
    assert wrong("2027-11-07") == ("Choose the time too.", False)
    assert wrong("22:00") == ("Choose the day too.", True)


def test_the_ends_of_the_calendar_are_a_wrong_day_and_no_crash() -> None:
    assert wrong("9999-12-31 23:59") == ("This is too far ahead; look at the year.", True)
    assert wrong("0001-01-01 00:01", "Asia/Tokyo") == ("This is too long ago; look at the year.", True)
