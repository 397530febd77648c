"""Archives that mean harm: what they try is refused, bounded and named, and nothing outlives the test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from bot.core.finding import Severity
from bot.errors import CancelledError
from bot.platforms.supabase import Supabase
from bot.postgres import restoring
from bot.postgres.address import Address, connect, parse
from bot.postgres.restoring import Limits, RestoreOutcome
from bot.sandbox.embedded.servers import EmbeddedServers
from tests.support.projects import laid_out_project, lending_role
from tests.support.restores import Taken, newest_client, rules, scratch_database, take
from tests.support.servers import Database

_TOUCH = "copy (select 1) to program 'touch {place}'"
# Each runs the function at another moment; it does harm in scratch databases only.
_ROADS = {
    "a CHECK": "alter table victims add check (harm(id))",
    "an index expression": "create index on victims (harm(id))",
    "a generated column": "alter table victims add harmed boolean generated always as (harm(id)) stored",
    "a materialized view": "create materialized view seen as select harm(id) from victims",
    "a domain": "create domain hurt as int check (harm(value)); create table hurts (value hurt);"
    "insert into hurts values (1)",
}


@pytest.fixture
def staging(embedded: EmbeddedServers) -> Address:
    return parse(embedded.staging_url)


@pytest.fixture
def plant(fresh_database: Database, tmp_path: Path) -> Callable[..., Taken]:
    """`plant(harm, road)`: an archive in which `harm` runs, by way of `road`, wherever it is restored."""

    def planted(harm: str, road: str) -> Taken:
        with psycopg.connect(fresh_database.admin_url, autocommit=True) as admin:
            admin.execute(
                "create table victims (id int); insert into victims values (1), (2);"
                "create function does() returns boolean language plpgsql as $$begin"
                f" if current_database() like 'sparewheel%' then {harm}; end if; return true; end$$;"
                # What may only read may call what may do anything.
                "create function harm(int) returns boolean immutable language plpgsql as"
                " $$begin return public.does(); end$$"
            )
            admin.execute(road)
        return take(fresh_database.admin_url, tmp_path)

    return planted


@pytest.mark.parametrize("road", _ROADS.values(), ids=_ROADS.keys())
def test_a_program_is_not_run(
    road: str, plant: Callable[..., Taken], staging: Address, tmp_path: Path
) -> None:
    proof = tmp_path / "ran"
    tmp_path.chmod(0o777)
    taken = plant(f"execute $x${_TOUCH.format(place=proof)}$x$", road)

    outcome = _restored(taken, staging)

    assert not proof.exists()
    assert ("FORBIDDEN_ACTION", Severity.FAIL) in {(one.rule, one.severity) for one in outcome.log.lines}


@pytest.mark.parametrize(
    "harm",
    [
        "perform pg_read_file('/etc/passwd')",
        "perform pg_ls_dir('/')",
        "execute $x$copy victims from '/etc/passwd'$x$",
        "perform lo_import('/etc/passwd')",
        "execute 'create role evil superuser'",
        "execute 'alter role postgres password null'",
        "execute 'grant postgres to current_user'",
        "execute 'set role postgres'",
        "execute 'alter system set port = 1'",
    ],
)
def test_what_is_forbidden_is_refused_and_named(
    harm: str, plant: Callable[..., Taken], staging: Address
) -> None:
    outcome = _restored(plant(harm, _ROADS["a materialized view"]), staging)

    assert ("FORBIDDEN_ACTION", Severity.FAIL) in {(one.rule, one.severity) for one in outcome.log.lines}
    assert outcome.log.ignored_errors


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_row_that_speaks_like_pg_restore_is_not_repeated(
    fresh_database: Database, staging: Address, tmp_path: Path, jobs: int
) -> None:
    """PostgreSQL quotes rows in its errors, line ends and all."""
    with psycopg.connect(fresh_database.admin_url, autocommit=True) as admin:
        admin.execute(
            "create table victims (one text, two text, three text);"
            r"insert into victims values (E'\npg_restore: from TOC entry 1; 1 1 SECRET',"
            r" E'\npg_restore: error: role \"SECRET\" does not exist',"
            r" E'\npg_restore: error: x\nCommand was: CREATE TABLE SECRET');"
            "create function only_there(text) returns boolean immutable language sql as"
            " $$select current_database() not like 'sparewheel%'$$;"
            "alter table victims add constraint there check (only_there(one))"
        )
    taken = take(fresh_database.admin_url, tmp_path)
    with scratch_database(staging) as where:
        outcome = restoring.restore(newest_client(), where, taken.archive, taken.manifest, jobs=jobs)

    assert ("RESTORE_ERROR", Severity.FAIL) in {(one.rule, one.severity) for one in outcome.log.lines}
    assert "SECRET" not in repr(outcome)


def test_what_it_sets_for_later_sessions_is_taken_back(plant: Callable[..., Taken], staging: Address) -> None:
    """A search path of its own would make its functions PostgreSQL's for whoever looks next."""
    sets = (
        "execute 'alter database ' || quote_ident(current_database()) || ' set search_path = evil';"
        "execute 'alter role ' || quote_ident(session_user) || ' set search_path = evil';"
        "execute 'alter role ' || quote_ident(session_user) || ' in database '"
        " || quote_ident(current_database()) || ' set search_path = evil'"
    )
    taken = plant(sets, _ROADS["a CHECK"])
    with scratch_database(staging) as where:
        outcome = restoring.restore(newest_client(), where, taken.archive, taken.manifest)
        with connect(staging) as conn:
            settings = conn.execute(
                "select array_to_string(setconfig, ' ') from pg_db_role_setting s"
                " left join pg_database d on d.oid = s.setdatabase left join pg_roles r on r.oid = s.setrole"
                " where %s in (datname, rolname)",
                [where.database],
            ).fetchall()

    assert outcome.log.lines == ()  # it was let do it
    assert len(settings) == 1
    assert "evil" not in str(settings)


@pytest.mark.parametrize(
    "harm",
    [
        "execute 'create role evil login'",
        "execute 'alter role anon login'",
        "execute 'grant postgres to current_user with set true'",
        "execute 'set role postgres'",
        "perform pg_read_file('/etc/passwd')",
    ],
)
def test_in_a_copy_of_a_project_it_has_no_more_rights(
    harm: str, plant: Callable[..., Taken], embedded: EmbeddedServers
) -> None:
    """The rights on the platform's objects that the fresh role is lent bring no others along."""
    taken = plant(harm, _ROADS["a CHECK"])
    with (
        laid_out_project(embedded) as template,
        lending_role(embedded) as address,
        scratch_database(parse(address), template=template) as where,
    ):
        outcome = restoring.restore(
            newest_client(), where, taken.archive, taken.manifest, way="customer", platform=Supabase()
        )

    assert ("FORBIDDEN_ACTION", Severity.FAIL) in {(one.rule, one.severity) for one in outcome.log.lines}


def _restored(taken: Taken, staging: Address, limits: Limits | None = None) -> RestoreOutcome:
    with scratch_database(staging) as where:
        return restoring.restore(newest_client(), where, taken.archive, taken.manifest, limits=limits)


def test_one_that_sleeps_for_ever_is_ended(plant: Callable[..., Taken], staging: Address) -> None:
    taken = plant("perform pg_sleep(100000)", _ROADS["an index expression"])

    outcome = _restored(taken, staging, Limits(seconds=3))

    assert ("RESTORE_TOO_SLOW", Severity.FAIL) in {(one.rule, one.severity) for one in outcome.log.lines}


def test_one_that_fills_the_disk_is_ended(plant: Callable[..., Taken], staging: Address) -> None:
    taken = plant(
        "execute $x$create table if not exists public.flood as select repeat(md5(n::text), 50)"
        " from generate_series(1, 1000000000) n$x$",
        _ROADS["a CHECK"],
    )

    outcome = _restored(taken, staging, Limits(seconds=120, bytes=40_000_000))

    assert ("RESTORE_TOO_LARGE", Severity.FAIL) in {(one.rule, one.severity) for one in outcome.log.lines}
    assert outcome.largest_bytes > 40_000_000


def test_a_stop_ends_it(plant: Callable[..., Taken], staging: Address) -> None:
    taken = plant("perform pg_sleep(100000)", _ROADS["an index expression"])

    with scratch_database(staging) as where, pytest.raises(CancelledError):
        restoring.restore(
            newest_client(), where, taken.archive, taken.manifest, should_stop=lambda: _sleeps(staging)
        )


def _sleeps(staging: Address) -> bool:
    """Whether the restore has come to where it would sleep for ever."""
    with connect(staging) as conn:
        row = conn.execute("select count(*) from pg_stat_activity where wait_event = 'PgSleep'").fetchone()
    return bool(row and row[0])


def test_nothing_that_reaches_out_is_brought_back(
    fresh_database: Database, staging: Address, tmp_path: Path
) -> None:
    with psycopg.connect(fresh_database.admin_url, autocommit=True) as admin:
        admin.execute(
            "create extension dblink; create extension postgres_fdw;"
            "create server elsewhere foreign data wrapper postgres_fdw options (host '203.0.113.1');"
            "create user mapping for public server elsewhere options (user 'u', password 'hush');"
            "create foreign table far (id int) server elsewhere;"
            "comment on foreign table far is 'far away'; grant select on far to anon;"
            "grant usage on foreign server elsewhere to anon;"
            "create publication everything for all tables;"
            "create table kept (id int primary key); insert into kept values (7)"
        )
        admin.execute(
            "create subscription tap connection 'host=203.0.113.1' publication p with (connect = false)"
        )
    try:
        taken = take(fresh_database.admin_url, tmp_path)
    finally:
        with psycopg.connect(fresh_database.admin_url, autocommit=True) as admin:
            admin.execute("alter subscription tap set (slot_name = none)")
            admin.execute("drop subscription tap")

    with scratch_database(staging) as where:
        outcome = restoring.restore(newest_client(), where, taken.archive, taken.manifest)
        with connect(where.address) as conn:
            reaching = conn.execute(
                "select (select count(*) from pg_foreign_server), (select count(*) from pg_user_mappings),"
                "(select count(*) from pg_foreign_table), (select count(*) from pg_extension),"
                "(select count(*) from public.kept)"
            ).fetchone()

    assert reaching == (0, 0, 0, 1, 1)  # plpgsql is the one extension
    assert {line.severity for line in outcome.log.lines} == {Severity.NOTE}
    assert rules(outcome) == {"CALLS_OUT_LEFT_OUT", "SUPERUSER_LEFT_OUT"}
    assert {'"dblink"', '"postgres_fdw"', '"elsewhere"', '"public"."far"', '"tap"'} <= outcome.left_out.keys()
    assert "hush" not in repr(outcome)


def test_what_restored_code_sets_for_later_sessions_is_taken_back(
    plant: Callable[..., Taken], staging: Address
) -> None:
    taken = plant(
        "execute 'alter role current_user set search_path = nowhere';"
        "execute 'alter role current_user in database ' || current_database() || ' set work_mem = 64';"
        "execute 'alter database ' || current_database() || ' set default_transaction_deferrable = on'",
        _ROADS["a CHECK"],
    )

    with scratch_database(staging) as where:
        outcome = restoring.restore(newest_client(), where, taken.archive, taken.manifest)
        with connect(where.address) as conn:
            kept = conn.execute("select setconfig from pg_db_role_setting").fetchall()

    assert outcome.log.lines == ()  # it really did
    assert not [row for row in kept if any(word in str(row) for word in ("nowhere", "work_mem", "deferr"))]
