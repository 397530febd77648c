"""What a schedule's due time begins: once, with its folder, its lateness and what is to follow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from bot.app import House
from bot.core.backup import BackupRecord, State
from bot.errors import NotConfiguredHereError
from bot.ledger import audit, backups, restore_tests
from bot.ledger import schedules as ledger
from bot.ledger.connection import borrowed
from bot.ledger.schedules import FireRecord
from bot.sandbox.embedded.servers import EmbeddedServers
from bot.services import due
from bot.services.heartbeats import Beat
from bot.services.sources import Sources
from bot.slack.views import Surroundings, render
from bot.wiring.clock import clock_of
from bot.wiring.topics import topics_of
from tests.support.clocks import ago, jobs, last_fired, outbox
from tests.support.house import Plan, folder_storage, open_house
from tests.support.servers import Database
from tests.support.watcher import watcher

SCHEDULES = """
staging_url_env = "TEST_STAGING"
[databases.fleet.schedules.weekly]
kind = "full"
cron = "0 2 * * sun"
then = "restore-test"
heartbeat_url_env = "WEEKLY_HEARTBEAT"
[databases.fleet.schedules.structure]
kind = "schema"
cron = "30 3 * * *"
[databases.fleet.schedules.proof]
kind = "restore-test"
cron = "first monday 09:00"
"""
WEEKLY, STRUCTURE, PROOF = "fleet/weekly", "fleet/structure", "fleet/proof"


@pytest.fixture
def house(
    fresh_database: Database, embedded: EmbeddedServers, ledger_url: str, tmp_path: Path
) -> Iterator[House]:
    with psycopg.connect(fresh_database.url) as connection:
        connection.execute("CREATE TABLE drivers AS SELECT n AS id FROM generate_series(1, 50) n")
    plan = Plan(
        {"fleet": fresh_database.url},
        {"fleet": SCHEDULES},
        folder_storage(tmp_path / "archives"),
        {"TEST_STAGING": embedded.staging_url},
    )
    with open_house(plan, ledger_url, tmp_path) as opened:
        yield opened


def fire(house: House, key: str, missed_hours: float = 0.0) -> datetime:
    """Have the clock fire the schedule's last due time; returns it."""
    clock = clock_of(house).firing
    clock.remember()
    schedule = clock.schedules[key]
    at = due.last_due(schedule, datetime.now(UTC) - timedelta(hours=missed_hours))
    assert at is not None
    last_fired(house.pool, key, at - timedelta(seconds=1))
    clock.owed.add(key, [at])
    assert clock.fire() == 1
    return at


def fired(house: House, key: str, at: datetime) -> FireRecord:
    with borrowed(house.pool) as connection:
        found = ledger.get(connection, key, at)
    assert found is not None
    return found


def recent(house: House) -> Sequence[BackupRecord]:
    with borrowed(house.pool) as connection:
        return backups.recent(connection)[0]


def begun(house: House, key: str) -> BackupRecord:
    """The backup that a due time began."""
    at = fire(house, key)
    house.fires.run(key, at)
    (record,) = recent(house)
    return record


def test_a_due_time_begins_one_backup_however_often_its_job_runs(house: House) -> None:
    at = fire(house, WEEKLY)
    for _ in range(3):
        house.fires.run(WEEKLY, at)
    (record,) = recent(house)
    assert (record.schedule, record.due_at, record.lifecycle) == (WEEKLY, at, "weekly")
    assert (record.source, record.requested_user) == ("schedule", WEEKLY)
    assert fired(house, WEEKLY, at).outcome == f"backup:{record.id}"
    assert len(jobs(house.pool, "run_backup")) == 1
    assert outbox(house.pool) == [("backup", record.id, "opened")]


def test_its_archive_lies_where_lifecycle_rules_look_for_it(house: House) -> None:
    weekly = begun(house, WEEKLY)
    done = house.runner.run(weekly.id, lambda _: None)
    assert done.state is State.STORED
    assert str(done.archive_key).startswith("sparewheel/weekly/fleet/full/")


def test_one_that_comes_late_says_so(house: House) -> None:
    record = begun(house, WEEKLY)
    assert record.late_because == "the clock was down"  # it was due on Sunday, and is fired now
    shown = render(house.backups.message(record.id), Surroundings()).text
    assert "Caught up: it was due" in shown
    assert "the clock was down" in shown


def test_a_restore_test_without_a_backup_says_so_in_the_channel(house: House) -> None:
    at = fire(house, PROOF)
    house.fires.run(PROOF, at)
    found = fired(house, PROOF, at)
    assert (found.state, found.outcome) == (
        "failed",
        "There is no stored full backup of fleet yet, so there is nothing to test.",
    )
    subject = f"{PROOF}@{at.isoformat()}"
    assert outbox(house.pool) == [("schedule", subject, "verdict")]
    view = house.schedules.nothing_began(subject)
    assert "There is no stored full backup" in render(view, Surroundings()).text
    with borrowed(house.pool) as connection:
        assert audit.recent(connection)[0].action == "schedule.failed"


def test_what_fails_half_way_leaves_nothing_but_the_reason(house: House) -> None:
    at = fire(house, STRUCTURE)

    def half_way(fire: object) -> str:
        begin = house.fires.handlers["schema"]
        begin(fire)  # type: ignore[arg-type]  # handed through
        raise RuntimeError("something with customers' data in it")

    broken = replace(house.fires, handlers={"schema": half_way})
    broken.run(STRUCTURE, at)
    assert recent(house) == []
    found = fired(house, STRUCTURE, at)
    assert found.state == "failed"
    assert "customers" not in str(found.outcome)


def test_a_schedule_that_is_gone_waits_for_a_newer_worker_and_then_says_so(house: House) -> None:
    at = fire(house, STRUCTURE)
    older = replace(house.fires, schedules={})
    with pytest.raises(NotConfiguredHereError):
        older.run(STRUCTURE, at, last_try=False)
    assert fired(house, STRUCTURE, at).state == "queued"
    older.run(STRUCTURE, at, last_try=True)
    assert fired(house, STRUCTURE, at).outcome == (
        "The schedule fleet/structure is no longer in the configuration."
    )


def test_a_schedule_removed_while_its_backup_runs_lets_it_end(house: House, tmp_path: Path) -> None:
    weekly = begun(house, WEEKLY)
    configured = (tmp_path / "sparewheel.toml").read_text()
    (tmp_path / "sparewheel.toml").write_text(configured.partition("[databases.fleet.schedules.weekly]")[0])
    from bot.app import build

    without = build(house.environment, house.environ)
    try:
        done = without.runner.run(weekly.id, lambda _: None)
        assert done.state is State.STORED
        assert str(done.archive_key).startswith("sparewheel/weekly/")
        assert jobs(house.pool, "follow_up") == []  # nothing follows what is not wanted any more
    finally:
        without.close()


def test_a_stored_backup_is_followed_by_its_restore_test_once(house: House) -> None:
    weekly = begun(house, WEEKLY)
    house.runner.run(weekly.id, lambda _: None)
    (job,) = jobs(house.pool, "follow_up")
    for _ in range(2):
        house.follow_ups.test_backup(job["args"]["backup_id"])
    with borrowed(house.pool) as connection:
        (test,) = restore_tests.unfinished(connection)
    assert (test.backup_id, test.schedule, test.due_at) == (weekly.id, WEEKLY, weekly.due_at)
    assert len(jobs(house.pool, "run_restore_test")) == 1


def test_a_restore_test_that_cannot_follow_is_told_where_the_backup_is(house: House) -> None:
    weekly = begun(house, WEEKLY)
    house.runner.run(weekly.id, lambda _: None)
    assert house.follow_ups.not_followed(weekly.id) is None
    nowhere = replace(house.restore_tests, sources=Sources(house.configuration, {}))
    for _ in range(2):
        replace(house.follow_ups, tests=nowhere).test_backup(weekly.id)
    assert outbox(house.pool)[-1] == ("backup", weekly.id, "not-followed")
    assert len(outbox(house.pool)) == 4
    shown = topics_of(house)["backup"](weekly.id, "not-followed")
    assert shown is not None
    assert shown.where == "thread"
    assert "TEST_STAGING" in render(shown.view, Surroundings()).text


def test_a_failed_backup_is_not_followed(house: House, tmp_path: Path) -> None:
    weekly = begun(house, WEEKLY)
    (tmp_path / "archives").rmdir()
    done = house.runner.run(weekly.id, lambda _: None)
    assert done.state is State.FAILED
    assert jobs(house.pool, "follow_up") == []
    assert [job["args"]["beat"] for job in jobs(house.pool, "ping")] == ["START", "FAIL"]


def test_the_watcher_hears_of_start_and_success_in_their_order(house: House) -> None:
    weekly = begun(house, WEEKLY)
    house.runner.run(weekly.id, lambda _: None)
    pings = jobs(house.pool, "ping")
    assert [job["args"]["beat"] for job in pings] == ["START", "SUCCESS"]
    (lock,) = {job["lock"] for job in pings}
    assert str(lock).startswith("heartbeat:")
    with watcher() as seen:
        told = replace(house.follow_ups, environ={"WEEKLY_HEARTBEAT": f"{seen.url}/uuid"})
        for job in pings:
            told.ping(job["args"]["schedule"], Beat[job["args"]["beat"]])
    assert seen.paths == ["/uuid/start", "/uuid"]


def test_a_heartbeat_without_an_address_is_no_failure(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.follow_ups.ping(WEEKLY, Beat.START)
    assert "WEEKLY_HEARTBEAT is not set" in caplog.text
    house.follow_ups.ping(STRUCTURE, Beat.START)
    house.follow_ups.ping("gone/away", Beat.START)


def test_what_people_ask_for_pings_nobody(house: House) -> None:
    from tests.support.house import back_up

    assert back_up(house, "fleet").state is State.STORED
    assert jobs(house.pool, "ping") == jobs(house.pool, "follow_up") == []


def test_housekeeping_forgets_old_fires_and_keeps_the_newest(house: House) -> None:
    clock = clock_of(house).firing
    clock.remember()
    old, newest = ago(days=300), ago(days=200)
    with borrowed(house.pool) as connection:
        for at in (old, newest):
            assert ledger.fire(connection, STRUCTURE, at, kind="schema", state=ledger.FireState.PAUSED)
    at = fire(house, "house/housekeeping")
    house.fires.run("house/housekeeping", at)
    with borrowed(house.pool) as connection:
        assert ledger.get(connection, STRUCTURE, old) is None
        assert ledger.get(connection, STRUCTURE, newest) is not None
    assert fired(house, "house/housekeeping", at).state == "begun"
