from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from bot.core.backup import TableName
from bot.errors import TableMissingError
from bot.postgres import address, catalog
from bot.postgres.catalog import Catalog
from tests.postgres.hard_names import create_hard_tables
from tests.support.servers import Database

SCHEMA = """
create schema fleet; create schema closed; create schema logs;
create table public.loads (id int primary key); create table public."Loads" (id int);
create table fleet.drivers (id int); create table logs.events (id int); create table fleet.events (id int);
create table public.trips (id bigint, at date) partition by range (at);
create table public.trips_2026 partition of public.trips for values from ('2026-01-01') to ('2027-01-01')
  partition by list (id);
create table public.trips_2026_1 partition of public.trips_2026 for values in (1);
create table public.trips_rest partition of public.trips default;
create materialized view public.full_view as select 1 as one;
create materialized view public.empty_view as select 1 as one with no data;
create view public.loads_view as select * from public.loads;
create sequence public.numbers;
create unlogged table public.scratch (id int);
create domain public.cents as numeric(10, 2) check (value >= 0);
create domain public.price as public.cents;
create type public.state as enum ('on', 'off');
create table public.typed (price public.price, raw numeric, s public.state, gone int, t text,
  twice int generated always as (1 + 1) stored);
alter table public.typed drop column gone;
create table closed.hidden (id int);
create temporary table passing (id int);
"""


@pytest.fixture(params=["fresh_database", "fresh_database15"])
def database(request: pytest.FixtureRequest) -> Database:
    found: Database = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def admin(database: Database) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with address.connect(address.parse(database.admin_url)) as conn:
        yield conn


@pytest.fixture
def seen(admin: psycopg.Connection[tuple[object, ...]]) -> Catalog:
    admin.execute(SCHEMA)
    return catalog.read(admin)


def public(name: str) -> TableName:
    return TableName("public", name)


def test_every_kind_is_seen_and_the_servers_own_are_not(seen: Catalog) -> None:
    kinds = {str(r.table): r.kind for r in seen.relations}

    assert kinds["public.trips"] == kinds["public.trips_2026"] == "partitioned"
    assert kinds["public.full_view"] == "materialized view"
    assert kinds["public.numbers"] == "sequence"
    assert kinds["public.loads_view"] == "view"
    assert {r.table.schema for r in seen.relations} == {"public", "fleet", "closed", "logs"}
    assert seen.by_name[public("scratch")].unlogged


def test_partitions_know_their_parent_and_their_topmost_root(seen: Catalog) -> None:
    leaf = seen.by_name[public("trips_2026_1")]

    assert (leaf.parent, leaf.root) == (public("trips_2026"), public("trips"))
    assert {r.table.name for r in seen.leaves(public("trips"))} == {"trips_2026_1", "trips_rest"}


def test_what_holds_rows(seen: Catalog) -> None:
    held = {r.table.name for r in seen.relations if r.holds_rows}

    assert {"trips_2026_1", "loads", "full_view"} <= held
    assert not held & {"trips", "trips_2026", "empty_view", "loads_view", "numbers"}


def test_domains_are_followed_and_dropped_columns_left_out(seen: Catalog) -> None:
    columns = {c.name: c for c in seen.by_name[public("typed")].columns}

    assert list(columns) == ["price", "raw", "s", "t", "twice"]
    assert columns["price"].base_oid == columns["raw"].base_oid == 1700
    assert columns["price"].base_modifier >= 0 > columns["raw"].base_modifier
    assert columns["price"].type == "public.price"
    assert columns["s"].base_kind == "e"
    assert columns["twice"].generated == "s"


def test_rights_and_row_security_are_those_of_the_asking_role(
    admin: psycopg.Connection[tuple[object, ...]],
) -> None:
    admin.execute(SCHEMA)
    admin.execute(
        "grant usage on schema public, fleet to anon; grant select on public.loads, fleet.drivers to anon;"
        "grant select on closed.hidden, public.numbers to anon; alter table public.loads enable row level security"
    )
    admin.execute("set role anon")
    by_name = catalog.read(admin).by_name

    assert by_name[public("loads")].readable
    assert by_name[public("loads")].row_security_hides
    assert by_name[public("numbers")].readable
    assert not by_name[public("Loads")].readable
    assert by_name[TableName("fleet", "drivers")].readable
    assert not by_name[TableName("fleet", "drivers")].row_security_hides
    hidden = by_name[TableName("closed", "hidden")]
    assert (hidden.schema_usable, hidden.readable) == (False, False)

    admin.execute("reset role")
    assert not catalog.read(admin).by_name[public("loads")].row_security_hides


def test_an_owner_sees_all_rows_unless_row_security_is_forced(
    admin: psycopg.Connection[tuple[object, ...]],
) -> None:
    admin.execute(
        SCHEMA + "alter table public.loads owner to anon; alter table public.loads enable row level security"
    )
    admin.execute("set role anon")
    assert not catalog.read(admin).by_name[public("loads")].row_security_hides

    admin.execute("alter table public.loads force row level security")
    assert catalog.read(admin).by_name[public("loads")].row_security_hides


def test_what_an_extension_made_is_marked(admin: psycopg.Connection[tuple[object, ...]]) -> None:
    admin.execute("create table public.mine (id int); create table public.theirs (id int)")
    admin.execute("create extension hstore; alter extension hstore add table public.theirs")
    by_name = catalog.read(admin).by_name

    assert by_name[public("theirs")].extension == "hstore"
    assert by_name[public("theirs")].from_extension
    assert not by_name[public("mine")].from_extension


def test_sizes_and_estimates(admin: psycopg.Connection[tuple[object, ...]]) -> None:
    admin.execute("create table public.big as select g, repeat('x', 100) from generate_series(1, 1000) g")
    before = catalog.read(admin).by_name[public("big")]
    admin.execute("analyze public.big")
    after = catalog.read(admin).by_name[public("big")]

    assert (before.estimated_rows, after.estimated_rows) == (0, 1000)
    assert after.size_bytes > 100_000
    exact = catalog.sizes(admin, [public("big"), public("missing")])
    assert list(exact) == [public("big")]
    assert exact[public("big")] >= after.size_bytes


def test_reading_does_not_wait_for_a_migration(
    admin: psycopg.Connection[tuple[object, ...]], database: Database
) -> None:
    admin.execute(SCHEMA)
    with psycopg.connect(database.admin_url) as migration:
        migration.execute("lock table public.loads, public.trips in access exclusive mode")
        admin.execute("set lock_timeout = '200ms'")
        assert public("loads") in catalog.read(admin).by_name


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("loads", "public.loads"),
        ("Loads", "public.Loads"),
        ("public.Loads", "public.Loads"),
        ('"Loads"', "public.Loads"),
        ('public."loads"', "public.loads"),
        ('"public"."loads"', "public.loads"),
        ("TYPED", "public.typed"),
        ("drivers", "fleet.drivers"),
        ("Fleet.Drivers", "fleet.drivers"),
    ],
)
def test_names_as_people_write_them(seen: Catalog, written: str, found: str) -> None:
    assert [str(t) for t in catalog.resolve(seen, [written])] == [found]


def test_a_partitioned_table_brings_every_partition(seen: Catalog) -> None:
    names = [t.name for t in catalog.resolve(seen, ["trips", "trips_rest"])]

    assert names[0] == "trips"
    assert sorted(names) == ["trips", "trips_2026", "trips_2026_1", "trips_rest"]


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("laods", "There is no table 'laods'. The nearest is loads."),
        ("fleet.driver", "There is no table 'fleet.driver'. The nearest is fleet.drivers."),
        ("zzzzzzzz", "There is no table 'zzzzzzzz'."),
        ("events", "The name 'events' could mean fleet.events or logs.events; write the schema too."),
        ("LOADS", "The name 'LOADS' could mean public.Loads or public.loads; write the schema too."),
        ('"TYPED"', "There is no table '\"TYPED\"'. The nearest is typed."),
        ("full_view", "public.full_view is a materialized view, not a table that can be backed up by name."),
        ("public.nothing.", "There is no table 'public.nothing.'."),
        ("", "There is no table ''."),
    ],
)
def test_a_name_that_is_no_single_table_is_an_error(seen: Catalog, written: str, sentence: str) -> None:
    with pytest.raises(TableMissingError) as caught:
        catalog.resolve(seen, ["loads", written])

    assert caught.value.sentence == sentence


def test_hard_names_resolve_as_they_are_and_quoted(admin: psycopg.Connection[tuple[object, ...]]) -> None:
    tables = create_hard_tables(admin)
    seen = catalog.read(admin)

    for table in tables:
        assert catalog.resolve(seen, [table.name]) == (table,)
        assert catalog.resolve(seen, [table.quoted()]) == (table,)
