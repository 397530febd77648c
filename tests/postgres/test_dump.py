from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from bot.core.backup import Format, TableName
from bot.errors import (
    ClientTooOldError,
    DumpFailedError,
    LockTimeoutError,
    LoginRefusedError,
    RightsError,
    SnapshotLostError,
    UnreachableError,
)
from bot.postgres import address, arguments, clients
from bot.postgres.clients import Client
from bot.postgres.dump import Dump, DumpOptions
from bot.postgres.toc import TocEntry, TocProbe, demand_data, table_oids
from tests.postgres.hard_names import create_hard_tables
from tests.support.servers import Database, Server


def client(major: int) -> Client:
    for found in clients.find(None):
        if found.major == major:
            return found
    pytest.skip(f"no client {major} on this machine")


def dump(to: address.Address, options: DumpOptions | None = None, major: int = 17) -> bytes:
    with Dump(client(major), to, options or DumpOptions(snapshot_id=None)) as running:
        archive = b"".join(running.chunks())
        running.finish()
    return archive


def entries(archive: bytes, major: int = 17) -> tuple[TocEntry, ...]:
    with TocProbe(client(major)) as probe:
        for start in range(0, len(archive), 5000):
            probe.feed(archive[start : start + 5000])
        return probe.entries()


@pytest.mark.parametrize("fixture", ["fresh_database", "fresh_database15"])
def test_hard_names_come_whole_and_are_told_apart(fixture: str, request: pytest.FixtureRequest) -> None:
    database: Database = request.getfixturevalue(fixture)
    to = address.parse(database.url)
    with address.connect(to) as conn:
        tables = (*create_hard_tables(conn), *create_hard_tables(conn, 'Schema "odd" * 🚚'))
        oids = table_oids(conn, tables)
    listed = entries(dump(to))
    demand_data(listed, oids)
    # By the bits of their place in the list: any two tables are told apart in one of the dumps.
    for bit in range(len(tables).bit_length()):
        left_out = tuple(table for place, table in enumerate(tables) if place >> bit & 1)
        listed = entries(dump(to, DumpOptions(None, exclude_data=left_out)))
        kept = {entry.oid for entry in listed if entry.is_table_data}
        assert kept == {oids[table] for table in tables if table not in left_out}
        with pytest.raises(DumpFailedError, match="holds no rows of"):
            demand_data(listed, oids)


@pytest.mark.parametrize("option", ["exclude_data", "exclude_relations"])
def test_the_filter_on_stdin_names_the_same_tables(
    fresh_database: Database, option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    to = address.parse(fresh_database.url)
    with address.connect(to) as conn:
        tables = create_hard_tables(conn)
        oids = table_oids(conn, tables)
    monkeypatch.setattr(arguments, "_LONG_BYTES", 0)
    for some in (tables[::2], tables[1::2]):
        options = DumpOptions(None, **{option: some})
        assert b"exclude table" in arguments.make(client(17), to, options).filter_lines
        kept = {entry.oid for entry in entries(dump(to, options)) if entry.is_table_data}
        assert kept == {oids[table] for table in tables if table not in some}


def test_a_list_that_no_old_client_takes_is_refused(fresh_database: Database) -> None:
    many = tuple(TableName("public", f"{n:060d}") for n in range(20_000))
    with pytest.raises(DumpFailedError, match="more than pg_dump 15 takes"):
        arguments.make(client(15), address.parse(fresh_database.url), DumpOptions(None, exclude_data=many))


def test_old_clients_are_told_in_their_words(fresh_database15: Database) -> None:
    to = address.parse(fresh_database15.url)
    with address.connect(to) as conn:
        tables = create_hard_tables(conn)
        oids = table_oids(conn, tables)
        unknown = DumpOptions(None, large_objects=False, exclude_data=tables[:2], compression_level=19)
    kept = {entry.oid for entry in entries(dump(to, unknown, major=15), major=15) if entry.is_table_data}
    assert kept == set(oids.values()) - {oids[table] for table in tables[:2]}


def test_plain_sql(fresh_database: Database) -> None:
    to = address.parse(fresh_database.url)
    with address.connect(to) as conn:
        create_hard_tables(conn)
    text = dump(to, DumpOptions(None, format=Format.PLAIN)).decode()
    assert text.startswith("--\n-- PostgreSQL database dump")
    assert '"emoji 🚚"' in text


def test_the_password_is_in_no_argument_list(fresh_database: Database) -> None:
    to = address.parse(fresh_database.url)
    assert to.password
    secret = to.password.encode()
    with address.connect(to) as conn:
        slow_table(conn)
    with Dump(client(17), to, _UNCOMPRESSED) as running:
        seen = Path(f"/proc/{running.pid}/cmdline").read_bytes()
        next(running.chunks())
        seen += Path(f"/proc/{running.pid}/cmdline").read_bytes()
    assert b"pg_dump" in seen
    assert secret not in seen
    assert secret.decode() not in repr(to) + str(to) + repr(running.__dict__)


def test_the_environment_of_the_child_holds_only_what_it_needs(
    fresh_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-not-for-children")
    to = address.parse(fresh_database.url)
    with address.connect(to) as conn:
        slow_table(conn)
    with Dump(client(17), to, _UNCOMPRESSED) as running:
        next(running.chunks())
        seen = Path(f"/proc/{running.pid}/environ").read_bytes()
    assert b"PGPASSWORD" in seen
    assert b"xoxb" not in seen


def test_a_wrong_password(fresh_database: Database) -> None:
    wrong = address.parse(fresh_database.url.replace("@", "no@", 1))
    with pytest.raises(LoginRefusedError) as caught:
        dump(wrong)
    assert wrong.password not in caught.value.cause


def test_nobody_listens() -> None:
    with pytest.raises(UnreachableError, match="refused"):
        dump(address.parse("postgresql://somebody:secret@127.0.0.1:1/db"))


def test_a_client_too_old_is_refused_by_the_server(fresh_database: Database) -> None:
    with pytest.raises(ClientTooOldError):
        dump(address.parse(fresh_database.url), major=15)


def test_an_unknown_snapshot(fresh_database: Database) -> None:
    with pytest.raises(SnapshotLostError):
        dump(address.parse(fresh_database.url), DumpOptions(snapshot_id="00000003-0000001B-1"))


def test_an_invalid_snapshot(fresh_database: Database) -> None:
    with pytest.raises(SnapshotLostError):
        dump(address.parse(fresh_database.url), DumpOptions(snapshot_id="nonsense"))


def test_a_lock_held_too_long(fresh_database: Database) -> None:
    to = address.parse(fresh_database.url)
    with address.connect(to) as conn:
        conn.execute("create table public.held (id int)")
        with conn.transaction():
            conn.execute("lock table public.held in access exclusive mode")
            with pytest.raises(LockTimeoutError):
                dump(to, DumpOptions(None, lock_timeout_s=0.2))


def test_permission_denied_is_a_matter_of_rights(fresh_database: Database) -> None:
    with psycopg.connect(fresh_database.admin_url, autocommit=True) as admin:
        admin.execute("create table public.closed (id int)")
    with pytest.raises(RightsError, match="closed") as caught:
        dump(address.parse(fresh_database.url))
    assert "LOCK TABLE" not in caught.value.cause


def slow_table(conn: psycopg.Connection[tuple[object, ...]]) -> None:
    """More than a pipe holds, so that pg_dump is still at it while nobody reads."""
    conn.execute("create table public.aa_large as select n, md5(n::text) m from generate_series(1, 300000) n")
    conn.execute("create table public.zz_last as select 1 as id")


_UNCOMPRESSED = DumpOptions(None, compression_level=0)


def test_a_table_cannot_be_dropped_once_the_dump_runs(fresh_database: Database) -> None:
    to = address.parse(fresh_database.url)
    with address.connect(to) as conn:
        slow_table(conn)
        with Dump(client(17), to, _UNCOMPRESSED) as running:
            pieces = running.chunks()
            next(pieces)
            conn.execute("set lock_timeout = '200ms'")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                conn.execute("drop table public.zz_last")
            list(pieces)
            running.finish()


def test_a_table_dropped_between_the_snapshot_and_the_locks(fresh_database: Database) -> None:
    to = address.parse(fresh_database.url)
    with address.connect(to) as conn, address.connect(to, autocommit=False) as holder:
        conn.execute("create table public.gone (id int)")
        holder.execute("set transaction isolation level repeatable read")
        row = holder.execute("select pg_export_snapshot()").fetchone()
        assert row
        conn.execute("drop table public.gone")
        with pytest.raises(DumpFailedError, match="dropped"):
            dump(to, DumpOptions(snapshot_id=str(row[0])))


def test_the_server_process_ends_mid_dump(fresh_database: Database) -> None:
    to = address.parse(fresh_database.url)
    with address.connect(to) as conn:
        slow_table(conn)
        with Dump(client(17), to, _UNCOMPRESSED) as running:
            pieces = running.chunks()
            next(pieces)
            conn.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where application_name = %s",
                [running._name],
            )
            list(pieces)
            with pytest.raises(UnreachableError, match="ended before"):
                running.finish()


def backends(database: Database, name: str) -> int:
    return _count(database, "select count(*) from pg_stat_activity where application_name = %s", name)


def waiting(database: Database, name: str) -> int:
    """Those that wait for a table: one that does not would end by itself when its client is gone."""
    query = "select count(*) from pg_stat_activity where application_name = %s and wait_event_type = 'Lock'"
    return _count(database, query, name)


def _count(database: Database, query: str, name: str) -> int:
    with psycopg.connect(database.admin_url) as admin:
        row = admin.execute(query.encode(), [name]).fetchone()
    assert row
    return int(row[0])


def wait_for(condition: Callable[[], bool]) -> None:
    """Until it holds; the suite's own timeout bounds it."""
    pause = threading.Event()
    while not condition():
        pause.wait(0.02)


@contextmanager
def held(database: Database) -> Iterator[None]:
    """Meanwhile a table is locked, and a dump waits for it."""
    with address.connect(address.parse(database.url)) as conn:
        conn.execute("create table public.held (id int)")
        with conn.transaction():
            conn.execute("lock table public.held in access exclusive mode")
            yield


@contextmanager
def waiting_dump(database: Database) -> Iterator[Dump]:
    """A dump that waits for the held table."""
    with Dump(client(17), address.parse(database.url), DumpOptions(None, lock_timeout_s=0)) as running:
        wait_for(lambda: waiting(database, running._name) == 1)
        yield running


def test_terminate_leaves_no_backend_and_a_reader_that_comes_to_an_end(fresh_database: Database) -> None:
    with held(fresh_database):
        with waiting_dump(fresh_database) as running:
            pieces = running.chunks(tick_s=0.05)
            assert next(pieces) == b""
            running.terminate()
            assert b"".join(pieces) == b""
            with pytest.raises(DumpFailedError, match="stopped"):
                running.finish()
        wait_for(lambda: backends(fresh_database, running._name) == 0)


def test_a_child_that_does_not_listen_is_killed_and_its_backend_ended(fresh_database: Database) -> None:
    with held(fresh_database), waiting_dump(fresh_database) as running:
        os.kill(running.pid, signal.SIGSTOP)
        running.terminate(grace_s=0.1)
        wait_for(lambda: backends(fresh_database, running._name) == 0)


_ORPHAN = """
import sys, time
from bot.postgres import address, clients
from bot.postgres.dump import Dump, DumpOptions
to = address.parse(sys.stdin.readline().strip())
client = max(clients.find(None), key=lambda c: c.major)
with Dump(client, to, DumpOptions(None, lock_timeout_s=0)) as running:
    print(running._name, flush=True)
    time.sleep(600)
"""


def test_a_killed_worker_leaves_no_dump_behind(fresh_database: Database) -> None:
    with held(fresh_database):
        worker = subprocess.Popen(
            [sys.executable, "-c", _ORPHAN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        with worker:
            assert worker.stdin
            assert worker.stdout
            worker.stdin.write(fresh_database.url + "\n")
            worker.stdin.flush()
            name = worker.stdout.readline().strip()
            wait_for(lambda: waiting(fresh_database, name) == 1)
            worker.kill()
        wait_for(lambda: backends(fresh_database, name) == 0)


def test_finish_before_the_end_is_no_success(fresh_database: Database) -> None:
    to = address.parse(fresh_database.url)
    with address.connect(to) as conn:
        slow_table(conn)
    with Dump(client(17), to, _UNCOMPRESSED) as running:
        next(running.chunks())
        with pytest.raises(DumpFailedError, match="not read to its end"):
            running.finish()


def test_an_empty_database_is_dumped(fresh_database: Database) -> None:
    assert not [entry for entry in entries(dump(address.parse(fresh_database.url))) if entry.is_table_data]


@pytest.mark.faults
def test_the_server_stops_mid_dump(own_server: Server) -> None:
    to = address.parse(own_server.url("postgres", own_server.cluster.superuser))
    with address.connect(to) as conn:
        slow_table(conn)
    with Dump(client(17), to, _UNCOMPRESSED) as running:
        pieces = running.chunks()
        next(pieces)
        own_server.cluster.stop()
        list(pieces)
        with pytest.raises(UnreachableError):
            running.finish()
