"""What is broken on purpose while a restore test runs: the right verdict, and nothing left over."""

from __future__ import annotations

import os
import re
import tempfile
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from bot.app import House
from bot.core.restore_test import RestoreTestMessage, Step
from bot.core.verdict import Verdict
from bot.errors import ConfigurationError, NotAllowedError, UserError
from bot.ledger import audit
from bot.sandbox.embedded.servers import EmbeddedServers
from bot.services import fetching, proving
from tests.support import restore_program
from tests.support.bad_days import STAGED, deaf_server, expire_leases, held_at, rules_of
from tests.support.forked import Forked
from tests.support.gates import Gate, gated_runner
from tests.support.house import (
    OMAR,
    VERA,
    Plan,
    back_up,
    environ_of,
    folder_storage,
    open_house,
    prove,
    s3_environ,
    s3_storage,
)
from tests.support.proxy import Fault, faulty_proxy
from tests.support.s3 import S3Server
from tests.support.servers import Database

pytestmark = pytest.mark.faults

NOBODY = "postgresql://postgres:hunter2@127.0.0.1:1/postgres"


@pytest.fixture(autouse=True)
def own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What is left in the system's temporary folder is this test's own."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


def archive(folder: Path) -> Path:
    return next((folder / "store").rglob("*.dump"))


# --- staging ---------------------------------------------------------------------------------------


def test_staging_that_is_down(make_house: Callable[..., House]) -> None:
    house = make_house(staging=NOBODY)
    record = back_up(house, "shop")
    message = prove(house)
    assert (message.test.verdict, rules_of(message)) == (Verdict.COULD_NOT_VERIFY, {"TARGET_UNAVAILABLE"})
    assert house.backups.message(record.id).record.goodness == "stored"
    assert "hunter2" not in repr(message)


def test_staging_that_is_read_only(
    make_house: Callable[..., House], embedded: EmbeddedServers, on_staging: Callable[[], list[str]]
) -> None:
    house = make_house(staging=embedded.staging_url + "?options=-cdefault_transaction_read_only%3Don")
    back_up(house, "shop")
    message = prove(house)
    assert (message.test.verdict, rules_of(message)) == (Verdict.COULD_NOT_VERIFY, {"TARGET_UNAVAILABLE"})
    assert on_staging() == []


@pytest.mark.parametrize("connections", [0, 1])
def test_staging_with_too_few_connections(
    make_house: Callable[..., House],
    embedded: EmbeddedServers,
    on_staging: Callable[[], list[str]],
    connections: int,
) -> None:
    with psycopg.connect(embedded.staging.conninfo("postgres"), autocommit=True) as admin:
        admin.execute("drop role if exists crowded")
        admin.execute(
            f"create role crowded login createdb createrole connection limit {connections} password 'hunter2'".encode()
        )
        try:
            house = make_house(staging=re.sub(r"//[^@]+@", "//crowded:hunter2@", embedded.staging_url))
            back_up(house, "shop")
            with ExitStack() as others:
                for _ in range(connections):  # somebody else has them all
                    address = re.sub(r"//[^@]+@", "//crowded:hunter2@", embedded.staging_url)
                    others.enter_context(psycopg.connect(address))
                message = prove(house)
            assert message.test.verdict is Verdict.COULD_NOT_VERIFY
            assert "TARGET_UNAVAILABLE" in rules_of(message)
            assert on_staging() == []
        finally:
            admin.execute("drop role crowded")


def test_staging_that_is_the_source_or_the_ledger_is_refused(
    make_house: Callable[..., House], shop: Database
) -> None:
    """By its address, and by what it says of itself under another name."""
    for address in (shop.url, shop.url.replace("127.0.0.1", "localhost")):
        house = make_house(staging=address)
        back_up(house, "shop")
        message = prove(house)
        assert (message.test.verdict, rules_of(message)) == (
            Verdict.COULD_NOT_VERIFY,
            {"TARGET_UNAVAILABLE"},
        )
        assert "lies on" in message.test.findings[0].sentence
    with psycopg.connect(shop.admin_url) as connection:
        row = connection.execute(
            "select count(*) from pg_database where datname like 'sparewheel_test_%'"
        ).fetchone()
    assert row == (0,)


def test_no_staging_server_is_said_at_once(shop: Database, ledger_url: str, tmp_path: Path) -> None:
    plan = Plan({"shop": shop.url}, {"shop": ""}, folder_storage(tmp_path / "store"))
    with open_house(plan, ledger_url, tmp_path) as house:
        back_up(house, "shop")
        with pytest.raises(ConfigurationError, match="no staging server"):
            prove(house)


# --- storage ---------------------------------------------------------------------------------------


def test_storage_that_goes_away_half_way(
    make_house: Callable[..., House], s3: S3Server, bucket: str, on_staging: Callable[[], list[str]]
) -> None:
    with faulty_proxy(s3.endpoint) as proxy:
        house = make_house(storage=s3_storage(s3, bucket, proxy.endpoint), environ=s3_environ(s3))
        record = back_up(house, "shop")
        proxy.decide = lambda method, path: (
            Fault.SERVER_ERROR if method == "GET" and ".dump" in path else Fault.NONE
        )
        message = prove(house)
    assert (message.test.verdict, rules_of(message)) == (Verdict.COULD_NOT_VERIFY, {"FETCH_FAILED"})
    assert house.backups.message(record.id).record.goodness == "stored"
    assert on_staging() == []


def test_credentials_that_may_only_read_are_used_for_reading(
    make_house: Callable[..., House], s3: S3Server, bucket: str
) -> None:
    reader = '\n[storage.reader]\naccess_key_env = "READER_KEY"\nsecret_key_env = "READER_SECRET"'
    environ = {**s3_environ(s3), "READER_KEY": s3.access_key, "READER_SECRET": "wrong-hunter2"}
    house = make_house(storage=s3_storage(s3, bucket) + reader, environ=environ)
    back_up(house, "shop")
    message = prove(house)
    assert (message.test.verdict, rules_of(message)) == (Verdict.COULD_NOT_VERIFY, {"FETCH_FAILED"})


def test_an_archive_that_was_deleted_meanwhile(house: House, tmp_path: Path) -> None:
    record = back_up(house, "shop")
    assert prove(house).test.verdict is Verdict.PASS
    asked = house.restore_tests.request(OMAR)
    archive(tmp_path).unlink()
    message = house.restore_tester.run(asked.test.id, lambda _: None)
    assert (message.test.verdict, rules_of(message)) == (Verdict.FAIL, {"ARCHIVE_MISSING"})
    assert house.backups.message(record.id).record.goodness == "gone"


def test_bytes_that_changed_are_never_restored(
    house: House, tmp_path: Path, on_staging: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(house, "shop")
    data = archive(tmp_path).read_bytes()
    archive(tmp_path).write_bytes(data[:-1000] + bytes([data[-1000] ^ 1]) + data[-999:])
    monkeypatch.setattr("bot.postgres.restoring.restore", lambda *_a, **_k: pytest.fail("restored"))
    message = prove(house)
    assert (message.test.verdict, rules_of(message)) == (Verdict.FAIL, {"ARCHIVE_HASH_DIFFERS"})
    assert on_staging() == []


def test_a_disk_that_is_too_small_is_said_beforehand_with_the_number(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(house, "shop")
    monkeypatch.setattr(fetching, "_MARGIN_BYTES", 1 << 60)
    monkeypatch.setattr(fetching, "fetch", lambda *_a, **_k: pytest.fail("fetched"))
    message = prove(house)
    assert (message.test.verdict, rules_of(message)) == (Verdict.COULD_NOT_VERIFY, {"DISK_TOO_SMALL"})
    assert "1,152.9 PB" in message.test.findings[0].sentence


def test_a_proof_that_cannot_be_written_is_said(
    make_house: Callable[..., House], s3: S3Server, bucket: str
) -> None:
    with faulty_proxy(s3.endpoint) as proxy:
        house = make_house(storage=s3_storage(s3, bucket, proxy.endpoint), environ=s3_environ(s3))
        back_up(house, "shop")
        proxy.decide = lambda method, path: (
            Fault.SERVER_ERROR if method == "PUT" and "/proofs/" in path else Fault.NONE
        )
        message = prove(house)
    assert (message.test.verdict, message.test.proof_key) == (Verdict.PASS, None)
    assert "PROOF_NOT_KEPT" in {finding.rule for finding in message.test.findings}


# --- dying -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [Step.FETCHING, Step.PREPARING, Step.RESTORING, Step.CHECKING, Step.TIDYING])
def test_killed_at_each_step_it_is_ended_and_cleared_up(
    shop: Database,
    embedded: EmbeddedServers,
    ledger_url: str,
    tmp_path: Path,
    own_temporary_folder: Path,
    on_staging: Callable[[], list[str]],
    step: Step,
) -> None:
    plan = Plan(
        {"shop": shop.url},
        {"shop": STAGED},
        folder_storage(tmp_path / "store"),
        {"TEST_STAGING": embedded.staging_url},
    )
    with open_house(plan, ledger_url, tmp_path) as house:
        record = back_up(house, "shop")
        asked = house.restore_tests.request(OMAR)
        environ = {**os.environ, **environ_of(plan, ledger_url, tmp_path)}
        with Forked(restore_program.main, asked.test.id, step.name, environ=environ) as process:
            assert process.stdout.readline() == "reached\n"
            process.kill()
        left = on_staging()
        # TIDYING begins before anything is dropped; before PREPARING there is nothing to drop.
        assert bool(left) is (step not in (Step.FETCHING, Step.PREPARING))
        assert house.reaper.sweep() == 0  # the lease still runs: whoever holds it may be alive
        expire_leases(ledger_url)
        assert house.reaper.sweep() == 1
        message = house.restore_tests.message(asked.test.id)
        assert (message.test.verdict, rules_of(message)) == (Verdict.COULD_NOT_VERIFY, {"TEST_BROKE_OFF"})
        assert (on_staging(), message.test.scratch) == ([], None)
        assert [path for path in own_temporary_folder.rglob("*") if path.is_file()] == []
        assert house.backups.message(record.id).record.goodness == "stored"


def test_a_living_tests_folder_is_not_swept(own_temporary_folder: Path) -> None:
    with fetching.folder() as folder:
        (folder / "archive.dump").write_bytes(b"x")
        assert fetching.sweep() == 0
        assert (folder / "archive.dump").exists()
    assert list(own_temporary_folder.rglob("*.dump")) == []


def test_after_a_fail_the_scratch_database_is_kept_and_dropped_later(
    make_house: Callable[..., House], ledger_url: str, on_staging: Callable[[], list[str]]
) -> None:
    wrong = '[[databases.shop.checks]]\nname = "none"\nsql = "select count(*) from loads"\nexpect = "== 0"'
    house = make_house(extra=f'restore_test.keep_failed = "2h"\n{wrong}')
    back_up(house, "shop")
    message = prove(house)
    assert message.test.verdict is Verdict.FAIL, rules_of(message)
    assert message.test.scratch == f"sparewheel_test_{message.test.id}"
    house.reaper.sweep()
    assert message.test.scratch in on_staging()
    with psycopg.connect(ledger_url, autocommit=True) as connection:
        connection.execute("update sparewheel.restore_test set kept_until = now() - interval '1 second'")
    house.reaper.sweep()
    assert (on_staging(), house.restore_tests.message(message.test.id).test.scratch) == ([], None)


def test_a_staging_server_that_is_away_is_not_asked_at_every_sweep(
    make_house: Callable[..., House], ledger_url: str
) -> None:
    """Two scratch databases are due there: it is called once, and not again before its time has come."""
    with deaf_server() as (port, calls), psycopg.connect(ledger_url, autocommit=True) as connection:
        house = make_house(staging=f"postgresql://postgres:hunter2@127.0.0.1:{port}/postgres")
        back_up(house, "shop")
        for _ in range(2):
            prove(house)
        connection.execute(
            "update sparewheel.restore_test set scratch = 'sparewheel_test_' || id, kept_until = now()"
        )
        calls.clear()
        house.reaper.sweep()
        assert len(calls) == 1
        house.reaper.sweep()
        assert len(calls) == 1
        connection.execute("update sparewheel.restore_test set kept_until = now()")
        house.reaper.sweep()
        assert len(calls) == 2


# --- people, and several at once -------------------------------------------------------------------


def test_two_tests_at_once(house: House, on_staging: Callable[[], list[str]]) -> None:
    back_up(house, "shop")
    asked = [house.restore_tests.request(OMAR).test.id for _ in range(2)]
    ended: list[RestoreTestMessage] = []
    threads = [
        threading.Thread(target=lambda i=i: ended.append(house.restore_tester.run(i, lambda _: None)))
        for i in asked
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert [message.test.verdict for message in ended] == [Verdict.PASS] * 2
    assert on_staging() == []


def test_a_test_during_a_backup_of_the_same_database(house: House) -> None:
    back_up(house, "shop")
    gate = Gate()
    asked = house.backups.request(OMAR, kind=house.backups.recent(OMAR).records[0].kind, database="shop")
    thread = threading.Thread(target=lambda: gated_runner(house, gate).run(asked.record.id, lambda _: None))
    thread.start()
    try:
        assert gate.reached.wait(60)
        assert prove(house).test.verdict is Verdict.PASS
    finally:
        gate.opened.set()
        thread.join(60)
    assert house.backups.message(asked.record.id).record.state == "stored"


@pytest.mark.parametrize("step", [Step.FETCHING, Step.PREPARING, Step.RESTORING, Step.CHECKING])
def test_a_cancel_ends_it_and_leaves_nothing(
    house: House, on_staging: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch, step: Step
) -> None:
    record = back_up(house, "shop")
    asked = house.restore_tests.request(OMAR)
    ended: list[RestoreTestMessage] = []
    with held_at(step, monkeypatch) as (reached, go):
        thread = threading.Thread(
            target=lambda: ended.append(house.restore_tester.run(asked.test.id, lambda _: None))
        )
        thread.start()
        assert reached.wait(60)
        assert house.restore_tests.cancel(OMAR, record.id[:4]).was_queued is False
        if step is Step.PREPARING:  # nothing is made for somebody who has said stop
            monkeypatch.setattr(proving.scratch, "create", lambda *_, **__: pytest.fail("it was made"))
        go.set()
        thread.join(120)
    assert (ended[0].test.verdict, rules_of(ended[0])) == (Verdict.COULD_NOT_VERIFY, {"CANCELLED"})
    assert "U0OMAR" in ended[0].test.findings[0].sentence
    assert on_staging() == []
    assert house.backups.message(record.id).record.goodness == "stored"


def test_a_waiting_test_is_cancelled_at_once_and_never_run(house: House) -> None:
    back_up(house, "shop")
    asked = house.restore_tests.request(OMAR)
    view = house.restore_tests.cancel(OMAR)
    assert (view.was_queued, view.message.test.verdict) == (True, Verdict.COULD_NOT_VERIFY)
    assert house.restore_tester.run(asked.test.id, lambda _: None).test.started_at is None
    with pytest.raises(UserError, match="over already"):
        house.restore_tests.cancel(OMAR, asked.test.id)


def test_who_may_not_is_refused_and_written_down(house: House) -> None:
    back_up(house, "shop")
    with pytest.raises(NotAllowedError):
        house.restore_tests.request(VERA)
    with house.pool.connection() as connection:
        assert audit.recent(connection)[0].action == "access.refused"
        assert audit.verify(connection).whole


def test_no_password_anywhere(
    house: House, embedded: EmbeddedServers, ledger_url: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    secret = str(psycopg.conninfo.conninfo_to_dict(embedded.staging_url)["password"])
    caplog.set_level("DEBUG")
    back_up(house, "shop")
    asked = house.restore_tests.request(OMAR)
    with held_at(Step.CHECKING, monkeypatch) as (reached, go):
        thread = threading.Thread(target=lambda: house.restore_tester.run(asked.test.id, lambda _: None))
        thread.start()
        assert reached.wait(60)
        go.set()
        thread.join(120)
    seen = [repr(house.restore_tests.message(asked.test.id)), caplog.text]
    seen += [path.read_text() for path in (tmp_path / "store").rglob("*.json")]
    with psycopg.connect(ledger_url) as connection:
        for table in ("restore_test", "audit_event", "outbox", "procrastinate_jobs"):
            seen += [str(row) for row in connection.execute(f"select * from sparewheel.{table}".encode())]
    assert not [text for text in seen if secret in text]
