"""The sample databases hold, each by name, everything that a backup has been seen to lose."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from bot.platforms.supabase import Supabase
from bot.sandbox.embedded.servers import EmbeddedServers
from bot.sandbox.samples import load
from bot.settings import DatabaseSettings, load_configuration

Ask = Callable[..., list[tuple[object, ...]]]

# Each query must find at least one row; in every schema that is not PostgreSQL's own.
FEATURES = {
    "partitions by month": """select from pg_inherits join pg_partitioned_table on partrelid = inhparent
        where inhparent = 'eld_events'::regclass having count(*) = 9""",
    "a cycle of foreign keys": """select from pg_constraint a join pg_constraint b
        on a.conrelid = b.confrelid and b.conrelid = a.confrelid and a.conrelid <> b.conrelid where a.contype = 'f'""",
    "a foreign key into auth.users": """select from pg_constraint
        where contype = 'f' and confrelid = 'auth.users'::regclass and connamespace = 'public'::regnamespace""",
    "row security": "select from pg_class where relrowsecurity and relnamespace = 'public'::regnamespace",
    "a policy that calls auth's functions": """select from pg_policies
        where schemaname = 'public' and coalesce(qual, '') || coalesce(with_check, '') ~ 'auth\\.uid'""",
    "the customer's trigger on auth.users": """select from pg_trigger join pg_proc on pg_proc.oid = tgfoid
        where tgrelid = 'auth.users'::regclass and not tgisinternal and pronamespace = 'public'::regnamespace""",
    "a policy on storage.objects": "select from pg_policies where schemaname = 'storage' and tablename = 'objects'",
    "an enum": "select from pg_type where typtype = 'e' and typnamespace = 'public'::regnamespace",
    "a domain": "select from pg_type where typtype = 'd' and typnamespace = 'public'::regnamespace",
    "an identity column": "select from pg_attribute join pg_class c on c.oid = attrelid where attidentity <> ''",
    "a serial column": """select from pg_attrdef join pg_class c on c.oid = adrelid
        where c.relnamespace = 'public'::regnamespace and pg_get_expr(adbin, adrelid) ~ 'nextval'""",
    "a generated column": """select from pg_attribute join pg_class c on c.oid = attrelid
        where attgenerated = 's' and c.relnamespace = 'public'::regnamespace""",
    "a filled materialized view": "select from pg_matviews where schemaname = 'public' and ispopulated",
    "a mixed-case table": """select from pg_class where relkind = 'r' and relname <> lower(relname)
        and relnamespace = 'public'::regnamespace""",
    "event triggers of the platform": """select from pg_event_trigger
        where evtowner = 'supabase_admin'::regrole having count(*) >= 3""",
    "default privileges for anon": "select from pg_default_acl where defaclacl::text ~ 'anon='",
    "a table closed to anon again": """select from pg_class where relkind = 'r'
        and relnamespace = 'public'::regnamespace and relacl::text !~ 'anon='""",
    "a table that postgres may not read": "select where not has_table_privilege('vault.secrets', 'select')",
    "a schema that postgres may enter": "select where has_schema_privilege('vault', 'usage')",
    "auth owned by its own role": "select from pg_namespace where nspname = 'auth' and nspowner = 'supabase_auth_admin'::regrole",
    "storage owned by its own role": """select from pg_namespace
        where nspname = 'storage' and nspowner = 'supabase_storage_admin'::regrole""",
    "extensions owned by the platform": "select from pg_namespace where nspname = 'extensions' and nspowner = 'supabase_admin'::regrole",
    "database settings": "select from pg_db_role_setting where setrole = 0 and setdatabase <> 0",
}
CRUZONIC_ONLY = {"partitions by month", "a cycle of foreign keys"}
TYPES = {"jsonb", "json", "numeric", "timestamptz", "bytea", "_text", "uuid"}


@pytest.fixture(params=load.SAMPLES)
def sample(request: pytest.FixtureRequest, sample_url: Callable[..., str]) -> tuple[str, Ask]:
    def ask(query: str) -> list[tuple[object, ...]]:
        with psycopg.connect(sample_url(request.param)) as connection:
            return connection.execute(query.encode()).fetchall()

    return request.param, ask


@pytest.mark.parametrize("feature", FEATURES)
def test_it_has(sample: tuple[str, Ask], feature: str) -> None:
    name, ask = sample
    if name == "cruzonic" or feature not in CRUZONIC_ONLY:
        assert ask(FEATURES[feature]), f"{name} lacks {feature}"


def test_it_has_the_column_types(sample: tuple[str, Ask]) -> None:
    rows = sample[1]("""select distinct typname::text from pg_attribute join pg_class c on c.oid = attrelid
        join pg_type t on t.oid = atttypid where c.relnamespace = 'public'::regnamespace and attnum > 0""")
    assert {row[0] for row in rows} >= TYPES


def test_postgres_is_no_superuser_and_sees_every_row(sample: tuple[str, Ask]) -> None:
    rights = sample[1](
        "select rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication from pg_roles where rolname = current_user"
    )
    assert rights == [(False, True, True, True, True)]
    assert sample[1]("select from auth.users")


def test_everything_in_public_is_owned_by_postgres(sample: tuple[str, Ask]) -> None:
    assert not sample[1]("""select relname from pg_class where relnamespace = 'public'::regnamespace
        and relowner <> 'postgres'::regrole""")


def test_the_platform_is_not_owned_by_postgres(sample: tuple[str, Ask]) -> None:
    assert not sample[1]("""select relname from pg_class where relowner = 'postgres'::regrole
        and relnamespace in ('auth'::regnamespace, 'storage'::regnamespace, 'vault'::regnamespace)""")


def test_every_sequence_is_ahead_of_its_column(sample: tuple[str, Ask]) -> None:
    owned = sample[1]("""select format('%I.%I', n.nspname, c.relname), a.attname, s.oid::regclass::text
        from pg_depend d join pg_class s on s.oid = d.objid and s.relkind = 'S'
        join pg_class c on c.oid = d.refobjid join pg_namespace n on n.oid = c.relnamespace
        join pg_attribute a on a.attrelid = c.oid and a.attnum = d.refobjsubid
        where d.classid = 'pg_class'::regclass and d.deptype in ('a', 'i') and n.nspname = 'public'""")
    assert owned
    for table, column, sequence in owned:
        assert sample[1](
            f'select where coalesce((select max("{column}") from {table}), 0) <= (select last_value from {sequence})'
        ), sequence


def test_the_configured_tables_are_all_there_are(
    embedded: EmbeddedServers, sample_url: Callable[..., str]
) -> None:
    """Nobody is warned on the first day of a table in no tier; the examples hold the procedures' own."""
    root = Path(__file__).parents[2]
    sandbox = load_configuration(embedded.write_configuration())
    for name in load.SAMPLES:
        with psycopg.connect(sample_url(name)) as connection:
            rows = connection.execute("""select n.nspname, c.relname
                from pg_class c join pg_namespace n on n.oid = c.relnamespace
                where c.relkind in ('r', 'p') and not c.relispartition
                    and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'""").fetchall()
        wanted = sorted(table for schema, table in rows if Supabase().wants_tiers(schema))
        example = load_configuration(root / "examples" / f"{name}.toml")
        assert sorted(_in_tiers(sandbox.databases[name])) == wanted
        assert set(_in_tiers(example.databases[name])) < set(wanted)


def _in_tiers(database: DatabaseSettings) -> list[str]:
    return [*database.critical, *database.important, *database.supporting]


def test_about_200000_rows(sample_url: Callable[..., str]) -> None:
    total = 0
    for name in load.SAMPLES:
        with psycopg.connect(sample_url(name)) as connection:
            tables = connection.execute("""select format('%I.%I', schemaname, tablename) from pg_tables
                where schemaname in ('public', 'auth', 'storage') and tablename !~ '^eld_events_'""").fetchall()
            for (table,) in tables:
                row = connection.execute(f"select count(*) from {table}".encode()).fetchone()
                total += row[0] if row else 0
    assert total == ROWS


ROWS = 202_073


def test_the_audit_trail_is_an_unbroken_chain(sample_url: Callable[..., str]) -> None:
    with psycopg.connect(sample_url("cruzonic")) as connection:
        row = connection.execute("""
            select count(*), count(*) filter (where previous_hash = before and hash = recomputed) from (
              select *, coalesce(lag(hash) over (order by id), repeat('0', 64)) as before,
                audit_log_hash(previous_hash, at, actor, action, subject, details) as recomputed
              from audit_log) as link""").fetchone()
        assert row == (12000, 12000)
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            connection.execute("update audit_log set action = 'forged' where id = 7")


def contents(url: str) -> dict[str, object]:
    """Table -> a hash over all its rows, in any order."""
    with psycopg.connect(url) as connection:
        connection.execute("set timezone = 'UTC'")
        tables = connection.execute("""select format('%I.%I', schemaname, tablename) from pg_tables
            where schemaname in ('public', 'auth', 'storage')""").fetchall()
        query = "select sum(hashtextextended(t::text, 0)::numeric) from {} as t"
        return {t: connection.execute(query.format(t).encode()).fetchone() for (t,) in tables}


def test_killed_while_filling_leaves_no_half_of_a_sample(embedded: EmbeddedServers) -> None:
    """What a killed start leaves is a database under its working name; the next start makes it anew."""
    embedded.load_samples()
    before = contents(embedded.url("fleetnest"))
    conninfo, password = embedded.main.conninfo, embedded._passwords["main/postgres"]
    with psycopg.connect(conninfo("postgres"), autocommit=True) as admin:
        admin.execute("drop database if exists fleetnest with (force)")
        admin.execute("create database fleetnest_in_the_making")
        load.ensure(conninfo, "fleetnest", password)
        names = admin.execute("select datname from pg_database where datname ~ '^fleetnest'").fetchall()
    assert names == [("fleetnest",)]
    assert contents(embedded.url("fleetnest")) == before  # the same rows each time


def test_an_sql_error_half_way_leaves_no_sample(
    embedded: EmbeddedServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = load.text
    monkeypatch.setattr(
        load, "text", lambda name: real(name) + ("select 1/0;" if name == "fleetnest" else "")
    )
    monkeypatch.setattr(load, "SAMPLES", ("fleetnest",))
    with psycopg.connect(embedded.main.conninfo("postgres"), autocommit=True) as admin:
        admin.execute("drop database if exists fleetnest with (force)")
        with pytest.raises(psycopg.errors.DivisionByZero):
            embedded.load_samples()
        assert not admin.execute("select from pg_database where datname = 'fleetnest'").fetchall()
    monkeypatch.undo()
    embedded.load_samples()
