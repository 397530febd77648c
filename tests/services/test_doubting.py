"""What is gone or damaged counts nowhere as a backup, and comes back when it is seen again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from bot.app import House
from bot.checks import rules
from bot.core.backup import BackupRecord, Doubt, Kind, SeenBy
from bot.core.restore_test import RestoreTestMessage, StepTimes
from bot.core.verdict import Verdict
from bot.errors import StorageUnavailableError
from bot.ledger import alert_facts, audit, checks, doubts, restore_tests
from bot.ledger.connection import borrowed
from bot.services import health
from bot.services.views import DatabaseStatus
from tests.support.history import proved, stored
from tests.support.house import OMAR, VERA, Plan, back_up, folder_storage, open_house
from tests.support.servers import Database

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
TIMES = StepTimes(60.0, 400.0, 200.0)


@pytest.fixture
def house(ledger_url: str, tmp_path: Path) -> Iterator[House]:
    nowhere = {"shop": "postgresql://postgres@127.0.0.1:1/none"}
    plan = Plan(nowhere, {"shop": 'rpo = "26h"'}, folder_storage(tmp_path / "store"))
    with open_house(plan, ledger_url, tmp_path) as opened:
        yield opened


@pytest.fixture
def two(house: House) -> tuple[BackupRecord, BackupRecord]:
    """The older and the newer backup, both there, the newer one proved."""
    older = stored(house, NOW - 2 * DAY, lying=True)
    newer = stored(house, NOW - HOUR, lying=True)
    proved(house, newer, NOW - HOUR / 2, TIMES)
    return older, newer


def status(house: House) -> DatabaseStatus:
    with borrowed(house.pool) as connection:
        return health.standing(connection, house.sources, ["shop"], NOW)[0]


def counted(house: House) -> tuple[str | None, int, bool, bool, str | None]:
    """The newest data, how many are kept, whether proved, whether the RPO holds, what alerts go by."""
    found = status(house)
    assert found.facts is not None
    with borrowed(house.pool) as connection:
        facts = alert_facts.stored(connection, ["shop"])["shop"][Kind.FULL]
    return (
        found.newest_rows.id if found.newest_rows else None,
        found.facts.kept.backups,
        found.proved_at is not None,
        not found.breaks_rpo(NOW),
        facts[0].id if facts else None,
    )


def hide(tmp_path: Path, record: BackupRecord) -> None:
    assert record.archive_key
    (tmp_path / "store" / record.archive_key).rename(tmp_path / record.id)


def bring_back(tmp_path: Path, record: BackupRecord) -> None:
    assert record.archive_key
    shutil.move(tmp_path / record.id, tmp_path / "store" / record.archive_key)


def test_one_that_is_gone_counts_nowhere_until_it_is_seen_again(
    house: House, two: tuple[BackupRecord, BackupRecord], tmp_path: Path
) -> None:
    older, newer = two
    assert counted(house) == (newer.id, 2, True, True, newer.id)
    hide(tmp_path, newer)
    house.alerts.evaluate()
    assert counted(house) == (older.id, 1, False, False, older.id)
    assert [(one.id, one.goodness) for one in status(house).doubted] == [(newer.id, "gone")]
    shown = {record.id: record for record in house.backups.recent(VERA, "shop").records}
    assert (shown[newer.id].goodness, shown[older.id].goodness) == ("gone", "stored")
    assert shown[newer.id].doubt_sentence == "Its archive is not in the storage."
    assert shown[newer.id].doubted_by == "a look at the storage"
    bring_back(tmp_path, newer)
    house.alerts.apply(house.alerts._look_at_storage(datetime.now(UTC)), datetime.now(UTC))
    assert counted(house) == (newer.id, 2, True, True, newer.id)
    assert status(house).doubted == ()
    with borrowed(house.pool) as connection:
        told = [event.action for event in audit.recent(connection, subject=f"backup:{newer.id}")]
    assert told[:2] == ["backup.back", "backup.gone"]


def test_a_look_goes_on_until_one_is_there(
    house: House, two: tuple[BackupRecord, BackupRecord], tmp_path: Path
) -> None:
    older, newer = two
    oldest = stored(house, NOW - 3 * DAY, lying=True)
    hide(tmp_path, newer)
    hide(tmp_path, older)
    house.alerts.evaluate()
    assert counted(house)[0] == oldest.id
    assert [a.key for a in house.alert_desk.open_alerts() if a.rule == "witness"] == [
        f"witness:shop/{newer.id}"
    ]


def test_the_report_sees_for_itself(
    house: House, two: tuple[BackupRecord, BackupRecord], tmp_path: Path
) -> None:
    older, newer = two
    hide(tmp_path, newer)
    report = house.health_reports.on_demand(VERA, "shop")
    assert report.databases[0].newest_rows is not None
    assert report.databases[0].newest_rows.id == older.id
    assert not report.all_well
    assert counted(house)[0] == older.id


@pytest.mark.parametrize("seen_by", [SeenBy.CHECK, SeenBy.RESTORE_TEST])
def test_one_that_is_damaged_counts_nowhere_though_it_lies_there(
    house: House, two: tuple[BackupRecord, BackupRecord], seen_by: SeenBy
) -> None:
    older, newer = two
    with borrowed(house.pool) as connection:
        assert doubts.mark(connection, newer.id, Doubt.DAMAGED, "The bytes differ.", seen_by)
        assert not doubts.mark(connection, newer.id, Doubt.DAMAGED, "Something else.", SeenBy.LOOK)
    house.alerts.evaluate()  # lying there in its size disproves nothing
    assert counted(house) == (older.id, 1, False, False, older.id)
    assert [(one.goodness, one.doubt_sentence) for one in status(house).doubted] == [
        ("damaged", "The bytes differ.")
    ]
    with borrowed(house.pool) as connection:
        doubts.was_read(connection, newer.id, datetime.now(UTC))
    still = seen_by is SeenBy.RESTORE_TEST
    assert (counted(house)[0] == older.id) is still
    with borrowed(house.pool) as connection:
        doubts.was_proved(connection, newer.id, datetime.now(UTC))
    assert counted(house)[0] == newer.id


def test_latest_for_a_restore_test_is_the_newest_that_is_there(
    house: House, two: tuple[BackupRecord, BackupRecord]
) -> None:
    older, newer = two
    with borrowed(house.pool) as connection:
        doubts.mark(connection, newer.id, Doubt.DAMAGED, "The bytes differ.", SeenBy.CHECK)
        picked = house.restore_tests._pick(connection, "latest", "shop", Kind.FULL)
        assert picked.id == newer.id
        doubts.mark(connection, newer.id, Doubt.GONE, "The archive is gone.", SeenBy.CHECK)
        assert house.restore_tests._pick(connection, "latest", "shop", Kind.FULL).id == older.id
    assert house.backups.show(OMAR, newer.id).record.goodness == "gone"


@pytest.fixture
def shop(fresh_database: Database, ledger_url: str, tmp_path: Path) -> Iterator[House]:
    """One with a database to back up, and a real archive of it."""
    with psycopg.connect(fresh_database.url, autocommit=True) as connection:
        connection.execute("create table one as select generate_series(1, 1000) as n")
    plan = Plan({"shop": fresh_database.url}, {"shop": ""}, folder_storage(tmp_path / "store"))
    with open_house(plan, ledger_url, tmp_path) as opened:
        yield opened


def checked(house: House, record: BackupRecord) -> BackupRecord:
    """The backup after it was fetched back and read."""
    check = house.backups.begin_check(OMAR, record.id)
    house.checker.run(check.check_id, lambda _: None)
    return house.backups.show(OMAR, record.id).record


def test_a_check_takes_a_backup_out_and_brings_it_back(shop: House, tmp_path: Path) -> None:
    record = back_up(shop, "shop")
    archive = tmp_path / "store" / str(record.archive_key)
    whole = archive.read_bytes()
    archive.write_bytes(whole[:-9] + b"something")
    damaged = checked(shop, record)
    assert (damaged.goodness, damaged.doubted_by) == ("damaged", "a check")
    assert "bytes" in damaged.doubt_sentence
    archive.unlink()
    gone = checked(shop, record)
    assert (gone.goodness, gone.doubt_sentence) == ("gone", "The archive is gone from storage.")
    archive.write_bytes(whole)
    assert checked(shop, record).goodness == "checked"


@pytest.mark.parametrize(
    ("rule", "goodness"),
    [("ARCHIVE_MISSING", "gone"), ("ROWS_MISSING", "damaged"), ("RTO_EXCEEDED", "stored")],
)
def test_a_restore_test_takes_a_backup_out_for_what_is_the_backups_fault(
    house: House, two: tuple[BackupRecord, BackupRecord], rule: str, goodness: str
) -> None:
    _, newer = two

    def end(result: restore_tests.Result) -> str:
        with borrowed(house.pool) as connection:
            test = restore_tests.insert(
                connection, backup_id=newer.id, asked_for="latest full", way="everything", actor=OMAR
            )
            assert restore_tests.claim(connection, test.id, "a1", 60)
        assert house.outcomes.tested(house.restore_tests.message(test.id), "a1", result)
        return house.backups.show(OMAR, newer.id).record.goodness

    assert end(restore_tests.Result(Verdict.FAIL, [rules.finding(rule)])) == goodness
    assert end(restore_tests.Result(Verdict.COULD_NOT_VERIFY, [rules.finding("CANCELLED")])) == goodness
    assert end(restore_tests.Result(Verdict.PASS, archive_sha256="ab" * 32, times=TIMES)) == "proved"


def begun(house: House, record: BackupRecord) -> RestoreTestMessage:
    """A restore test that is under way from now on."""
    with borrowed(house.pool) as connection:
        test = restore_tests.insert(
            connection, backup_id=record.id, asked_for="latest full", way="everything", actor=OMAR
        )
        assert restore_tests.claim(connection, test.id, "a1", 60)
    return house.restore_tests.message(test.id)


def mark(house: House, record: BackupRecord, doubt: Doubt, seen_by: SeenBy = SeenBy.CHECK) -> None:
    with borrowed(house.pool) as connection:
        assert doubts.mark(connection, record.id, doubt, "Not in order.", seen_by)


@pytest.mark.parametrize("doubt", list(Doubt))
def test_a_proof_says_nothing_against_what_was_seen_while_it_ran(
    house: House, two: tuple[BackupRecord, BackupRecord], doubt: Doubt
) -> None:
    _, newer = two
    test = begun(house, newer)
    mark(house, newer, doubt)
    passed = restore_tests.Result(Verdict.PASS, archive_sha256="ab" * 32, times=TIMES)
    assert house.outcomes.tested(test, "a1", passed)
    assert house.backups.show(OMAR, newer.id).record.goodness == doubt.value
    assert house.outcomes.tested(begun(house, newer), "a1", passed)
    assert house.backups.show(OMAR, newer.id).record.goodness == "proved"


@pytest.mark.parametrize("doubt", list(Doubt))
def test_a_check_says_nothing_against_what_was_seen_while_it_ran(
    house: House, two: tuple[BackupRecord, BackupRecord], doubt: Doubt
) -> None:
    older, _ = two
    with borrowed(house.pool) as connection:
        check = checks.insert(connection, backup_id=older.id, actor=OMAR)
        assert checks.claim(connection, check.id, "a1", 60)
        message = checks.message(connection, check.id)
    assert message
    mark(house, older, doubt)
    house.outcomes.checked(message, "a1", verdict=Verdict.PASS, findings=[], read_through=None)
    assert house.backups.show(OMAR, older.id).record.goodness == doubt.value


@pytest.mark.parametrize("doubt", list(Doubt))
def test_a_look_says_nothing_against_what_was_seen_after_it_began(
    house: House, two: tuple[BackupRecord, BackupRecord], doubt: Doubt
) -> None:
    _, newer = two
    mark(house, newer, doubt, SeenBy.LOOK)
    before = house.backups.show(OMAR, newer.id).record
    with borrowed(house.pool) as connection:
        doubts.was_proved(connection, newer.id, datetime.now(UTC))
    mark(house, newer, doubt, SeenBy.LOOK)
    assert house._doubting.look(before)
    assert house.backups.show(OMAR, newer.id).record.goodness == doubt.value


def doubted(house: House) -> int:
    with borrowed(house.pool) as connection:
        return len(doubts.can_come_back(connection, "shop", 50))


def test_an_empty_mount_point_marks_nothing(
    house: House, two: tuple[BackupRecord, BackupRecord], tmp_path: Path
) -> None:
    _, newer = two
    (tmp_path / "store").rename(tmp_path / "away")
    (tmp_path / "store").mkdir()
    at = datetime.now(UTC)
    for minutes in (0, 16, 32):
        house.alerts.evaluate(at + timedelta(minutes=minutes))
    told = {alert.rule: alert.sentence for alert in house.alert_desk.open_alerts()}
    assert "is it mounted, is it the right bucket?" in told["storage-away"]
    assert "witness" not in told
    report = house.health_reports.on_demand(VERA, "shop")
    assert any("is it mounted" in sentence for sentence in report.not_seen)
    assert doubted(house) == 0
    assert counted(house)[:2] == (newer.id, 2)


@pytest.mark.parametrize("left", ["its manifest", "another's manifest"])
def test_anything_of_ours_shows_that_it_is_our_store(
    house: House, two: tuple[BackupRecord, BackupRecord], tmp_path: Path, left: str
) -> None:
    older, newer = two
    kept = newer if left == "its manifest" else older
    for record in two:
        hide(tmp_path, record)
        if record is not kept:
            (tmp_path / "store" / str(record.manifest_key)).unlink()
    assert not house._doubting.look(newer)
    assert house.backups.show(OMAR, newer.id).record.goodness == "gone"
    # What is known to be gone is asked for no more, and what was ours shows nothing once it is gone, too.
    (tmp_path / "store" / str(kept.manifest_key)).unlink()
    with pytest.raises(StorageUnavailableError, match="holds none of the backups"):
        house._doubting.look(older)
    assert house.backups.show(OMAR, older.id).record.goodness == "stored"


def test_a_check_of_an_empty_mount_point_could_not_verify(shop: House, tmp_path: Path) -> None:
    record = back_up(shop, "shop")
    (tmp_path / "store").rename(tmp_path / "away")
    (tmp_path / "store").mkdir()
    check = shop.backups.begin_check(OMAR, record.id)
    ended = shop.checker.run(check.check_id, lambda _: None)
    assert ended.verdict is Verdict.COULD_NOT_VERIFY
    assert "is it mounted" in ended.findings[0]
    assert shop.backups.show(OMAR, record.id).record.goodness == "stored"


def test_those_that_are_truly_lost_keep_no_other_from_being_looked_at(house: House) -> None:
    records = [stored(house, NOW - number * HOUR) for number in range(6)]
    for record in records:
        mark(house, record, Doubt.GONE)
    waiting = {record.id for record in records}
    for _ in range(1000):  # drawn by lot: the chance to miss one of them is below 10 to the minus 120
        with borrowed(house.pool) as connection:
            drawn = [record.id for record in doubts.can_come_back(connection, "shop", 2)]
        assert len(set(drawn)) == 2
        assert records[0].id in drawn
        waiting.difference_update(drawn)
        if not waiting:
            return
    raise AssertionError(f"never looked at: {waiting}")


def test_a_proof_of_what_is_gone_is_said_to_be_lost(
    house: House, two: tuple[BackupRecord, BackupRecord], tmp_path: Path
) -> None:
    older, newer = two
    assert (status(house).lost_proof, status(house).provable) == (None, False)
    hide(tmp_path, newer)
    house.alerts.evaluate()
    assert status(house).lost_proof is Doubt.GONE
    proved(house, older, NOW - DAY, TIMES)  # another proof stands: none is lost
    assert status(house).lost_proof is None
    with borrowed(house.pool) as connection:
        assert doubts.mark(connection, older.id, Doubt.DAMAGED, "The bytes differ.", SeenBy.CHECK)
    assert status(house).lost_proof is Doubt.GONE  # what became of the newer proof


def test_where_a_proof_can_be_had_it_is_missed(ledger_url: str, tmp_path: Path) -> None:
    nowhere = {"shop": "postgresql://postgres@127.0.0.1:1/none"}
    plan = Plan(nowhere, {"shop": 'staging_url_env = "SOMEWHERE"'}, folder_storage(tmp_path / "store"))
    with open_house(plan, ledger_url, tmp_path) as opened:
        assert status(opened).provable
