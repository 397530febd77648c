"""Alerts on a real ledger and a real storage: told once, kept true, and never ended by not looking."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from threading import Barrier

import pytest

from bot.app import House
from bot.core.alert_words import utc
from bot.core.alerts import Alert, Condition, Severity, State, What
from bot.core.backup import Kind
from bot.core.people import Action, Actor, Role, Source
from bot.core.reply import Showing
from bot.core.restore_test import StepTimes
from bot.core.schedules import Schedule
from bot.errors import LedgerUnavailableError, NotAllowedError, NotFoundError, UserError
from bot.ledger import alerts as ledger
from bot.ledger import audit, backups, outbox
from bot.ledger.connection import borrowed
from bot.services import due, silences
from bot.services.alert_facts import Gatherer
from bot.services.alert_views import AlertLine, AlertMessage
from bot.services.alerts import EVALUATED, Alerts, Seen
from bot.services.fires import Fire
from bot.settings import AlertSettings
from tests.ledger import support
from tests.support import history
from tests.support.house import CARL, OMAR, VERA, Plan, folder_storage, open_house

NOW = datetime.now(UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SHOP = 'rpo = "24h"\n[databases.shop.schedules.daily]\nkind = "full"\ncron = "0 2 * * *"'
BAD = Condition("rpo:shop", "rpo", Severity.CRITICAL, "shop", "Too old.", "Back up.")
LOOKED: set[tuple[str, str | None]] = {("rpo", "shop")}


@pytest.fixture(autouse=True)
def of_this_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ledger's own times are of now, and the suite may have been collected long ago."""
    monkeypatch.setitem(globals(), "NOW", datetime.now(UTC))


@pytest.fixture
def house(ledger_url: str, tmp_path: Path) -> Iterator[House]:
    nowhere = "postgresql://nobody@127.0.0.1:1/none"
    plan = Plan({"shop": nowhere}, {"shop": SHOP}, folder_storage(tmp_path / "store"))
    with open_house(plan, ledger_url, tmp_path) as opened:
        yield opened


def told(house: House) -> list[Alert]:
    return house.alert_desk.open_alerts()


def keys(house: House) -> set[str]:
    return {alert.key for alert in told(house)}


def stages(house: House) -> list[str]:
    with borrowed(house.pool) as connection:
        return [row.stage for row in outbox.waiting(connection) if row.topic == "alert"]


def store_backup(house: House, age: timedelta = HOUR) -> None:
    history.stored(house, NOW - age, lying=True)


def hear_a_worker(house: House, at: datetime | None = None) -> None:
    with borrowed(house.pool) as connection:
        connection.execute("delete from procrastinate_workers")
        connection.execute("insert into procrastinate_workers (last_heartbeat) values (%s)", [(at or NOW)])


def look(house: House, at: datetime | None = None) -> None:
    """One evaluation of many, with a worker that lives."""
    with borrowed(house.pool) as connection:
        ledger.mark(connection, silences.LOOKED, (at or NOW) - MINUTE)
    look_after_a_silence(house, at)


def look_after_a_silence(house: House, at: datetime | None = None) -> None:
    """An evaluation after whatever time since the last."""
    hear_a_worker(house, (at or NOW))
    house.alerts.evaluate(at or NOW)


def see(house: House, at: datetime | None = None, *conditions: Condition) -> None:
    house.alerts.apply(Seen(list(conditions), LOOKED), (at or NOW))


def test_an_alert_is_one_message_and_its_history(house: House) -> None:
    see(house, NOW, BAD)
    see(house, NOW + MINUTE, BAD)
    assert stages(house) == ["opened"]
    see(house, NOW + 31 * MINUTE, BAD)
    (alert,) = told(house)
    house.alert_desk.acknowledge(OMAR, alert.id, NOW + 32 * MINUTE)
    see(house, NOW + 33 * MINUTE)
    see(house, NOW + 39 * MINUTE)
    assert told(house) == []
    changes = [f"{kind}:{n}" for n in (2, 3, 4) for kind in ("change", "history")]
    assert stages(house) == ["opened", *changes]
    with borrowed(house.pool) as connection:
        found = [event.what for event in ledger.events(connection, alert.id)]
        trail = [event.action for event in audit.recent(connection, subject=f"alert:{alert.id}")]
    assert found == [What.OPENED, What.ESCALATED, What.ACKNOWLEDGED, What.RESOLVED]
    assert trail == [f"alert.{what}" for what in reversed(found)]


def test_a_newest_backup_that_failed_its_check_is_told_although_an_older_one_counts(house: House) -> None:
    store_backup(house, 9 * HOUR)
    store_backup(house)
    with borrowed(house.pool) as connection:
        connection.execute(
            "update backup_log set checked_at = now(), check_ok = false, damaged_at = now(),"
            " damaged_why = $$Other bytes.$$, damaged_seen_by = $$check$$"
            " where snapshot_at = (select max(snapshot_at) from backup_log)"
        )
    look(house)
    (alert,) = [alert for alert in told(house) if alert.rule == "check-failed"]
    assert "did not pass its check" in alert.sentence
    with borrowed(house.pool) as connection:  # as a restore test that passes does
        connection.execute(
            "update backup_log set damaged_at = null, damaged_why = null, damaged_seen_by = null"
        )
    for minute in (1, 8, 9):
        look(house, NOW + minute * MINUTE)
    assert "check-failed" not in {alert.rule for alert in told(house)}


def test_what_was_not_looked_at_stays_as_it_is(house: House) -> None:
    see(house, NOW, BAD)
    for minute in range(1, 30):
        house.alerts.apply(Seen([], {("rpo", "yard"), ("stale", "shop")}), NOW + minute * MINUTE)
    assert [alert.missing_since for alert in told(house)] == [None]


def test_clocks_that_look_at_once_open_one_alert(house: House) -> None:
    gate = Barrier(6)

    def one(_: int) -> None:
        gate.wait(30)
        see(house, NOW, BAD)

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(one, range(6)))
    assert len(told(house)) == 1
    assert stages(house) == ["opened"]


def test_of_two_clocks_with_the_same_step_one_tells(house: House) -> None:
    see(house, NOW, BAD)
    late = NOW + 31 * MINUTE
    gate = Barrier(6)

    def one(_: int) -> None:
        gate.wait(30)
        see(house, late, BAD)

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(one, range(6)))
    assert stages(house) == ["opened", "change:2", "history:2"]


def test_a_database_that_was_removed_ends_its_alert(house: House) -> None:
    see(house, NOW, BAD)
    (alert,) = told(house)
    empty = house.configuration.model_copy(update={"databases": {}})
    older = replace(house.alerts, configuration=empty)
    for minute in range(1, 10):  # while a new configuration is rolled out, one clock knows it, one does not
        older.apply(Seen(), NOW + minute * MINUTE)
        see(house, NOW + minute * MINUTE, BAD)
    assert stages(house) == ["opened"]
    for minute in (10, 15):
        older.apply(Seen(), NOW + minute * MINUTE)
    with borrowed(house.pool) as connection:
        over = ledger.get(connection, alert.id)
    assert (over.state, str(over.resolution)) == (State.RESOLVED, "not-configured")


def test_a_maintenance_window_holds_back_warnings(house: House) -> None:
    asked: list[tuple[str, str]] = []

    def covers(database: str, rule: str, now: datetime) -> bool:
        del now
        asked.append((database, rule))
        return True

    held: Alerts = replace(house.alerts, held_back=covers)
    note = replace(BAD, key="slow:shop/1", rule="slow", severity=Severity.WARNING)
    held.apply(Seen([note, BAD], LOOKED), NOW)
    assert keys(house) == {"rpo:shop"}
    assert ("shop", "slow") in asked
    house.alerts.apply(Seen([note, BAD], LOOKED), NOW + MINUTE)
    assert keys(house) == {"rpo:shop", "slow:shop/1"}


def test_a_fresh_installation_is_quiet_until_its_first_backup_was_due(house: House) -> None:
    look(house)
    assert keys(house) == set()
    look(house, NOW + 40 * HOUR)  # past the next two o'clock and its grace
    assert keys(house) == {"no-backup:shop"}


def test_a_backup_that_stopped_coming_is_stale_at_every_hour(house: House) -> None:
    store_backup(house)
    look(house)
    assert not {"rpo:shop", "stale:shop/daily"} & keys(house)
    look(house, NOW + 26 * HOUR)
    assert "rpo:shop" in keys(house)
    for hours in range(33, 60):  # within the grace of the next one, the ones before it are still owed
        look(house, NOW + hours * HOUR)
        assert "stale:shop/daily" in keys(house)


def test_a_backup_is_owed_only_when_its_grace_is_over(house: House) -> None:
    due = NOW.replace(hour=2, minute=0, second=0, microsecond=0) + timedelta(days=3)
    look(house, due - 26 * HOUR)
    history.stored(house, due - 23 * HOUR, lying=True)
    look(house, due + 5 * HOUR)
    assert "stale:shop/daily" not in keys(house)
    look(house, due + 7 * HOUR)
    assert "stale:shop/daily" in keys(house)


def test_what_is_due_every_hour_is_stale_though_its_grace_is_longer(house: House) -> None:
    gatherer = house.alerts.gatherer
    hourly = house.configuration.databases["shop"].schedules["daily"].model_copy(update={"cron": "0 * * * *"})
    databases = {
        "shop": house.configuration.databases["shop"].model_copy(update={"schedules": {"h": hourly}})
    }
    gatherer.configuration = house.configuration.model_copy(update={"databases": databases})
    store_backup(house)
    look(house)
    look(house, NOW + 7 * HOUR)
    assert "stale:shop/h" in keys(house)


def test_a_failure_stands_until_a_success(house: House) -> None:
    with borrowed(house.pool) as connection:
        record = support.running(connection, database="shop")
        error = UserError("The server went away.", next_step="Look at it.")
        assert backups.mark_failed(connection, record.id, "a1", error)
    look(house)
    (alert,) = told(house)
    assert alert.key == "backup-failed:shop/full"
    assert record.id in alert.sentence
    assert "The server went away." in alert.sentence
    store_backup(house, timedelta(0))
    look(house, NOW + MINUTE)
    look(house, NOW + 7 * MINUTE)
    assert "backup-failed:shop/full" not in keys(house)


def fail_backup(house: House, kind: Kind) -> None:
    with borrowed(house.pool) as connection:
        record = support.asked(connection, "shop", kind)
        assert backups.claim(connection, record.id, "a1", 60)
        assert backups.mark_failed(connection, record.id, "a1", UserError("Away.", next_step="Look at it."))


def test_one_kinds_failure_does_not_hide_anothers(house: House) -> None:
    fail_backup(house, Kind.FULL)
    look(house)
    fail_backup(house, Kind.CRITICAL)
    for minute in (1, 7, 13):
        look(house, NOW + minute * MINUTE)
    assert keys(house) >= {"backup-failed:shop/full", "backup-failed:shop/critical"}


def test_no_worker_is_an_alert_once_that_lasts(house: House) -> None:
    house.alerts.evaluate(NOW)
    assert keys(house) == set()
    house.alerts.evaluate(NOW + 2 * MINUTE)
    assert keys(house) == {"worker-gone"}
    assert house.alerts.nobody_delivers()


def test_a_queue_that_nobody_takes_up_is_stuck(house: House) -> None:
    see(house, NOW, BAD)  # leaves a job that nobody comes for
    hear_a_worker(house, NOW + 11 * MINUTE)
    house.alerts.evaluate(NOW + 11 * MINUTE)
    assert "queue-stuck:fast" in keys(house)
    assert house.alerts.nobody_delivers()


def test_a_backup_that_no_worker_takes_up_is_stuck_unless_one_is_at_another(house: House) -> None:
    with borrowed(house.pool) as connection:
        house.queue.backup(connection, "b0000001", "shop")
        house.queue.check(connection, "c0000001", "shop")
    hear_a_worker(house)
    with borrowed(house.pool) as connection:
        connection.execute(
            "update procrastinate_jobs set status = 'doing', worker_id = (select id from procrastinate_workers)"
            " where task_name = 'run_check'"
        )
    house.alerts.evaluate(NOW + 11 * MINUTE)
    assert "queue-stuck:slow" not in keys(house)
    with borrowed(house.pool) as connection:  # whoever was at it is gone
        connection.execute("update procrastinate_workers set last_heartbeat = %s", (NOW - 2 * MINUTE,))
    house.alerts.evaluate(NOW + 12 * MINUTE)
    assert "queue-stuck:slow" in keys(house)
    assert not house.alerts.nobody_delivers()


def test_what_waits_behind_another_or_for_its_time_is_not_stuck(house: House) -> None:
    see(house, NOW, BAD)
    with borrowed(house.pool) as connection:  # Slack is away: the first is tried again in an hour
        connection.execute("update procrastinate_jobs set scheduled_at = now() + interval '1 hour'")
    see(house, NOW + 31 * MINUTE, BAD)
    hear_a_worker(house, NOW + 50 * MINUTE)
    house.alerts.evaluate(NOW + 50 * MINUTE)
    assert not any(key.startswith("queue-stuck") for key in keys(house))


def test_a_broken_audit_trail_is_an_alert(house: House) -> None:
    see(house, NOW, BAD)
    with borrowed(house.pool) as connection:
        schedule = Schedule("house/audit-check", "audit-check", "30 4 * * *", "UTC")
        said = house.fires.handlers["audit-check"](Fire(schedule, NOW, connection, OMAR))
    assert said == "1 events, whole"
    assert "audit-broken" not in keys(house)
    with borrowed(house.pool) as connection:
        connection.execute("alter table audit_event disable trigger audit_keep")
        connection.execute("update audit_event set actor = actor || '!'")
        connection.execute("alter table audit_event enable trigger audit_keep")
    assert not house.audit_check.run(NOW).whole
    assert "audit-broken" in keys(house)
    look(house, NOW + HOUR)  # a look at the ledger says nothing about the trail
    look(house, NOW + 2 * HOUR)
    (alert,) = [each for each in told(house) if each.key == "audit-broken"]
    assert alert.level == 3  # the check comes once a day; who must be called is called meanwhile
    with borrowed(house.pool) as connection:
        connection.execute("alter table audit_event disable trigger audit_keep")
        connection.execute("update audit_event set actor = rtrim(actor, '!')")
        connection.execute("alter table audit_event enable trigger audit_keep")
    assert house.audit_check.run(NOW + 24 * HOUR).whole
    assert "audit-broken" not in keys(house)


def test_a_trail_that_nobody_checks_any_more_is_no_open_alert(house: House) -> None:
    broken = Condition("audit-broken", "audit-broken", Severity.CRITICAL, None, "It does not hold.", "Stop.")
    house.alerts.apply(Seen([broken]), NOW)
    look(house, NOW + MINUTE)
    look(house, NOW + HOUR)
    assert "audit-broken" in keys(house)
    never = house.configuration.house.model_copy(update={"audit_check": "never"})
    given_up = replace(house.alerts, configuration=house.configuration.model_copy(update={"house": never}))
    given_up.apply(Seen(), NOW + HOUR + MINUTE)
    given_up.apply(Seen(), NOW + HOUR + 7 * MINUTE)
    assert "audit-broken" not in keys(house)


def test_one_backup_that_is_lost_is_one_alert_whoever_sees_it_first(house: House) -> None:
    lost = Condition("witness:shop/b1", "witness", Severity.CRITICAL, "shop", "Not there.", "Look.")
    failed = replace(lost, key="check-failed:shop/b1", rule="check-failed")
    another = replace(failed, key="check-failed:shop/b2")
    both = {("witness", "shop"), ("check-failed", "shop")}
    house.alerts.apply(Seen([lost], both), NOW)
    house.alerts.apply(Seen([failed, lost, another], both), NOW + MINUTE)
    assert keys(house) == {"witness:shop/b1", "check-failed:shop/b2"}
    for minute in (2, 8, 9):  # the storage finds it again, and the check's verdict still stands
        house.alerts.apply(Seen([failed], both), NOW + minute * MINUTE)
    assert keys(house) == {"check-failed:shop/b1"}
    house.alerts.apply(Seen([lost, failed], both), NOW + 10 * MINUTE)
    assert keys(house) == {"check-failed:shop/b1"}


def test_a_row_that_means_nothing_here_hides_nothing_else(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    backup = history.stored(house, NOW - 3 * HOUR, lying=True)
    history.proved(house, backup, NOW - 2 * HOUR, StepTimes(1.0, 1.0, 1.0))
    with borrowed(house.pool) as connection:
        connection.execute(
            "update restore_test set verdict = 'FAIL',"
            """ findings = '[{"rule": "ROWS_MISSING", "severity": "fail", "sentence": "Rows are missing."}]'"""
        )
    look(house)
    assert "restore-test:shop" in keys(house)
    with borrowed(house.pool) as connection:
        connection.execute(
            """update restore_test set findings = '[{"of the future": 1, "severity": "note"}]'"""
        )
    for hours in (26, 27, 28):
        look(house, NOW + hours * HOUR)
    assert {"rpo:shop", "could-not-look:shop/restore-test", "restore-test:shop"} <= keys(house)
    assert "restore-test" in caplog.text
    with borrowed(house.pool) as connection:
        connection.execute("update restore_test set verdict = 'PASS', findings = '[]'")
    for hours in (29, 30):
        look(house, NOW + hours * HOUR)
    assert not {"could-not-look:shop/restore-test", "restore-test:shop"} & keys(house)


def test_a_database_that_cannot_be_made_out_hides_no_other(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    databases = dict.fromkeys(("shop", "yard"), house.configuration.databases["shop"])
    configuration = house.configuration.model_copy(update={"databases": databases})
    gatherer = Gatherer(configuration)
    alerts = replace(house.alerts, configuration=configuration, gatherer=gatherer)
    hear_a_worker(house)
    alerts.evaluate(NOW)
    last_due = due.last_due

    def cannot(schedule: Schedule, at: datetime) -> datetime | None:
        if schedule.database == "shop":
            raise KeyError("a zone that this machine does not have")
        return last_due(schedule, at)

    monkeypatch.setattr("bot.services.alert_facts.due.last_due", cannot)
    with borrowed(house.pool) as connection:
        ledger.mark(connection, silences.LOOKED, NOW + 40 * HOUR - MINUTE)
    hear_a_worker(house, NOW + 40 * HOUR)
    alerts.evaluate(NOW + 40 * HOUR)
    assert keys(house) == {"no-backup:yard", "could-not-look:shop/the ledger"}


def test_one_alert_that_cannot_be_written_holds_up_no_other(house: House) -> None:
    def breaks(database: str, rule: str, now: datetime) -> bool:
        del database, now
        if rule == "slow":
            raise ZeroDivisionError
        return False

    hear_a_worker(house)
    house.alerts.evaluate(NOW)
    bad = replace(BAD, key="slow:shop/1", rule="slow")
    alerts = replace(house.alerts, held_back=breaks)
    with pytest.raises(ExceptionGroup):
        alerts.apply(Seen([bad, BAD], LOOKED), NOW)
    assert keys(house) == {"rpo:shop"}


def test_after_an_outage_nobody_is_called_before_what_was_missed_can_have_come(house: House) -> None:
    store_backup(house)
    look(house)
    for minutes in (0, 5, 10):
        look_after_a_silence(house, NOW + 40 * HOUR + minutes * MINUTE)
        assert not {"rpo:shop", "stale:shop/daily"} & keys(house)
    look_after_a_silence(house, NOW + 40 * HOUR + 15 * MINUTE)
    assert {"rpo:shop", "stale:shop/daily"} <= keys(house)
    said = [alert.sentence for alert in told(house) if alert.rule in ("rpo", "stale")]
    down = f"No clock was at work from {utc(NOW)} to {utc(NOW + 40 * HOUR)}."
    assert all(sentence.endswith(down) for sentence in said)


def test_an_outage_after_an_outage_gains_no_time(house: House) -> None:
    store_backup(house)
    look(house)
    for minutes in (0, 5, 60):  # it comes up, falls, and comes up again
        look_after_a_silence(house, NOW + 40 * HOUR + minutes * MINUTE)
    assert "rpo:shop" in keys(house)


def test_an_outage_ends_nothing_and_hushes_nothing_that_was_told(house: House) -> None:
    store_backup(house)
    look(house)
    look(house, NOW + 26 * HOUR)
    (alert,) = [each for each in told(house) if each.key == "rpo:shop"]
    look_after_a_silence(house, NOW + 40 * HOUR)
    look_after_a_silence(house, NOW + 40 * HOUR + 6 * MINUTE)
    (same,) = [each for each in told(house) if each.key == "rpo:shop"]
    assert (same.id, same.missing_since) == (alert.id, None)
    assert same.level > alert.level


def test_a_machine_with_a_wrong_clock_looks_by_the_ledgers(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Ahead(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Ahead:
            return cls.fromtimestamp(datetime.now(tz).timestamp() + 3600, tz)

    monkeypatch.setattr("bot.services.alerts.datetime", Ahead)
    house.alerts.evaluate()
    with borrowed(house.pool) as connection:
        assert ledger.marks(connection)[EVALUATED] <= ledger.now(connection)


def test_who_may_look_after_an_alert(house: House) -> None:
    see(house, NOW, BAD)
    (alert,) = told(house)
    for actor in (VERA, CARL):
        with pytest.raises(NotAllowedError):
            house.alert_desk.acknowledge(actor, alert.id)
    with pytest.raises(NotAllowedError):
        house.alert_desk.listing(CARL)
    april = Actor("T0TEST", "U0APRIL", Source.SLACK, frozenset({Role.APPROVER}))
    assert april.may(Action.ACKNOWLEDGE)
    assert house.alert_desk.acknowledge(OMAR, alert.id[:4]).first
    again = house.alert_desk.acknowledge(april, alert.id)
    assert (again.first, again.alert.acknowledged_user) == (False, OMAR.user)
    with pytest.raises(UserError, match="no alert id"):
        house.alert_desk.acknowledge(OMAR, "?!")
    with pytest.raises(NotFoundError):
        house.alert_desk.show(OMAR, "zzzzzzzz")


def test_what_nobody_was_told_of_cannot_be_meant(house: House) -> None:
    see(house, NOW, replace(BAD, after=HOUR))
    with borrowed(house.pool) as connection:
        (waiting,) = ledger.live(connection)
    with pytest.raises(NotFoundError):
        house.alert_desk.show(OMAR, waiting.id)
    assert stages(house) == []


def test_what_the_outbox_shows(house: House) -> None:
    see(house, NOW, BAD)
    see(house, NOW + 31 * MINUTE, BAD)
    (alert,) = told(house)
    opened = house.alert_teller.showing(alert.id, "opened")
    line = house.alert_teller.showing(alert.id, "history:2")
    assert isinstance(opened, Showing)
    assert isinstance(line, Showing)
    assert isinstance(opened.view, AlertMessage)
    assert opened.view.alert.level == 2  # as it is now, not as it was
    assert isinstance(line.view, AlertLine)
    assert (line.where, line.view.event.what) == ("thread", What.ESCALATED)
    assert house.alert_teller.showing("zzzzzzzz", "opened") is None


def test_a_ledger_that_is_away_is_said_so(house: House) -> None:
    house.pool.close()
    with pytest.raises(LedgerUnavailableError):
        house.alerts.evaluate(NOW)


def test_the_settings_are_those_of_the_configuration(house: House) -> None:
    hasty = AlertSettings(escalate_after=(60.0,), remind_every=120.0, hold=0.0)
    configuration = house.configuration.model_copy(update={"alerts": hasty})
    alerts = replace(house.alerts, configuration=configuration)
    for minute in range(4):
        alerts.apply(Seen([BAD], LOOKED), NOW + minute * MINUTE)
    with borrowed(house.pool) as connection:
        (alert,) = ledger.told(connection)
        found = [(event.what, event.level) for event in ledger.events(connection, alert.id)]
    assert found == [(What.OPENED, 1), (What.ESCALATED, 2), (What.REMINDED, 2)]


def test_what_was_over_long_ago_is_forgotten_with_its_history(house: House) -> None:
    long_ago = NOW - 402 * timedelta(days=1)
    other = replace(BAD, key="rpo:shop/2")
    see(house, long_ago, BAD)
    for minute in (1, 7):
        see(house, long_ago + minute * MINUTE)
    see(house, NOW - 380 * timedelta(days=1), BAD)
    for minute in (1, 7):
        see(house, NOW - 380 * timedelta(days=1) + minute * MINUTE)
    see(house, long_ago, other)  # and still so
    schedule = Schedule("house/housekeeping", "housekeeping", "15 4 * * *", "UTC")
    with borrowed(house.pool) as connection:
        house.fires.handlers["housekeeping"](Fire(schedule, NOW, connection, OMAR))
    with borrowed(house.pool) as connection:
        left = connection.execute("select key, state from alert order by key, state").fetchall()
        events = connection.execute("select count(*) as n from alert_event").fetchone()
    assert [(row["key"], row["state"]) for row in left] == [("rpo:shop", "resolved"), ("rpo:shop/2", "open")]
    assert events is not None
    assert events["n"] == 3
    assert len(stages(house)) > 3  # what was posted stays posted
