from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import Connection

from bot.core.backup import TableName
from bot.errors import LockTimeoutError, SnapshotLostError, UnreachableError
from bot.postgres import address, catalog, snapshot
from bot.postgres.address import Address
from bot.postgres.catalog import Catalog
from tests.support.servers import Database

LOADS = TableName("public", "loads")


def list_tables(conn: Connection[Any]) -> tuple[Catalog, list[TableName]]:
    seen = catalog.read(conn)
    return seen, [relation.table for relation in seen.tables]


@pytest.fixture(params=["fresh_database", "fresh_database15"])
def database(request: pytest.FixtureRequest) -> Database:
    found: Database = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def source(database: Database, other: Connection[Any]) -> Address:
    other.execute("create table loads (id int); insert into loads select generate_series(1, 10)")
    return address.parse(database.url)


@pytest.fixture
def other(database: Database) -> Iterator[Connection[Any]]:
    with psycopg.connect(database.url, autocommit=True) as conn:
        yield conn


def count(conn: Connection[Any]) -> int:
    row = conn.execute("select count(*) from public.loads").fetchone()
    assert row is not None
    return int(row[0])


def test_a_joined_session_sees_the_snapshot_and_not_what_came_later(
    source: Address, other: Connection[Any]
) -> None:
    with snapshot.hold(source, list_tables, lock_timeout_s=5) as held:
        other.execute("delete from loads where id > 3; create table later (id int)")

        with snapshot.join(source, held.id) as first, snapshot.join(source, held.id) as second:
            assert (count(first), count(second), count(other)) == (10, 10, 3)
        assert held.locked == {LOADS}
        assert LOADS in held.listed.by_name
        assert abs(datetime.now(UTC) - held.taken_at) < timedelta(hours=1)
        assert held.taken_at.tzinfo is UTC
        held.ensure_alive()


def test_a_truncate_waits_for_the_snapshot(source: Address, other: Connection[Any]) -> None:
    other.execute("set lock_timeout = '200ms'")
    with snapshot.hold(source, list_tables, lock_timeout_s=5) as held:
        with pytest.raises(psycopg.errors.LockNotAvailable):
            other.execute("truncate loads")
        with snapshot.join(source, held.id) as conn:
            assert count(conn) == 10
    other.execute("truncate loads")
    assert count(other) == 0


def test_a_truncate_that_waits_gives_the_reader_a_lock_timeout_and_not_a_standstill(
    source: Address, database: Database, other: Connection[Any]
) -> None:
    def truncate() -> None:
        with psycopg.connect(database.url, autocommit=True) as conn:
            conn.execute("truncate loads")

    waiting = threading.Thread(target=truncate)
    with snapshot.hold(source, list_tables, lock_timeout_s=5) as held:
        waiting.start()
        while not other.execute("select from pg_locks where not granted").rowcount:
            pass
        with (
            snapshot.join(source, held.id, lock_timeout_s=0.2) as conn,
            pytest.raises(psycopg.errors.LockNotAvailable),
        ):
            count(conn)
    waiting.join()
    assert count(other) == 0


def test_a_rewrite_that_was_waited_for_is_seen_whole(
    source: Address, database: Database, other: Connection[Any]
) -> None:
    """With a snapshot older than its lock the reader would find neither the old rows nor the new ones."""
    seen: list[int] = []

    def look() -> None:
        with (
            snapshot.hold(source, list_tables, lock_timeout_s=30) as held,
            snapshot.join(source, held.id) as conn,
        ):
            seen.append(count(conn))

    with psycopg.connect(database.url) as migration:
        migration.execute("truncate loads; insert into loads select generate_series(1, 4)")
        looking = threading.Thread(target=look)
        looking.start()
        while not other.execute("select from pg_locks where not granted").rowcount:
            pass
    looking.join()
    assert seen == [4]


@pytest.mark.parametrize("change", ["create table late (id int)", "drop table loads"])
def test_a_table_that_comes_or_goes_after_listing_starts_it_over(
    source: Address, other: Connection[Any], change: str
) -> None:
    calls = 0

    def listing(conn: Connection[Any]) -> tuple[Catalog, list[TableName]]:
        nonlocal calls
        answer = list_tables(conn)
        calls += 1
        if calls == 1:  # between listing and locking
            other.execute(change)
        return answer

    with snapshot.hold(source, listing, lock_timeout_s=5) as held:
        assert held.locked == {relation.table for relation in catalog.read(other).tables}
        assert {relation.table for relation in held.listed.tables} == held.locked
    assert calls >= 3


def test_a_database_that_never_stands_still_is_given_up(source: Address, other: Connection[Any]) -> None:
    calls = 0

    def listing(conn: Connection[Any]) -> tuple[None, list[TableName]]:
        nonlocal calls
        tables = list_tables(conn)[1]
        calls += 1
        other.execute(f"create table t{calls} (id int)")
        return None, tables

    with pytest.raises(SnapshotLostError), snapshot.hold(source, listing, lock_timeout_s=5):
        pass


def test_somebody_elses_lock_is_named(source: Address, database: Database) -> None:
    with psycopg.connect(database.url) as migration:
        migration.execute("lock table loads in access exclusive mode")

        with (
            pytest.raises(
                LockTimeoutError, match=r"public\.loads was locked by somebody else \(process \d+\)"
            ),
            snapshot.hold(source, list_tables, lock_timeout_s=0.2),
        ):
            pass


def test_nothing_stays_locked_or_connected_afterwards(source: Address, other: Connection[Any]) -> None:
    class OfMineError(Exception):
        pass

    def leave() -> None:
        with snapshot.hold(source, list_tables, lock_timeout_s=5) as held, snapshot.join(source, held.id):
            raise OfMineError

    with pytest.raises(OfMineError):
        leave()
    other.execute("set lock_timeout = '10s'; truncate loads")


def test_a_holder_that_was_ended_is_noticed(source: Address, other: Connection[Any]) -> None:
    with snapshot.hold(source, list_tables, lock_timeout_s=5) as held:
        other.execute("select pg_terminate_backend(%s, 10000)", [held.connection.info.backend_pid])

        with pytest.raises(SnapshotLostError):
            held.ensure_alive()
        with pytest.raises(SnapshotLostError), snapshot.join(source, held.id):
            pass


def test_a_holder_whose_transaction_ended_is_noticed(source: Address) -> None:
    with snapshot.hold(source, list_tables, lock_timeout_s=5) as held:
        held.connection.rollback()

        with pytest.raises(SnapshotLostError):
            held.ensure_alive()


def test_a_snapshot_id_that_is_none_is_refused(source: Address) -> None:
    with pytest.raises(SnapshotLostError), snapshot.join(source, "no'snapshot"):
        pass


def test_a_role_that_rows_are_hidden_from_gets_an_error_and_not_zero(
    source: Address, database: Database
) -> None:
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        admin.execute("drop role if exists limited_reader; create role limited_reader login password 'x'")
        try:
            admin.execute(
                "grant select on loads to limited_reader; alter table loads enable row level security"
            )
            limited = Address(source.host, source.port, "limited_reader", source.database, "x")
            with (
                snapshot.hold(limited, list_tables, lock_timeout_s=5) as held,
                snapshot.join(limited, held.id) as conn,
                pytest.raises(psycopg.errors.InsufficientPrivilege),
            ):
                count(conn)
        finally:
            admin.execute("drop owned by limited_reader; drop role limited_reader")


def test_timeouts_of_the_role_do_not_end_the_snapshot(source: Address, database: Database) -> None:
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        later = ("idle_session_timeout", "transaction_timeout")
        known = [
            row[0]
            for row in admin.execute("select name from pg_settings where name = any(%s)", [list(later)])
        ]
        for name in ("statement_timeout", "idle_in_transaction_session_timeout", *known):
            admin.execute(f"alter database {source.database} set {name} = '1s'")

    with snapshot.hold(source, list_tables, lock_timeout_s=5) as held, snapshot.join(source, held.id) as conn:
        conn.execute("select pg_sleep(1.5)")
        held.ensure_alive()


def test_a_server_that_is_down_is_said_so(source: Address) -> None:
    nobody = Address("127.0.0.1", 9, source.user, source.database, source.password)
    with pytest.raises(UnreachableError), snapshot.hold(nobody, list_tables, lock_timeout_s=1):
        pass
