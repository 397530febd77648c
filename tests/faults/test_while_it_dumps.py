"""What happens to the database while it is dumped: the backup is whole, or it is none."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bot.app import House
from bot.core.backup import Format, Kind, State, TableName
from bot.services import archiving
from bot.services.measuring import Measuring
from tests.support.faults import ROWS, child_of_ours, execute, nothing_is_there, running, waits_for_a_lock
from tests.support.house import back_up
from tests.support.servers import Database, debian15, debian15_is_missing, new_database, traversable_folder

pytestmark = pytest.mark.faults


def test_truncate_and_drop_wait_for_the_dump(house: House, some_rows: Database) -> None:
    with running(house) as (_, _, ended):
        for statement in (b"truncate public.wide", b"drop table public.wide"):
            with psycopg.connect(some_rows.url, autocommit=True) as other:
                other.execute("set lock_timeout = '200ms'")
                with pytest.raises(psycopg.errors.LockNotAvailable):
                    other.execute(statement)
    assert (ended[0].state, ended[0].row_count) == (State.STORED, ROWS)


def test_a_truncate_between_the_snapshot_and_the_dump_waits(
    house: House, some_rows: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There only the holder of the snapshot has a lock: neither the count nor pg_dump has begun."""
    refused: list[bool] = []
    begin = archiving._start_measuring

    def after_a_truncate(*arguments: Any) -> Measuring:
        with psycopg.connect(some_rows.url, autocommit=True) as other:
            other.execute("set lock_timeout = '200ms'")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                other.execute("truncate public.wide")
        refused.append(True)
        return begin(*arguments)

    monkeypatch.setattr(archiving, "_start_measuring", after_a_truncate)
    record = back_up(house, "shop")
    assert (record.state, record.row_count, refused) == (State.STORED, ROWS, [True])


def test_a_dump_that_is_killed_is_no_backup(house: House, tmp_path: Path) -> None:
    """Its output ends as if it were complete: only the exit code says that it is not."""
    with running(house) as (_, _, ended):
        os.kill(child_of_ours("pg_dump"), signal.SIGKILL)
    assert (ended[0].state, ended[0].error_rule) == (State.FAILED, "dump-failed")
    assert "signal 9" in str(ended[0].error_sentence)
    assert nothing_is_there(tmp_path / "store")


@pytest.mark.parametrize("archive_format", list(Format))
def test_a_snapshot_whose_holder_is_ended_is_no_backup(
    house: House, some_rows: Database, tmp_path: Path, archive_format: Format
) -> None:
    with running(house, archive_format=archive_format) as (_, _, ended):
        execute(
            some_rows.admin_url,
            "select pg_terminate_backend(pid, 10000) from pg_stat_activity"
            " where application_name = 'sparewheel snapshot' and datname = current_database()",
        )
    assert (ended[0].state, ended[0].error_rule) == (State.FAILED, "snapshot-lost")
    assert nothing_is_there(tmp_path / "store")


def test_a_dump_that_quietly_lacks_a_tables_rows_is_no_backup(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As pg_dump does with the name of a partitioned table: no row, no complaint, exit code 0."""
    real = archiving._options
    lost = (TableName("public", "wide"),)
    monkeypatch.setattr(archiving, "_options", lambda *known: replace(real(*known), exclude_data=lost))
    record = back_up(house, "shop")
    assert (record.state, record.error_rule) == (State.FAILED, "dump-failed")
    assert "holds no rows of public.wide" in str(record.error_sentence)
    assert nothing_is_there(tmp_path / "store")


def test_the_server_goes_away_mid_dump(make_house: Callable[..., House], tmp_path: Path) -> None:
    if reason := debian15_is_missing():
        pytest.skip(reason)
    with traversable_folder() as folder, debian15(folder) as server:
        with psycopg.connect(server.cluster.conninfo("postgres"), autocommit=True) as admin:
            url = new_database(admin, server).url
        execute(
            url,
            "create table public.wide as select n, md5(n::text) || md5((n * 7)::text) as body"
            " from generate_series(1, 200000) n",
        )
        with running(make_house(url)) as (_, _, ended):
            server.cluster.stop()
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


@pytest.mark.parametrize("kind", [Kind.FULL, Kind.SCHEMA])
def test_a_view_that_is_being_refreshed_is_named_after_the_timeout(
    some_rows: Database, make_house: Callable[..., House], tmp_path: Path, kind: Kind
) -> None:
    execute(some_rows.url, "create materialized view public.totals as select count(*) from public.wide")
    house = make_house(some_rows.url, 'lock_timeout = "0.5s"')
    with psycopg.connect(some_rows.url) as refresh:
        refresh.execute("refresh materialized view public.totals")
        process = refresh.info.backend_pid
        record = back_up(house, "shop", kind)
    assert (record.state, record.error_rule) == (State.FAILED, "lock-timeout")
    assert f"public.totals was locked by somebody else (process {process})" in str(record.error_sentence)
    assert nothing_is_there(tmp_path / "store")


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
        while not waits_for_a_lock(some_rows, "AccessExclusiveLock"):
            pause.wait(0.05)
        queued.set()
        assert not altered.is_set()
    migration.join(60)
    assert altered.is_set()
    assert (ended[0].state, ended[0].error_sentence) == (State.STORED, None)
