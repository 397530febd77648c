"""What is broken on purpose while a backup is asked for or runs: a clear sentence, and nothing half-done."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bot.app import House
from bot.core.backup import BackupRecord, Kind, State
from bot.errors import LedgerUnavailableError, NotAllowedError
from bot.ledger import audit
from bot.services.backups import read_manifest
from bot.services.measuring import Measuring
from bot.services.outcomes import Outcomes
from tests.support.gates import Gate, gated_runner
from tests.support.house import (
    CARL,
    OMAR,
    VERA,
    Plan,
    back_up,
    folder_storage,
    open_house,
    s3_environ,
    s3_storage,
)
from tests.support.proxy import Fault, Proxy, faulty_proxy
from tests.support.s3 import S3Server
from tests.support.servers import (
    Database,
    debian15,
    debian15_is_missing,
    empty_database,
    traversable_folder,
)

pytestmark = pytest.mark.faults

HARD_NAMES = (
    "Robert'); DROP TABLE students;--",
    "../../etc",
    'with "quotes"',
    "with spaces",
    "🛞 spare wheel",
    "a*b?[c]",
    "Loads",
    "loads",
    "line\nbreak",
)


def execute(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


@pytest.fixture
def some_rows(fresh_database: Database) -> Database:
    """A table whose dump is several pipes long: whoever reads it can be stopped in the middle."""
    execute(
        fresh_database.url,
        "create table public.wide (id bigint primary key, body text not null)",
        "insert into public.wide select n, md5(n::text) || md5((n * 7)::text) || md5((n * 13)::text)"
        " from generate_series(1, 120000) n",
        "create table public.empty (id bigint primary key)",
    )
    return fresh_database


@pytest.fixture
def make_house(ledger_url: str, tmp_path: Path) -> Iterator[Callable[..., House]]:
    """`make_house(url, extra, storage=…)`: a house with one database `shop`."""
    opened: list[Any] = []

    def make(url: str, extra: str = "", *, storage: str = "", environ: dict[str, str] | None = None) -> House:
        plan = Plan(
            {"shop": url}, {"shop": extra}, storage or folder_storage(tmp_path / "store"), environ or {}
        )
        context = open_house(plan, ledger_url, tmp_path)
        opened.append(context)
        return context.__enter__()

    yield make
    for context in opened:
        context.__exit__(None, None, None)


@pytest.fixture
def house(some_rows: Database, make_house: Callable[..., House]) -> House:
    return make_house(some_rows.url)


def nothing_is_there(folder: Path) -> bool:
    """No archive, no manifest, no temporary."""
    return not [path for path in folder.rglob("*") if path.is_file()]


@contextmanager
def running(house: House, kind: Kind = Kind.FULL) -> Iterator[tuple[Gate, BackupRecord, list[BackupRecord]]]:
    """A backup held in the middle of its dump; the list has its end once the block is left."""
    gate, ended = Gate(), []
    asked = house.backups.request(OMAR, kind=kind, database="shop")
    runner = gated_runner(house, gate)
    thread = threading.Thread(target=lambda: ended.append(runner.run(asked.record.id, lambda _: None)))
    thread.start()
    try:
        assert gate.reached.wait(60), "the dump never began"
        yield gate, asked.record, ended
    finally:
        gate.opened.set()
        thread.join(60)
    assert not thread.is_alive()


# --- before the dump -------------------------------------------------------------------------------


def wrong_password(url: str) -> str:
    before, _, rest = url.partition("://")
    user, _, place = rest.partition(":")
    return f"{before}://{user}:wrong-hunter2@{place.partition('@')[2]}"


def test_a_wrong_password(fresh_database: Database, make_house: Callable[..., House], tmp_path: Path) -> None:
    record = back_up(make_house(wrong_password(fresh_database.url)), "shop")
    assert (record.state, record.error_rule) == (State.FAILED, "login-refused")
    assert "hunter2" not in repr(record)
    assert nothing_is_there(tmp_path / "store")


def test_a_host_that_is_down(make_house: Callable[..., House]) -> None:
    record = back_up(make_house("postgresql://postgres:hunter2@127.0.0.1:1/postgres"), "shop")
    assert (record.state, record.error_rule) == (State.FAILED, "unreachable")
    assert "127.0.0.1" in str(record.error_sentence)
    assert "hunter2" not in repr(record)


def test_an_address_that_is_not_set(make_house: Callable[..., House]) -> None:
    house = make_house("")
    record = back_up(house, "shop")
    assert (record.state, record.error_rule) == (State.FAILED, "configuration")
    assert "TEST_URL_SHOP" in str(record.error_sentence)


def test_an_empty_database_is_no_backup(
    fresh_database: Database, make_house: Callable[..., House], tmp_path: Path
) -> None:
    record = back_up(make_house(fresh_database.url), "shop")
    assert (record.state, record.error_rule) == (State.FAILED, "table-missing")
    assert "no tables" in str(record.error_sentence)
    assert nothing_is_there(tmp_path / "store")


def test_tables_without_a_row_are_stored_with_a_warning(
    fresh_database: Database, make_house: Callable[..., House]
) -> None:
    execute(fresh_database.url, "create table public.nothing (id int)")
    record = back_up(make_house(fresh_database.url), "shop")
    assert (record.state, record.row_count, record.table_count) == (State.STORED, 0, 1)
    assert any("empty" in warning for warning in record.warnings)


def test_a_configured_table_that_is_not_there_names_the_nearest(
    some_rows: Database, make_house: Callable[..., House]
) -> None:
    record = back_up(make_house(some_rows.url, 'critical = ["widee"]'), "shop")
    assert (record.state, record.error_rule) == (State.FAILED, "table-missing")
    assert "wide" in str(record.error_sentence)


def test_a_table_that_may_not_be_read_is_left_out_by_name(
    some_rows: Database, make_house: Callable[..., House]
) -> None:
    execute(
        some_rows.admin_url, "create table public.vault (s text)", "revoke all on public.vault from public"
    )
    house = make_house(some_rows.url)
    record = back_up(house, "shop")
    assert record.state is State.STORED, record.error_detail
    assert any("public.vault" in line for line in record.omitted)
    assert "vault" not in {t.name for t in read_manifest(house.store, record).tables}


def test_a_configured_table_that_may_not_be_read_fails_the_backup(
    some_rows: Database, make_house: Callable[..., House]
) -> None:
    execute(
        some_rows.admin_url, "create table public.vault (s text)", "revoke all on public.vault from public"
    )
    record = back_up(make_house(some_rows.url, 'critical = ["vault"]'), "shop")
    assert (record.state, record.error_rule) == (State.FAILED, "rights")
    assert "public.vault" in str(record.error_sentence)
    assert "GRANT" in str(record.error_next_step)


def test_row_security_without_bypass_fails_where_the_table_is_configured(
    some_rows: Database, make_house: Callable[..., House]
) -> None:
    execute(
        some_rows.admin_url,
        "create table public.secret (s text)",
        "insert into public.secret values ('a')",
        "alter table public.secret enable row level security",
        "drop role if exists reader_without_bypass",
        "create role reader_without_bypass login password 'pw-hunter2'",
        "grant usage on schema public to reader_without_bypass",
        "grant select on all tables in schema public to reader_without_bypass",
    )
    reader = "reader_without_bypass:pw-hunter2@" + some_rows.url.rpartition("@")[2]
    house = make_house(f"postgresql://{reader}", 'critical = ["secret"]')
    record = back_up(house, "shop")
    assert (record.state, record.error_rule) == (State.FAILED, "rights")
    assert "public.secret" in str(record.error_sentence)
    assert "BYPASSRLS" in str(record.error_next_step)


def test_hard_names_come_through(fresh_database: Database, make_house: Callable[..., House]) -> None:
    quoted = ['"' + name.replace('"', '""') + '"' for name in HARD_NAMES]
    execute(fresh_database.url, *(f"create table public.{q} as select 1 as one" for q in quoted))
    house = make_house(fresh_database.url, 'fingerprints = "all"')
    record = back_up(house, "shop")
    assert record.state is State.STORED, (record.error_sentence, record.error_detail)
    tables = {t.name: t for t in read_manifest(house.store, record).tables}
    assert set(HARD_NAMES) <= set(tables)
    assert all(tables[name].rows == 1 and tables[name].fingerprint for name in HARD_NAMES)


# --- while it dumps --------------------------------------------------------------------------------


def test_truncate_and_drop_wait_for_the_dump(house: House, some_rows: Database) -> None:
    with running(house) as (_, _, ended):
        for statement in (b"truncate public.wide", b"drop table public.wide"):
            with psycopg.connect(some_rows.url, autocommit=True) as other:
                other.execute("set lock_timeout = '200ms'")
                with pytest.raises(psycopg.errors.LockNotAvailable):
                    other.execute(statement)
    assert (ended[0].state, ended[0].row_count) == (State.STORED, 120000)


def test_the_server_goes_away_mid_dump(make_house: Callable[..., House], tmp_path: Path) -> None:
    if reason := debian15_is_missing():
        pytest.skip(reason)
    with traversable_folder() as folder, debian15(folder) as server, empty_database(server) as database:
        url = database.url
        execute(
            url,
            "create table public.wide as select n, md5(n::text) || md5((n * 7)::text) as body"
            " from generate_series(1, 200000) n",
        )
        with running(make_house(url)) as (_, _, ended):
            server.cluster.stop()
        server.cluster.start()  # for whoever drops the database
        assert ended[0].state is State.FAILED
        assert ended[0].error_rule in ("unreachable", "dump-failed", "snapshot-lost")
        assert "hunter2" not in repr(ended[0])
        assert nothing_is_there(tmp_path / "store")


def test_a_locked_table_is_named_after_the_timeout(
    some_rows: Database, make_house: Callable[..., House]
) -> None:
    house = make_house(some_rows.url, 'lock_timeout = "0.3s"')
    with psycopg.connect(some_rows.url) as migration:
        migration.execute("lock table public.wide in access exclusive mode")
        record = back_up(house, "shop")
    assert (record.state, record.error_rule) == (State.FAILED, "lock-timeout")
    assert "public.wide" in str(record.error_sentence)


def test_a_cancel_ends_the_run_and_leaves_nothing(house: House, tmp_path: Path) -> None:
    with running(house) as (_, record, ended):
        assert house.backups.cancel(OMAR, record.id).was_queued is False
        # The pulse reports the end even while the run sits in a write that does not return.
        waited = threading.Event()
        for _ in range(600):
            if house.backups.message(record.id).record.state is State.CANCELLED:
                break
            waited.wait(0.05)
        assert house.backups.message(record.id).record.state is State.CANCELLED
    assert ended[0].state is State.CANCELLED
    assert ended[0].cancel_requested_by == OMAR.user
    assert nothing_is_there(tmp_path / "store")


def test_a_waiting_backup_is_cancelled_at_once(house: House) -> None:
    asked = house.backups.request(OMAR, kind=Kind.FULL, database="shop")
    view = house.backups.cancel(OMAR, asked.record.id)
    assert (view.was_queued, view.record.state) == (True, State.CANCELLED)
    assert house.runner.run(asked.record.id, lambda _: None).state is State.CANCELLED


def test_a_cancel_reaches_a_run_that_waits_for_a_lock(
    some_rows: Database, make_house: Callable[..., House]
) -> None:
    house = make_house(some_rows.url, 'lock_timeout = "120s"')
    with psycopg.connect(some_rows.url) as migration:
        migration.execute("lock table public.wide in access exclusive mode")
        asked = house.backups.request(OMAR, kind=Kind.FULL, database="shop")
        ended: list[BackupRecord] = []
        thread = threading.Thread(
            target=lambda: ended.append(house.runner.run(asked.record.id, lambda _: None))
        )
        thread.start()
        pause = threading.Event()
        while not _waits_for_a_lock(some_rows):
            pause.wait(0.05)
        house.backups.cancel(OMAR, asked.record.id)
        thread.join(60)
        assert not thread.is_alive()
    assert ended[0].state is State.CANCELLED


def _waits_for_a_lock(database: Database, mode: str = "AccessShareLock") -> bool:
    with psycopg.connect(database.admin_url) as connection:
        row = connection.execute(
            "select count(*) from pg_locks where not granted and mode = %s", [mode]
        ).fetchone()
    return bool(row and row[0])


def test_two_people_ask_at_the_same_moment(house: House) -> None:
    with running(house) as (_, first, ended):
        second = house.backups.request(VERA_AS_OPERATOR, kind=Kind.FULL, database="shop")
        assert second.ahead == 1
        untouched = house.runner.run(second.record.id, lambda _: None)
        assert untouched.state is State.QUEUED
    assert ended[0].state is State.STORED
    after = house.runner.run(second.record.id, lambda _: None)
    assert after.state is State.STORED
    assert {first.id, after.id} == {r.id for r in house.backups.recent(OMAR).records}


VERA_AS_OPERATOR = type(OMAR)("T0TEST", "U0OLGA", OMAR.source, OMAR.roles)


# --- storage ---------------------------------------------------------------------------------------


@pytest.fixture
def proxied(s3: S3Server) -> Iterator[Proxy]:
    with faulty_proxy(s3.endpoint) as proxy:
        yield proxy


def unfinished(s3: S3Server, bucket: str) -> list[Any]:
    uploads = s3.client().list_multipart_uploads(Bucket=bucket).get("Uploads", [])
    objects = s3.client().list_objects_v2(Bucket=bucket).get("Contents", [])
    return [*uploads, *objects]


@pytest.mark.parametrize(
    ("fault", "rule"), [(Fault.SERVER_ERROR, "storage-unavailable"), (Fault.FULL, "storage-full")]
)
def test_storage_that_fails_under_the_upload(
    some_rows: Database, make_house: Callable[..., House], s3: S3Server, bucket: str, proxied: Proxy,
    fault: Fault, rule: str,
) -> None:  # fmt: skip
    house = make_house(
        some_rows.url, storage=s3_storage(s3, bucket, proxied.endpoint), environ=s3_environ(s3)
    )
    proxied.decide = lambda method, path: fault if method == "PUT" and "partNumber" in path else Fault.NONE
    record = back_up(house, "shop")
    assert (record.state, record.error_rule) == (State.FAILED, rule)
    assert not unfinished(s3, bucket)


def test_a_bucket_that_is_not_there(
    some_rows: Database, make_house: Callable[..., House], s3: S3Server
) -> None:
    house = make_house(some_rows.url, storage=s3_storage(s3, "no-such-bucket"), environ=s3_environ(s3))
    record = back_up(house, "shop")
    assert (record.state, record.error_rule) == (State.FAILED, "storage-missing")


def test_refused_credentials(
    some_rows: Database, make_house: Callable[..., House], s3: S3Server, bucket: str
) -> None:
    environ = {**s3_environ(s3), "TEST_SECRET_KEY": "wrong-hunter2"}
    record = back_up(make_house(some_rows.url, storage=s3_storage(s3, bucket), environ=environ), "shop")
    assert (record.state, record.error_rule) == (State.FAILED, "storage-refused")
    assert "hunter2" not in repr(record)


def test_an_archive_whose_manifest_cannot_be_written_is_removed(
    some_rows: Database, make_house: Callable[..., House], s3: S3Server, bucket: str, proxied: Proxy
) -> None:
    house = make_house(
        some_rows.url, storage=s3_storage(s3, bucket, proxied.endpoint), environ=s3_environ(s3)
    )
    proxied.decide = lambda method, path: (
        Fault.SERVER_ERROR if method == "PUT" and "/manifests/" in path else Fault.NONE
    )
    record = back_up(house, "shop")
    assert (record.state, record.error_rule) == (State.FAILED, "storage-unavailable")
    assert not unfinished(s3, bucket)


# --- dying -----------------------------------------------------------------------------------------


def expire_leases(ledger_url: str) -> None:
    execute(
        ledger_url,
        "update sparewheel.backup_log set lease_until = now() - interval '1 second' where state = 'running'",
    )


class _PowerCutError(BaseException):
    """Ends a run as kill -9 does: no handler of ours runs."""


def test_a_run_that_died_mid_dump_is_failed_and_cleared_up(
    house: House, ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: object) -> None:
        raise _PowerCutError

    monkeypatch.setattr("bot.services.archiving.Archiver._store", cut)
    with pytest.raises(_PowerCutError):
        back_up(house, "shop")
    assert not nothing_is_there(tmp_path / "store")
    expire_leases(ledger_url)
    assert house.reaper.sweep() == 1
    record = house.backups.recent(OMAR).records[0]
    assert (record.state, record.error_rule) == (State.FAILED, "run-stopped")
    assert nothing_is_there(tmp_path / "store")
    assert house.reaper.sweep() == 0


def test_a_run_that_died_after_its_manifest_is_kept(
    house: House, ledger_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: object) -> None:
        raise _PowerCutError

    with monkeypatch.context() as patch:
        patch.setattr("bot.services.outcomes.Outcomes.stored", cut)
        with pytest.raises(_PowerCutError):
            back_up(house, "shop")
    expire_leases(ledger_url)
    assert house.reaper.sweep() == 1
    record = house.backups.recent(OMAR).records[0]
    assert record.state is State.STORED
    asked = house.backups.request_check(OMAR, record.id)
    assert house.checker.run(asked.check_id, lambda _: None).verdict == "PASS"


def test_a_run_whose_last_answer_was_lost_keeps_what_it_stored(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Outcomes._end_once
    lost: list[str] = []

    def lose_the_first_answer(self: Outcomes, ending: Any) -> bool:
        written = real(self, ending)
        if ending.action == "backup.stored" and not lost:
            lost.append(ending.subject)
            raise LedgerUnavailableError("the commit took effect, and nobody heard of it")
        return written

    monkeypatch.setattr(Outcomes, "_end_once", lose_the_first_answer)
    record = back_up(house, "shop")
    assert lost
    assert record.state is State.STORED
    assert archives(tmp_path / "store")


def test_a_run_that_slept_through_its_lease_keeps_what_the_reaper_kept(
    house: House, ledger_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Outcomes.stored

    def after_the_reaper(self: Outcomes, *args: Any) -> bool:
        monkeypatch.setattr(Outcomes, "stored", real)
        expire_leases(ledger_url)
        assert house.reaper.sweep() == 1
        return real(self, *args)

    monkeypatch.setattr(Outcomes, "stored", after_the_reaper)
    record = back_up(house, "shop")
    assert record.state is State.STORED
    asked = house.backups.request_check(OMAR, record.id)
    assert house.checker.run(asked.check_id, lambda _: None).verdict == "PASS"


def test_a_ledger_that_stays_away_at_the_end_leaves_all_to_the_reaper(
    house: House, ledger_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> bool:
        raise LedgerUnavailableError("away")

    with monkeypatch.context() as patch:
        patch.setattr("bot.services.outcomes.Outcomes._end_once", away)
        patch.setattr("bot.services.outcomes._PATIENCE_SECONDS", 0.0)
        assert back_up(house, "shop").state is State.RUNNING
    expire_leases(ledger_url)
    assert house.reaper.sweep() == 1
    assert house.backups.recent(OMAR).records[0].state is State.STORED


def test_a_dead_run_without_a_manifest_is_failed_though_storage_is_away_and_cleared_later(
    house: House, ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: object) -> None:
        raise _PowerCutError

    with monkeypatch.context() as patch:
        patch.setattr("bot.services.archiving.Archiver._store", cut)
        with pytest.raises(_PowerCutError):
            back_up(house, "shop")
    expire_leases(ledger_url)
    (tmp_path / "store").rename(tmp_path / "elsewhere")
    assert house.reaper.sweep() == 1
    assert house.backups.recent(OMAR).records[0].state is State.FAILED
    (tmp_path / "elsewhere").rename(tmp_path / "store")
    assert not nothing_is_there(tmp_path / "store")
    execute(ledger_url, "update sparewheel.backup_log set finished_at = finished_at - interval '1 hour'")
    house.reaper.sweep()
    assert nothing_is_there(tmp_path / "store")


def test_a_cancelled_run_that_dies_in_its_upload_is_cleared_later(
    house: House, ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: object) -> str:
        raise _PowerCutError

    with monkeypatch.context() as patch:
        patch.setattr("bot.services.run_backup.BackupRunner._clear_up", cut)
        patch.setattr("bot.storage.filesystem_upload.FolderUpload.abort", lambda _: None)
        asked = house.backups.request(OMAR, kind=Kind.FULL, database="shop")
        gate = Gate()
        stopped: list[type[BaseException]] = []

        def run() -> None:
            try:
                gated_runner(house, gate).run(asked.record.id, lambda _: None)
            except _PowerCutError:
                stopped.append(_PowerCutError)

        thread = threading.Thread(target=run)
        thread.start()
        assert gate.reached.wait(60)
        house.backups.cancel(OMAR, asked.record.id)
        gate.opened.set()
        thread.join(60)
        assert stopped
    assert house.backups.message(asked.record.id).record.state is State.CANCELLED
    assert not nothing_is_there(tmp_path / "store")
    execute(ledger_url, "update sparewheel.backup_log set finished_at = finished_at - interval '1 hour'")
    house.reaper.sweep()
    assert nothing_is_there(tmp_path / "store")


def test_no_progress_is_drawn_once_the_end_is_written(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow redraw that outlives the run would cover the verdict, with a Cancel button for ever."""
    monkeypatch.setattr("bot.services.pulse._BEAT_SECONDS", 0.02)
    ended = threading.Event()
    late: list[State] = []
    real = Outcomes._end_once

    def note(self: Outcomes, ending: Any) -> bool:
        ended.set()
        return real(self, ending)

    def slow(record: BackupRecord) -> None:
        threading.Event().wait(0.5)
        if ended.is_set():
            late.append(record.state)

    monkeypatch.setattr(Outcomes, "_end_once", note)
    asked = house.backups.request(OMAR, kind=Kind.FULL, database="shop")
    assert house.runner.run(asked.record.id, slow).state is State.STORED
    assert not late


def test_a_fenced_out_run_removes_what_it_wrote(house: House, ledger_url: str, tmp_path: Path) -> None:
    with running(house) as (_, _, ended):
        expire_leases(ledger_url)
        house.reaper.sweep()
    assert ended[0].state is State.FAILED
    assert nothing_is_there(tmp_path / "store")


# --- checks ----------------------------------------------------------------------------------------


def archives(folder: Path) -> list[Path]:
    return list(folder.rglob("*.dump"))


@pytest.mark.parametrize("damage", ["flip", "cut", "remove", "manifest"])
def test_a_check_finds_damage(house: House, tmp_path: Path, damage: str) -> None:
    record = back_up(house, "shop")
    archive = archives(tmp_path / "store")[0]
    data = archive.read_bytes()
    if damage == "flip":
        archive.write_bytes(data[:-1000] + bytes([data[-1000] ^ 1]) + data[-999:])
    elif damage == "cut":
        archive.write_bytes(data[: len(data) // 2])
    elif damage == "remove":
        archive.unlink()
    else:
        next((tmp_path / "store").rglob("*.json")).unlink()
    asked = house.backups.request_check(OMAR, record.id)
    done = house.checker.run(asked.check_id, lambda _: None)
    assert done.verdict == "FAIL"
    assert done.findings
    assert house.backups.message(record.id).record.goodness == "stored"


def test_storage_that_is_away_is_no_pass_and_no_fail(house: House, tmp_path: Path) -> None:
    record = back_up(house, "shop")
    asked = house.backups.request_check(OMAR, record.id)
    (tmp_path / "store").rename(tmp_path / "elsewhere")
    done = house.checker.run(asked.check_id, lambda _: None)
    assert done.verdict == "COULD NOT VERIFY"
    assert done.findings


# --- people and secrets ----------------------------------------------------------------------------


@pytest.mark.parametrize("actor", [VERA, CARL])
def test_who_may_not_is_refused_and_written_down(house: House, actor: Any) -> None:
    with pytest.raises(NotAllowedError):
        house.backups.request(actor, kind=Kind.FULL, database="shop")
    with house.pool.connection() as connection:
        events = audit.recent(connection)
        assert events[0].action == "access.refused"
        assert audit.verify(connection).whole
    assert not house.backups.recent(OMAR).records


def test_no_password_anywhere(
    some_rows: Database, make_house: Callable[..., House], ledger_url: str, tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    secret = psycopg.conninfo.conninfo_to_dict(some_rows.url)["password"]
    assert isinstance(secret, str)
    caplog.set_level("DEBUG")
    house = make_house(some_rows.url)
    seen: list[str] = []
    with running(house) as (_, _, ended):
        processes = subprocess.run(["ps", "axww", "-o", "args"], capture_output=True, text=True, check=True)
        seen.append(processes.stdout)
        assert "pg_dump" in processes.stdout
    seen += [repr(ended[0]), repr(house), caplog.text]
    seen += [path.read_text() for path in (tmp_path / "store").rglob("*.json")]
    with psycopg.connect(ledger_url) as connection:
        for table in ("backup_log", "audit_event", "outbox", "procrastinate_jobs"):
            seen += [str(row) for row in connection.execute(f"select * from sparewheel.{table}".encode())]
    assert not [text for text in seen if secret in text]


def test_a_migration_that_queues_up_mid_dump_does_not_fail_the_backup(
    some_rows: Database, make_house: Callable[..., House], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its ACCESS EXCLUSIVE waits for our locks, and readers that come later wait behind it."""
    house = make_house(some_rows.url, 'lock_timeout = "2s"\nfingerprints = "all"')
    altered, queued = threading.Event(), threading.Event()
    count = Measuring._measure

    def count_after_it_queued(self: Measuring, connection: Any, relation: Any) -> None:
        if relation.table.name == "empty":
            assert queued.wait(60)
        count(self, connection, relation)

    monkeypatch.setattr(Measuring, "_measure", count_after_it_queued)

    def alter() -> None:
        execute(some_rows.url, "alter table public.empty add column late int")
        altered.set()

    with running(house) as (_, _, ended):
        migration = threading.Thread(target=alter)
        migration.start()
        pause = threading.Event()
        while not _waits_for_a_lock(some_rows, "AccessExclusiveLock"):
            pause.wait(0.05)
        queued.set()
        assert not altered.is_set()
    migration.join(60)
    assert altered.is_set()
    assert (ended[0].state, ended[0].error_sentence) == (State.STORED, None)
