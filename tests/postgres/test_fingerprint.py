from __future__ import annotations

import subprocess
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import Connection, sql

from bot.core.backup import TableName
from bot.postgres import address, catalog, clients, fingerprint
from bot.postgres.fingerprint import Measured
from tests.postgres.hard_names import HARD_NAMES, create_hard_tables
from tests.support.servers import Database

# Each line: a type, then values that differ though some of them are equal to PostgreSQL.
DIFFERING = {
    "numeric": ("1.0", "1.00", "1", "-1", "NaN", "Infinity", "0", "0.0", None),
    "numeric(10,2)": ("1.0", "1.01", "NaN", None),
    "float8": ("0", "-0", "NaN", "Infinity", "-Infinity", "0.1", "0.10000000000000002", None),
    "float4": ("0", "-0", "NaN", "1.1", "1.1000001", None),
    "text": ("", "a", "A", "a ", " a", "a\n", "\u00e5", "a\u030a", None),
    "varchar": ("", "a", "a ", None),
    "bpchar": ("a", "a ", "a  ", "", None),
    "char(3)": ("a", "b", None),
    "citext": ("a", "A", None),
    "interval": ("1 mon", "30 days", "720 hours", "-30 days", None),
    "timetz": ("12:00+00", "13:00+01", None),
    "timestamptz": ("2026-01-01 00:00+00", "2026-01-01 00:00:00.000001+00", "infinity", None),
    "jsonb": ("1", "1.0", "null", '"1"', "[1]", '{"a": 1.0}', '{"a": 1.00}', None),
    "json": ('{"a":1}', '{"a": 1}', '{"a":1,"a":1}', None),
    "int[]": ("{1,2,3,4}", "{{1,2},{3,4}}", "[0:3]={1,2,3,4}", "{}", "{NULL}", None),
    "text[]": ("{a,b}", '{"a,b"}', '{""}', "{NULL}", '{"NULL"}', "{}", None),
    "state": ("on", "off", None),
    "state[]": ("{on}", "{off}", "{on,off}", None),
    "switch": ("on", "off", None),
    "pair": ("(1,on)", "(1,)", "(,on)", "(,)", "(2,on)", None),
    "pair_domain": ("(1,on)", "(,)", None),
    "pair[]": ('{"(1,on)"}', '{"(,)"}', "{NULL}", None),
    "numrange": ("[1.0,2)", "[1.00,2)", "empty", "(1.0,2)", None),
    "nummultirange": ("{[1.0,2)}", "{[1.00,2)}", "{}", None),
    "regclass": ("pg_class", "pg_type", None),
    "regtype": ("state", "int4", None),
    "money": ("1.00", "1.01", "-1.00", None),
    "xml": ("<a/>", "<a></a>", None),
    "point": ("(0,1)", "(-0,1)", "(1,0)", None),
    "polygon": ("((0,0),(1,1))", "((0,0),(1,2))", None),
    "tsvector": ("'a':1", "'a'", "'a':1A", None),
    "varbit": ("1", "10", "", None),
    "bytea": (r"\x", r"\x00", r"\x0000", None),
    "inet": ("10.0.0.1", "10.0.0.1/24", "10.0.0.1/25", None),
    "uuid": ("00000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000001", None),
    "hstore": ('"a"=>"1"', '"a"=>NULL', "", None),
    "bool": ("t", "f", None),
    "date": ("2026-01-01", "2026-01-02", "infinity", None),
    '"char"': ("a", "b", "", None),
    "jsonpath": ("$.a", "$.b", None),
}  # fmt: skip
TYPES = """
create extension hstore; create extension citext;
create type state as enum ('on', 'off'); create type pair as (n int, s state);
create domain pair_domain as pair; create domain switch as state;
"""


@pytest.fixture
def conn(database: Database) -> Iterator[Connection[Any]]:
    with address.connect(address.parse(database.admin_url)) as found:
        fingerprint.prepare(found)
        found.execute("set search_path = public, pg_catalog")
        yield found


def measured(conn: Connection[Any], name: str, schema: str = "public") -> Measured:
    relation = catalog.read(conn).by_name[TableName(schema, name)]
    return fingerprint.measure(conn, relation, content=True)


def all_measured(conn: Connection[Any]) -> dict[str, Measured]:
    return {
        str(r.table): fingerprint.measure(conn, r, content=True)
        for r in catalog.read(conn).relations
        if r.holds_rows
    }


def test_values_that_differ_are_seen_for_every_kind_of_type(conn: Connection[Any]) -> None:
    conn.execute(TYPES)
    unseen = []
    for written, values in DIFFERING.items():
        conn.execute(f"drop table if exists one; create table one (c {written})".encode())
        seen = set()
        for value in values:
            conn.execute("truncate one")
            conn.execute("insert into one values (%s)", [value])
            seen.add(measured(conn, "one").fingerprint)
        if len(seen) != len(values):
            unseen.append((written, len(seen), len(values)))
    assert unseen == []


def test_a_collation_that_knows_no_case_hides_nothing(fresh_database15: Database) -> None:
    with address.connect(address.parse(fresh_database15.admin_url)) as conn:
        conn.execute(
            "create collation public.any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);"
            "create table public.one (c text collate public.any_case); insert into public.one values ('a')"
        )
        before = measured(conn, "one")
        conn.execute("update public.one set c = 'A' where c = 'A'")

        assert measured(conn, "one").fingerprint != before.fingerprint


def test_every_type_there_is_can_be_fingerprinted(conn: Connection[Any]) -> None:
    conn.execute(TYPES)
    types = [
        row[0]
        for row in conn.execute(
            "select pg_catalog.format_type(t.oid, null) from pg_type t left join pg_type e on e.oid = t.typelem"
            " left join pg_class c on c.oid in (t.typrelid, e.typrelid)"
            " where 'p' not in (t.typtype, coalesce(e.typtype, t.typtype)) and t.typisdefined and coalesce(c.relkind, 'c') = 'c'"
        )
    ]
    assert len(types) > 150
    columns = ", ".join(f'"{number}" {name}' for number, name in enumerate(types))
    conn.execute(f"create table everything ({columns}); insert into everything default values".encode())

    assert measured(conn, "everything").rows == 1


def copied(source: Database, target: Database) -> None:
    """Through pg_dump and psql: enums, domains and tables get new OIDs there."""
    client = max(clients.find(None), key=lambda c: c.major)
    places = [address.parse(url) for url in (source.admin_url, target.admin_url)]
    environments = [place.child_environment() for place in places]
    dump = subprocess.run(
        [client.program("pg_dump"), "--no-owner"], env=environments[0], check=True, capture_output=True
    )
    text = b"\n".join(
        line
        for line in dump.stdout.split(b"\n")
        # What 15 does not know.
        if not line.startswith((b"SET transaction_timeout", b"\\restrict", b"\\unrestrict"))
    )
    psql = [client.program("psql"), "--quiet", "--set=ON_ERROR_STOP=1", "--no-psqlrc"]
    subprocess.run(psql, input=text, env=environments[1], check=True, capture_output=True)


def test_a_restored_copy_is_equal_on_the_same_and_on_another_version(
    fresh_database: Database, fresh_database15: Database
) -> None:
    with address.connect(address.parse(fresh_database15.admin_url)) as source:
        source.execute("set search_path = public, pg_catalog")
        source.execute(TYPES)
        for number, (written, values) in enumerate(DIFFERING.items()):
            source.execute(f"create table t{number} (id serial, c {written})".encode())
            for value in values:
                source.execute(f"insert into t{number} (c) values (%s)".encode(), [value])
        create_hard_tables(source)
        fingerprint.prepare(source)
        before = all_measured(source)
    with address.connect(address.parse(fresh_database.admin_url)) as target:
        # Other OIDs than in the source.
        target.execute("create type public.pad as enum ('x'); drop type public.pad")
        copied(fresh_database15, fresh_database)
        target.execute("vacuum full")
        fingerprint.prepare(target)

        assert {m.rows for m in before.values()} > {2}
        assert all_measured(target) == before


def test_order_and_dead_rows_and_dropped_columns_do_not_matter(conn: Connection[Any]) -> None:
    conn.execute(
        "create table one (a int, b text); insert into one select g, 'x' || g from generate_series(1, 500) g;"
        "create table two (gone int, b text, a int); alter table two drop column gone;"
        "insert into two (a, b) select a, b from one order by b desc; insert into two values ('y', 0);"
        "delete from two where a = 0"
    )
    assert measured(conn, "one") == measured(conn, "two")


def test_two_rows_that_swap_a_value_are_seen(conn: Connection[Any]) -> None:
    conn.execute("create table t (a int, b int)")
    seen = set()
    for pairs in ("(1, 2), (3, 4)", "(1, 4), (3, 2)", "(2, 1), (4, 3)", "(2, 1), (3, 4)"):
        conn.execute(f"truncate t; insert into t values {pairs}".encode())
        seen.add(measured(conn, "t").fingerprint)
    assert len(seen) == 4


def test_pairs_of_equal_rows_and_empty_tables(conn: Connection[Any]) -> None:
    conn.execute("create table t (a int); create table none ()")
    empty = measured(conn, "t")
    conn.execute("insert into t values (1), (1)")
    twice = measured(conn, "t")
    conn.execute("insert into none default values; insert into none default values")

    assert (empty.rows, empty.fingerprint) == (0, "1:0:0")
    assert (twice.rows, measured(conn, "none").rows) == (2, 2)
    assert twice.fingerprint != "1:2:0"


def test_as_many_columns_as_a_table_can_have(conn: Connection[Any]) -> None:
    columns = ", ".join(f"c{number} text" for number in range(1600))
    conn.execute(f"create table wide ({columns}); insert into wide (c1599) values ('x')".encode())

    assert measured(conn, "wide").rows == 1


def test_hard_names(conn: Connection[Any]) -> None:
    create_hard_tables(conn)
    columns = sql.SQL(", ").join(sql.SQL("{} text").format(sql.Identifier(name)) for name in HARD_NAMES)
    conn.execute(sql.SQL("create table {} ({})").format(sql.Identifier("100 %s"), columns))

    assert measured(conn, "100 %s").rows == 0
    assert {m.rows for m in all_measured(conn).values()} == {0, 2}


def test_leaves_add_up_to_their_root_though_their_columns_stand_in_another_order(
    conn: Connection[Any],
) -> None:
    conn.execute(
        "create table root (a int, b text, s numeric) partition by list (a);"
        "create table one partition of root for values in (1);"
        "create table two (s numeric, gone int, b text, a int); alter table two drop column gone;"
        "alter table root attach partition two for values in (2);"
        "insert into root select 1 + g % 2, 'x' || g, g / 7.0 from generate_series(1, 99) g"
    )
    seen = catalog.read(conn)
    root = seen.by_name[TableName("public", "root")]
    leaves = [fingerprint.measure(conn, leaf, content=True) for leaf in seen.leaves(root.table)]
    rolled = fingerprint.roll_up(root, leaves)

    assert rolled == fingerprint.run(conn, root.table, rolled.expression, only=False)
    assert rolled.rows == 99
    assert len({leaf.expression for leaf in leaves} | {rolled.expression}) == 1
    assert fingerprint.roll_up(root, [*leaves, Measured(rows=None)]).rows is None
    assert fingerprint.roll_up(root, [*leaves, Measured(rows=1)]) == Measured(rows=100)
    assert fingerprint.measure(conn, root, content=True) == Measured(rows=None)


def test_rows_of_children_are_not_counted_with_their_parent(conn: Connection[Any]) -> None:
    conn.execute("create table parent (a int); create table child () inherits (parent)")
    conn.execute("insert into child values (1); insert into parent values (2)")

    assert (measured(conn, "parent").rows, measured(conn, "child").rows) == (1, 1)


def test_counting_alone_takes_no_fingerprint(conn: Connection[Any]) -> None:
    conn.execute("create table t (a json); insert into t values ('1')")
    relation = catalog.read(conn).by_name[TableName("public", "t")]

    assert fingerprint.measure(conn, relation, content=False) == Measured(1)


def test_materialized_views_are_counted_when_they_are_filled(conn: Connection[Any]) -> None:
    conn.execute(
        "create materialized view v as select 1 as a; create materialized view n as select 1 as a with no data"
    )

    assert measured(conn, "v").rows == 1
    assert measured(conn, "n") == Measured(rows=None)


def test_servers_before_14_hash_the_rows_text(conn: Connection[Any]) -> None:
    conn.execute("create table t (b text, a numeric); insert into t values ('x', 1.0)")
    relation = catalog.read(conn).by_name[TableName("public", "t")]
    older = fingerprint.expression(relation, server_version=130000)

    assert "record" not in older
    first = fingerprint.run(conn, relation.table, older)
    conn.execute("update t set a = 1.00")
    assert fingerprint.run(conn, relation.table, older).fingerprint != first.fingerprint


def test_the_sessions_settings_are_fixed_whatever_they_were(database: Database) -> None:
    with psycopg.connect(database.admin_url, autocommit=True) as conn:
        conn.execute(
            "create table t (i interval, r tstzrange, f float8, b bytea[], d date[]); insert into t values"
            r" ('1 mon -3 days', '[2026-01-01, 2026-02-01)', 0.1, array['\x01'::bytea], array['2026-02-01'::date])"
        )
        fingerprint.prepare(conn)
        first = measured(conn, "t")
        conn.execute(
            "set DateStyle = 'SQL, DMY'; set IntervalStyle = iso_8601; set TimeZone = 'Asia/Tokyo';"
            "set extra_float_digits = -10; set bytea_output = escape"
        )
        assert measured(conn, "t") != first
        fingerprint.prepare(conn)
        assert measured(conn, "t") == first


rows = st.lists(
    st.tuples(
        st.integers(0, 3) | st.none(),
        st.sampled_from(["", "a", "A", "a ", None]),
        st.sampled_from(["1", "1.0", "-1", "NaN", None]),
        st.sampled_from(["on", "off", None]),
        st.sampled_from(["{}", "{1}", "{{1}}", "{1,NULL}", None]),
        st.sampled_from(["0", "-0", "0.1", None]),
    ),
    max_size=8,
)


@given(left=rows, right=rows, shuffled=st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_two_tables_have_one_fingerprint_exactly_when_their_rows_are_the_same(
    conn: Connection[Any], left: list[Any], right: list[Any], shuffled: Any
) -> None:
    conn.execute("drop table if exists one, two; drop type if exists state")
    conn.execute("create type state as enum ('on', 'off')")
    mixed = list(left)
    shuffled.shuffle(mixed)
    found = []
    for content in (left, mixed, right):
        conn.execute(
            "drop table if exists one; create table one (a int, b text, c numeric, d state, e int[], f float8)"
        )
        with conn.cursor() as cursor:
            cursor.executemany("insert into one values (%s, %s, %s, %s, %s, %s)", content)
        found.append(measured(conn, "one"))

    assert found[0] == found[1]
    assert (found[0] == found[2]) == (sorted(map(repr, left)) == sorted(map(repr, right)))


@given(content=rows.filter(bool), data=st.data())
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_changed_added_missing_or_swapped_value_differs(
    conn: Connection[Any], content: list[Any], data: st.DataObject
) -> None:
    changed = [list(row) for row in content]
    row = data.draw(st.integers(0, len(content) - 1))
    other = data.draw(st.integers(0, len(content) - 1))
    column = data.draw(st.integers(0, 5))
    way = data.draw(st.sampled_from(["null", "swap", "drop", "add"]))
    if way == "null":
        changed[row][column] = None
    elif way == "swap":
        changed[row][column], changed[other][column] = changed[other][column], changed[row][column]
    elif way == "drop":
        del changed[row]
    else:
        changed.append(list(changed[row]))
    same = sorted(repr(list(r)) for r in content) == sorted(map(repr, changed))

    found = []
    for rows_in in (content, changed):
        conn.execute(
            "drop table if exists one; create table one (a int, b text, c numeric, d text, e int[], f float8)"
        )
        with conn.cursor() as cursor:
            cursor.executemany("insert into one values (%s, %s, %s, %s, %s, %s)", rows_in)
        found.append(measured(conn, "one"))
    assert (found[0] == found[1]) == same
