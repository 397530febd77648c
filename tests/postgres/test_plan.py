from __future__ import annotations

import psycopg
import pytest

from bot.core.backup import Kind, TableName
from bot.errors import RightsError
from bot.postgres import address, catalog, plan, server
from bot.postgres.dump import DumpOptions
from bot.postgres.plan import DumpPlan
from bot.postgres.toc import demand_data, table_oids
from tests.postgres.test_dump import dump, entries
from tests.support.servers import Database

_LAYOUT = """
create schema open_part;
create schema closed_part;
revoke all on schema closed_part from public;
grant usage on schema open_part to limited;
create table closed_part.hidden_away (id int);
create view closed_part.looks_out as select 1 as one;
create sequence closed_part.closed_numbers;
create table open_part.fine (id serial primary key, note text);
insert into open_part.fine (note) values ('a'), ('b');
create table open_part.secret (id int);
create view open_part.over_secret as select * from open_part.secret;
create materialized view open_part.kept as select * from open_part.secret;
create sequence open_part.numbers;
create table open_part.by_policy (id int);
alter table open_part.by_policy enable row level security;
create policy nobody on open_part.by_policy using (false);
insert into open_part.by_policy values (1);
create table open_part.events (at date) partition by range (at);
create table open_part.events_1 partition of open_part.events for values from ('2026-01-01') to ('2026-02-01');
create table open_part.events_2 partition of open_part.events for values from ('2026-02-01') to ('2026-03-01');
insert into open_part.events values ('2026-01-05'), ('2026-02-05');
create table open_part.headless (at date) partition by range (at);
create table open_part.headless_1 partition of open_part.headless default;
create foreign data wrapper nothing;
create server elsewhere foreign data wrapper nothing;
create foreign table open_part.far_away (id int) server elsewhere;
grant select on open_part.fine, open_part.by_policy, open_part.events, open_part.events_1,
    open_part.headless_1, open_part.far_away to limited;
select lo_from_bytea(0, 'x');
"""


def named(*names: str) -> frozenset[TableName]:
    return frozenset(TableName("open_part", name) for name in names)


@pytest.fixture(params=["fresh_database", "fresh_database15"])
def laid_out(request: pytest.FixtureRequest) -> Database:
    """A database of which the role `limited` may read only a part; the password is `postgres`'s."""
    database: Database = request.getfixturevalue(request.param)
    password = address.parse(database.url).password
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        if not admin.execute("select 1 from pg_roles where rolname = 'limited'").fetchone():
            admin.execute(f"create role limited login nobypassrls password '{password}'")
        for statement in _LAYOUT.split(";\n"):
            if statement.strip():
                admin.execute(statement.encode())
    return Database(database.name, database.url.replace("//postgres:", "//limited:"), database.admin_url)


def planned(
    database: Database, kind: Kind, wanted: frozenset[TableName] | None = None, must: tuple[str, ...] = ()
) -> DumpPlan:
    with address.connect(address.parse(database.url)) as conn:
        chosen = None if wanted is None else tuple(wanted)
        unreadable = server.unreadable_large_objects(conn)
        assert unreadable == 1
        found = catalog.read(conn)
        return plan.make(
            found, kind, chosen, named(*must), role="limited", unreadable_large_objects=unreadable
        )


def data_dumped(database: Database, made: DumpPlan) -> set[int]:
    to = address.parse(database.url)
    options = DumpOptions(
        None,
        schema_only=made.schema_only,
        large_objects=made.large_objects,
        exclude_relations=made.exclude_relations,
        exclude_schemas=made.exclude_schemas,
        exclude_data=made.exclude_data,
    )
    listed = entries(dump(to, options))
    with address.connect(to) as conn:
        demand_data(listed, table_oids(conn, made.data_tables))
        # What is planned to be locked can be locked.
        with conn.transaction():
            for table in made.lock:
                conn.execute(f"lock table only {table.quoted()} in access share mode".encode())
        oids = table_oids(conn, made.data_tables)
    assert {entry.oid for entry in listed if entry.is_table_data} == set(oids.values())
    return set(oids.values())


def test_a_full_dump_of_what_may_be_read_succeeds_and_names_the_rest(laid_out: Database) -> None:
    made = planned(laid_out, Kind.FULL)
    assert set(made.data_tables) == named("fine", "events_1", "headless_1")
    assert set(made.lock) == named("fine", "by_policy", "events", "events_1", "headless_1")
    assert made.exclude_schemas == ("closed_part",)
    assert set(made.exclude_relations) == named("secret", "events_2", "headless")
    omitted = {(omission.what, omission.name) for omission in made.omitted}
    assert omitted == {
        ("schema", "closed_part"),
        ("table", "open_part.secret"),
        ("table", "open_part.events_2"),
        ("table", "open_part.headless"),
        ("rows", "open_part.by_policy"),
        ("sequence value", "open_part.numbers"),
        ("sequence value", "open_part.fine_id_seq"),
        ("sequence value", "closed_part.closed_numbers"),
        ("foreign table's rows", "open_part.far_away"),
        ("large objects", "all"),
    }
    assert len(data_dumped(laid_out, made)) == 3


def test_critical_takes_the_wanted_rows_only(laid_out: Database) -> None:
    made = planned(laid_out, Kind.CRITICAL, wanted=named("fine"), must=("fine",))
    assert set(made.data_tables) == named("fine")
    assert "open_part.by_policy" not in {omission.name for omission in made.omitted}
    assert len(data_dumped(laid_out, made)) == 1


def test_schema_takes_no_rows(laid_out: Database) -> None:
    made = planned(laid_out, Kind.SCHEMA, must=("fine", "by_policy"))
    assert made.data_tables == ()
    assert {omission.what for omission in made.omitted} == {"schema", "table"}
    assert data_dumped(laid_out, made) == set()


@pytest.mark.parametrize("table", ["secret", "by_policy", "events", "headless"])
def test_what_must_be_held_and_cannot_be_read_is_an_error(laid_out: Database, table: str) -> None:
    with pytest.raises(RightsError) as caught:
        planned(laid_out, Kind.FULL, must=("fine", table))
    blamed = {"events": "open_part.events_2"}.get(table, f"open_part.{table}")
    assert blamed in caught.value.sentence
    assert "open_part.fine" not in caught.value.sentence
    assert ("BYPASSRLS" if table == "by_policy" else "GRANT SELECT") in caught.value.next_step


def test_all_of_them_are_named_at_once(laid_out: Database) -> None:
    with pytest.raises(RightsError) as caught:
        planned(laid_out, Kind.FULL, must=("secret", "by_policy"))
    assert "open_part.secret" in caught.value.sentence
    assert "open_part.by_policy" in caught.value.sentence


def test_a_role_that_reads_everything_leaves_nothing_out(fresh_database: Database) -> None:
    to = address.parse(fresh_database.url)
    with address.connect(to) as conn:
        conn.execute("create table public.one (id serial)")
        conn.execute("select lo_from_bytea(0, 'x')")
        made = plan.make(catalog.read(conn), Kind.SAFETY, role="postgres")
        assert server.unreadable_large_objects(conn) == 0
    assert made.omitted == made.exclude_data == made.exclude_relations == made.exclude_schemas == ()
    assert made.large_objects
