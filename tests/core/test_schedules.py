from __future__ import annotations

import pytest

from bot.core.schedules import Schedule, check_cron, describe


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


@pytest.mark.parametrize("text", ["0 2 1 * mon", "0 2 1-7 * mon"])
def test_a_day_of_the_month_with_a_weekday_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not both"):
        check_cron(text)


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("0 2 * * sun", "on Sunday at 02:00"),
        ("0 3 * * *", "every day at 03:00"),
        ("15 * * * *", "every hour at :15"),
        ("*/15 * * * *", "every 15 minutes"),
        ("* * * * *", "every minute"),
        ("30 9,18 * * mon-fri", "Monday to Friday at 09:30 and 18:30"),
        ("0 7 * * Mon,Thu", "on Monday and Thursday at 07:00"),
        ("0 4 1 * *", "on day 1 of the month at 04:00"),
        ("first monday 09:00", "on the first Monday of the month at 09:00"),
        ("first sunday", "on the first Sunday of the month at 00:00"),
        ("*/15 * * * sat,sun", "every 15 minutes, on Saturday and Sunday"),
        ("0 4 1,15 * *", "by `0 4 1,15 * *`"),
        ("0 */6 * * *", "by `0 */6 * * *`"),
        ("0 4 * jan *", "by `0 4 * jan *`"),
        ("0 4 * * mon-wed,fri", "by `0 4 * * mon-wed,fri`"),
    ],
)
def test_a_schedule_in_words_or_as_its_line_where_words_would_mislead(cron: str, words: str) -> None:
    assert describe(check_cron(cron)) == words


def test_a_schedules_key_says_whose_it_is() -> None:
    assert Schedule("cruzonic/weekly", "full", "0 2 * * sun", "UTC").database == "cruzonic"
    assert Schedule("house/report", "report", "0 8 * * *", "UTC").database is None
    assert Schedule("house/report", "report", "0 8 * * *", "UTC").name == "report"
