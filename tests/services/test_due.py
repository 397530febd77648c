from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.core.schedules import Schedule
from bot.services import due
from bot.settings import parse_configuration


def of(cron: str, zone: str = "UTC", kind: str = "full") -> Schedule:
    return Schedule("cruzonic/x", kind, cron, zone)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def local_times(cron: str, zone: str, after: str, number: int) -> list[str]:
    """The next times as that zone's clocks show them."""
    at, found = datetime.fromisoformat(after).replace(tzinfo=ZoneInfo(zone)), []
    for _ in range(number):
        at = due.next_after(of(cron, zone), at)
        found.append(f"{at.astimezone(ZoneInfo(zone)):%d %H:%M %z}")
    return found


@pytest.mark.parametrize(
    ("cron", "zone", "after", "expected"),
    [
        # the hour comes twice: the first of the two
        ("30 3 * * *", "Europe/Helsinki", "2026-10-24T12:00", ["25 03:30 +0300", "26 03:30 +0200"]),
        ("30 1 * * *", "America/New_York", "2026-10-31T12:00", ["01 01:30 -0400", "02 01:30 -0500"]),
        ("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T12:00", ["05 01:45 +1100", "06 01:45 +1030"]),
        # the hour is skipped: as much later
        ("30 3 * * *", "Europe/Helsinki", "2026-03-28T12:00", ["29 04:30 +0300", "30 03:30 +0300"]),
        ("30 2 * * sun", "America/New_York", "2026-03-07T12:00", ["08 03:30 -0400", "15 02:30 -0400"]),
        ("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00", ["04 02:45 +1100", "05 02:15 +1100"]),
        # … and still to come for one who looks in between
        ("30 3 * * *", "Europe/Helsinki", "2026-03-29T04:10", ["29 04:30 +0300", "30 03:30 +0300"]),
        # midnight itself is skipped: the library alone leaves out the day
        ("30 0 * * *", "America/Santiago", "2026-09-05T12:00", ["06 01:30 -0300", "07 00:30 -0300"]),
        # two times that fall on one instant are one
        ("0 2,3 * * *", "America/New_York", "2026-03-07T12:00", ["08 03:00 -0400", "09 02:00 -0400"]),
    ],
)
def test_named_hours_come_once_a_date(cron: str, zone: str, after: str, expected: list[str]) -> None:
    assert local_times(cron, zone, after, 2) == expected


def test_every_hour_is_every_hour() -> None:
    autumn = local_times("30 * * * *", "Europe/Helsinki", "2026-10-25T02:00", 4)
    assert autumn == ["25 02:30 +0300", "25 03:30 +0300", "25 03:30 +0200", "25 04:30 +0200"]
    spring = local_times("30 * * * *", "Europe/Helsinki", "2026-03-29T02:00", 3)
    assert spring == ["29 02:30 +0200", "29 04:30 +0300", "29 05:30 +0300"]


@pytest.mark.parametrize("zone", ["Europe/Helsinki", "America/New_York", "Australia/Lord_Howe"])
def test_every_date_of_two_years_has_its_run(zone: str) -> None:
    daily = of("30 2 * * *", zone)
    begin = datetime(2026, 1, 1, tzinfo=ZoneInfo(zone))
    times = list(due.between(daily, begin, begin.replace(year=2028)))
    dates = [at.astimezone(ZoneInfo(zone)).date() for at in times]
    assert dates == [begin.date() + timedelta(days=n) for n in range(len(dates))]
    assert len(dates) == 730


@pytest.mark.parametrize(
    ("cron", "at", "last"),
    [
        ("* * * * *", "2026-03-02T12:00:30", "2026-03-02T12:00"),
        ("0 * * * *", "2026-03-02T12:00:00", "2026-03-02T12:00"),
        ("0 2 * * sun", "2026-03-02T12:00", "2026-03-01T02:00"),
        ("first monday 09:00", "2026-03-02T08:59", "2026-02-02T09:00"),
        ("first monday 09:00", "2026-03-02T09:00", "2026-03-02T09:00"),
        ("0 0 29 feb *", "2027-03-01T00:00", "2024-02-29T00:00"),
    ],
)
def test_the_last_time(cron: str, at: str, last: str) -> None:
    assert due.last_due(of(cron), utc(at)) == utc(last)


def test_the_folder_that_lifecycle_rules_go_by() -> None:
    at = utc("2026-03-02T12:00")
    assert due.lifecycle(of("0 2 * * sun"), at) == "weekly"
    assert due.lifecycle(of("first monday"), at) == "weekly"
    assert due.lifecycle(of("0 2 * * *"), at) == "daily"
    assert due.lifecycle(of("0 * * * *"), at) == "daily"
    assert due.lifecycle(of("0 2 * * sun", kind="schema"), at) == "schema"


def test_every_schedule_of_a_configuration_with_the_houses_own() -> None:
    configuration = parse_configuration(
        {
            "storage": {"url": "file:///x"},
            "house": {"report": "never", "time_zone": "Europe/Berlin"},
            "databases": {
                "cruzonic": {
                    "url_env": "X",
                    "time_zone": "America/New_York",
                    "staging_url_env": "CRUZONIC_STAGING",
                    "schedules": {"weekly": {"kind": "full", "cron": "0 2 * * sun", "then": "restore-test"}},
                }
            },
        },
        "test",
    )
    found = {schedule.key: schedule for schedule in due.schedules(configuration)}
    assert sorted(found) == ["cruzonic/weekly", "house/audit-check", "house/housekeeping"]
    assert found["cruzonic/weekly"].zone == "America/New_York"
    assert found["cruzonic/weekly"].then == "restore-test"
    assert found["house/housekeeping"].zone == "Europe/Berlin"
    assert due.find(configuration, "cruzonic/weekly") == found["cruzonic/weekly"]
    assert [s.key for s in due.of_database(configuration, "cruzonic")] == ["cruzonic/weekly"]
