"""The report: measured, honest about what it could not see, and there on bad days, too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.app import House
from bot.core.backup import Kind
from bot.core.restore_test import StepTimes
from bot.errors import NotAllowedError, NotFoundError
from bot.ledger import alerts, outbox, schedules
from bot.ledger.connection import borrowed
from bot.services import due
from bot.services.alert_facts import since_mark
from bot.services.alerts import EVALUATED
from bot.services.fires import Fire
from bot.services.health_reports import HealthReports
from bot.services.report_views import HealthReport, Part
from tests.support.history import CLOCK, proved, stored
from tests.support.house import CARL, OMAR, VERA, Plan, folder_storage, open_house

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
NOWHERE = "postgresql://postgres@127.0.0.1:1/none"
SHOP = """rpo = "26h"
rto = "10m"
time_zone = "America/New_York"
[databases.shop.schedules.daily]
kind = "full"
cron = "0 3 * * *"
"""


def plan(storage: str, databases: dict[str, str] | None = None, **environ: str) -> Plan:
    found = databases or {"shop": SHOP}
    return Plan(dict.fromkeys(found, NOWHERE), found, storage, environ)


@pytest.fixture
def house(ledger_url: str, tmp_path: Path) -> Iterator[House]:
    with open_house(plan(folder_storage(tmp_path / "store")), ledger_url, tmp_path) as opened:
        yield opened


def reports(house: House, now: datetime = NOW) -> HealthReports:
    return replace(house.health_reports, clock=lambda: now)


def every_day(house: House, days: int, *missing: int, lying: int = 1) -> None:
    """A full backup at each 03:00 of New York, the newest of them really there."""
    for n in range(days, 0, -1):
        if n not in missing:
            # 03:00 in New York is 08:00 UTC in winter and 07:00 before 1 November.
            at = datetime(2026, 11, 22, 8, 1, tzinfo=UTC) - n * DAY
            stored(house, at if at > datetime(2026, 11, 1, 7, tzinfo=UTC) else at - HOUR, lying=n <= lying)


def known(house: House, key: str, at: datetime) -> None:
    """The first look of the clock at a schedule was then."""
    with borrowed(house.pool) as connection:
        alerts.mark_once(connection, [since_mark(key)], at)


def test_all_well_is_said_when_all_is_well(house: House) -> None:
    every_day(house, 3)
    report = reports(house).on_demand(VERA)
    assert (report.all_well, report.troubled, report.not_seen) == (True, [], [])
    facts = report.databases[0].facts
    assert facts is not None
    assert (facts.kept.backups, facts.kept.size_bytes) == (3, 3000)
    assert [(run.name, run.at) for run in facts.next_runs] == [("daily", NOW + DAY)]


def test_a_paused_schedule_is_said_to_be_paused_for_as_long_as_it_is(house: House) -> None:
    def next_run(now: datetime) -> tuple[datetime, bool]:
        facts = reports(house, now).health("shop").databases[0].facts
        assert facts is not None
        return facts.next_runs[0].at, facts.next_runs[0].paused

    now = datetime.now(UTC)
    with borrowed(house.pool) as connection:
        assert schedules.pause(connection, "shop/daily", actor=OMAR, reason="a move", ends_at=now + 40 * HOUR)
    assert next_run(now)[1]
    assert not next_run(now + 40 * HOUR)[1]


def test_what_was_measured_stands_against_what_is_allowed(house: House) -> None:
    every_day(house, 40, 10, 35)
    newest = stored(house, NOW - 23 * HOUR, lying=True)
    proved(house, newest, NOW - 3 * DAY, StepTimes(60.0, 400.0, 200.0))
    proved(house, newest, NOW - 40 * DAY, StepTimes(9000.0, 9000.0, 9000.0))  # longer ago than 30 days
    status = reports(house).health("shop").databases[0]
    measured = status.facts.measured if status.facts else None
    assert measured is not None
    assert measured.loss is not None
    assert measured.loss.worst == 2 * DAY + 2 * timedelta(minutes=1)  # until the second one was stored
    assert measured.loss.over == 1
    assert (measured.tests, measured.recovery) == (1, timedelta(seconds=660))


def test_what_was_before_the_first_backup_is_not_called_kept(house: House) -> None:
    def begins(database: str = "shop") -> datetime | None:
        facts = reports(house).health(database).databases[0].facts
        assert facts is not None
        return facts.measured.begins

    first = stored(house, NOW - 3 * DAY, lying=True).snapshot_at
    stored(house, NOW - DAY, lying=True)
    assert begins() == first
    stored(house, NOW - 31 * DAY, lying=True)
    assert begins() is None


def test_gaps_are_named_by_date_over_the_change_of_the_clocks(house: House) -> None:
    every_day(house, 41, 10, 25, 26)
    known(house, "shop/daily", NOW - 40 * DAY - 2 * HOUR)
    coverage = reports(house).health("shop").databases[0].facts.coverage[0].coverage  # type: ignore[union-attr]  # there for one database
    assert (coverage.due, coverage.covered) == (40, 37)
    assert [(f"{gap.first:%d %b %H:%M}", f"{gap.last:%d %b %H:%M}", gap.missed) for gap in coverage.gaps] == [
        ("27 Oct 07:00", "28 Oct 07:00", 2),
        ("12 Nov 08:00", "12 Nov 08:00", 1),
    ]


def test_a_limit_that_is_not_configured_follows_the_schedule(house: House) -> None:
    every_day(house, 3)
    within = reports(house, NOW + 5 * HOUR).health("shop").databases[0].kinds[0]
    assert not within.is_stale(NOW + 5 * HOUR)  # due at 08:00 UTC, and its grace of six hours is not over
    late = NOW + 6 * HOUR + timedelta(minutes=1)
    assert reports(house, late).health("shop").databases[0].kinds[0].is_stale(late)


def test_on_a_fresh_installation_nothing_is_late_before_it_was_due(house: House) -> None:
    def is_late(now: datetime) -> bool:
        status = reports(house, now).health("shop").databases[0]
        assert status.needs_a_look(now)  # there is no backup, late or not
        return status.kinds[0].is_stale(now)

    known(house, "shop/daily", NOW + HOUR)
    assert not is_late(NOW + 20 * HOUR)
    assert is_late(NOW + 31 * HOUR)  # tomorrow's, and its grace


def test_where_nobody_looks_for_alerts_all_is_not_well(house: House) -> None:
    every_day(house, 3)
    with borrowed(house.pool) as connection:
        alerts.mark(connection, EVALUATED, NOW - 2 * HOUR)
    report = reports(house).health()
    assert not report.all_well
    assert report.not_seen == ["Nothing was looked at for alerts for 2 h: look into the clock's log for why."]
    with borrowed(house.pool) as connection:
        alerts.mark(connection, EVALUATED, NOW)
    assert reports(house).health().all_well


def test_one_database_at_a_time_and_only_for_those_who_may(house: House) -> None:
    every_day(house, 2)
    assert reports(house).on_demand(VERA, "shop").asked_for == "shop"
    with pytest.raises(NotAllowedError):
        reports(house).on_demand(CARL)
    with pytest.raises(NotFoundError, match="no database called yard"):
        reports(house).on_demand(OMAR, "yard")


def test_an_archive_that_is_gone_is_told_first_thing(house: House, tmp_path: Path) -> None:
    every_day(house, 2, lying=2)
    for archive in (tmp_path / "store").rglob("*.dump"):
        archive.unlink()
    report = reports(house).health()
    assert not report.all_well
    assert [gone.doubt_sentence for gone in report.databases[0].doubted] == [
        "Its archive is not in the storage."
    ] * 2
    assert report.databases[0].newest_rows is None


def test_with_the_storage_down_it_comes_and_says_what_it_could_not_see(
    ledger_url: str, tmp_path: Path
) -> None:
    silent = (
        'url = "s3://shop"\nendpoint_url = "http://127.0.0.1:1"\nregion = "us-east-1"\n'
        'access_key_env = "TEST_KEY"\nsecret_key_env = "TEST_KEY"\nread_timeout = "1s"'
    )
    with open_house(plan(silent, TEST_KEY="x"), ledger_url, tmp_path) as house:
        every_day(house, 3, lying=0)
        report = reports(house).health()
    assert [len(report.databases), len(report.not_seen), report.databases[0].doubted] == [1, 1, ()]
    assert report.not_seen[0].startswith("The storage could not be looked at")
    assert not report.all_well


def test_a_database_that_was_just_removed_is_named_and_stops_nothing(ledger_url: str, tmp_path: Path) -> None:
    both = {"shop": SHOP, "yard": ""}
    with open_house(plan(folder_storage(tmp_path / "store"), both), ledger_url, tmp_path) as before:
        every_day(before, 2)
        stored(before, NOW - HOUR, "yard", lying=True)
        fire(before)
    with open_house(plan(folder_storage(tmp_path / "store")), ledger_url, tmp_path) as house:
        showing = reports(house).showing("2026-11-22T08:00Z", "opened")
        assert showing is not None
        assert isinstance(showing.view, HealthReport)
        assert (showing.view.removed, [s.database for s in showing.view.databases]) == (["yard"], ["shop"])
        assert showing.view.all_well
        with pytest.raises(NotFoundError):
            reports(house).on_demand(OMAR, "yard")


def fire(house: House, at: datetime = NOW) -> str | None:
    schedule = due.find(house.configuration, "house/report")
    assert schedule is not None
    with borrowed(house.pool) as connection:
        return house.health_reports.post(Fire(schedule, at, connection, CLOCK))


def test_a_due_time_leaves_one_message_and_its_thread_however_often(house: House) -> None:
    assert [fire(house), fire(house)] == ["report:2026-11-22T08:00Z"] * 2
    with borrowed(house.pool) as connection:
        waiting = outbox.waiting(connection)
    assert [(row.topic, row.stage, row.channel) for row in waiting] == [
        ("report", "opened", "C0OPS"),
        ("report", "details", "C0OPS"),
    ]


def test_delivered_late_it_tells_how_things_are_then_until_the_next_is_due(house: House) -> None:
    every_day(house, 2)
    fire(house)
    an_hour_later = reports(house, NOW + HOUR).showing("2026-11-22T08:00Z", "opened")
    assert an_hour_later is not None
    assert isinstance(an_hour_later.view, HealthReport)
    assert (an_hour_later.view.now, an_hour_later.view.part) == (NOW + HOUR, Part.SUMMARY)
    details = reports(house, NOW + HOUR).showing("2026-11-22T08:00Z", "details")
    assert details is not None
    assert details.where == "thread"
    assert details.attach is not None
    assert reports(house, NOW + DAY).showing("2026-11-22T08:00Z", "opened") is None


def test_many_databases_are_reported_without_figures(ledger_url: str, tmp_path: Path) -> None:
    many = {f"shop{n}": "" for n in range(21)}
    with open_house(plan(folder_storage(tmp_path / "store"), many), ledger_url, tmp_path) as house:
        stored(house, NOW - HOUR, "shop20", Kind.CRITICAL, lying=True)
        report = reports(house).health()
    assert all(status.facts is None for status in report.databases)
    assert "`/backup report` with a name" in report.not_seen[0]


def test_home_shows_what_the_role_may_see(house: House) -> None:
    every_day(house, 2)
    home = replace(house.home, clock=lambda: NOW)
    assert [status.database for status in home.of(OMAR).databases] == ["shop"]
    assert home.of(CARL).databases == ()
