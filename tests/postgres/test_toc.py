from __future__ import annotations

import pytest

from bot.core.backup import Format, TableName
from bot.errors import DumpFailedError
from bot.postgres import address
from bot.postgres.dump import DumpOptions
from bot.postgres.toc import TocProbe, demand_data, table_oids
from tests.postgres.test_dump import client, dump, entries
from tests.support.servers import Database


@pytest.fixture
def archive(fresh_database: Database) -> bytes:
    with address.connect(address.parse(fresh_database.url)) as conn:
        conn.execute('create schema "DATA"')
        conn.execute('create table "DATA".t (id int)')
        conn.execute("create table public.large as select n, md5(n::text) from generate_series(1, 50000) n")
        conn.execute("create materialized view public.seen as select 1 as one")
        conn.execute("create sequence public.counter")
    return dump(address.parse(fresh_database.url))


def test_a_schema_named_data_is_no_data(archive: bytes, fresh_database: Database) -> None:
    listed = entries(archive)
    with address.connect(address.parse(fresh_database.url)) as conn:
        wanted = table_oids(conn, [TableName("DATA", "t"), TableName("public", "large")])
    assert sum(entry.is_table_data for entry in listed) == 2
    demand_data(listed, wanted)
    pretending = [entry for entry in listed if entry.label.startswith("TABLE DATA t ")]
    assert pretending
    assert not pretending[0].is_table_data


def test_the_head_is_enough_and_the_rest_is_not_taken(archive: bytes) -> None:
    with TocProbe(client(17)) as probe:
        fed = 0
        while probe.feed(archive[fed % len(archive) :][:65536]):
            fed += 65536
        assert not probe.wants_more
        assert not probe.feed(b"more")
        assert probe.entries() == entries(archive)


def test_a_head_cut_short_is_no_table_of_contents(archive: bytes) -> None:
    for head in (b"", b"PGDMP", archive[:400], b"x" * 5000):
        with TocProbe(client(17)) as probe:
            probe.feed(head)
            with pytest.raises(DumpFailedError):
                probe.entries()


def test_leaving_early_ends_the_child(archive: bytes) -> None:
    with TocProbe(client(17)) as probe:
        probe.feed(archive[:100])
    assert probe._process.returncode is not None


def test_a_dump_without_data_is_not_believed(fresh_database: Database) -> None:
    to = address.parse(fresh_database.url)
    with address.connect(to) as conn:
        conn.execute("create table public.wanted (id int)")
        wanted = table_oids(conn, [TableName("public", "wanted"), TableName("public", "nowhere")])
    assert set(wanted) == {TableName("public", "wanted")}
    listed = entries(dump(to, DumpOptions(None, schema_only=True)))
    with pytest.raises(DumpFailedError, match=r"public\.wanted"):
        demand_data(listed, wanted)


def test_formats_have_names() -> None:
    assert f"{Format.CUSTOM}" == "custom"
