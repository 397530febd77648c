"""Names, roles, objects and moments that have broken restores."""

from __future__ import annotations

import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from bot.core.finding import Severity
from bot.core.ids import new_id
from bot.postgres import restoring, scratch
from bot.postgres.address import Address, connect, parse
from bot.sandbox.embedded.servers import EmbeddedServers
from tests.postgres.hard_names import create_hard_tables
from tests.support.restores import differences, newest_client, rules, scratch_database, take
from tests.support.servers import Database

_ROLES = ("Only Here", 'quo"ted', "ünï", "accountant")


@pytest.fixture
def staging(embedded: EmbeddedServers) -> Address:
    return parse(embedded.staging_url)


@pytest.fixture
def roles(embedded: EmbeddedServers) -> Iterator[tuple[str, ...]]:
    """Roles that the source has and staging has not."""
    with psycopg.connect(embedded.main.conninfo("postgres"), autocommit=True) as admin:
        for role in _ROLES:
            admin.execute(sql.SQL("create role {}").format(sql.Identifier(role)))
        yield _ROLES
        for role in _ROLES:
            admin.execute(sql.SQL("drop role {}").format(sql.Identifier(role)))


def _fill(url: str, roles: tuple[str, ...]) -> None:
    """Hard names, owners, grants given on by others, default privileges, policies, large objects."""
    with psycopg.connect(url, autocommit=True) as conn:
        hard = create_hard_tables(conn, "odd schema")  # type: ignore[arg-type]
        for number, table in enumerate(hard):
            role = sql.Identifier(roles[number % len(roles)])
            name = sql.Identifier(table.schema, table.name)
            conn.execute(sql.SQL("alter table {} owner to {}").format(name, role))
            conn.execute(sql.SQL("grant select on {} to anon with grant option").format(name))
            conn.execute(sql.SQL("create policy {} on {} to {} using (note <> ';')").format(role, name, role))
            conn.execute(sql.SQL("comment on policy {} on {} is 'odd; one'").format(role, name))
            conn.execute(sql.SQL("alter table {} enable row level security").format(name))
            conn.execute(sql.SQL("alter table {} force row level security").format(name))
        conn.execute(
            sql.SQL('grant usage on schema "odd schema" to anon, {}').format(sql.Identifier(roles[0]))
        )
        name = sql.Identifier(hard[0].schema, hard[0].name)
        conn.execute(sql.SQL("set role anon; grant select on {} to authenticated; reset role").format(name))
        conn.execute(sql.SQL("alter default privileges for role {} grant select on tables to {}").format(
            sql.Identifier(roles[1]), sql.Identifier(roles[2])
        ))  # fmt: skip
        conn.execute(sql.SQL("revoke all on {} from {}").format(
            sql.Identifier(hard[1].schema, hard[1].name), sql.Identifier(roles[1])
        ))  # fmt: skip
        conn.execute("create table serials (id serial, n int generated always as identity)")
        conn.execute(sql.SQL("alter table serials owner to {}").format(sql.Identifier(roles[3])))
        conn.execute("select lo_from_bytea(0, 'large')")
        conn.execute("create publication serial_news for table serials")


def test_hard_names_and_roles_that_staging_lacks_come_back(
    roles: tuple[str, ...], fresh_database: Database, staging: Address, tmp_path: Path
) -> None:
    _fill(fresh_database.admin_url, roles)
    taken = take(fresh_database.admin_url, tmp_path)

    with scratch_database(staging) as where:
        outcome = restoring.restore(newest_client(), where, taken.archive, taken.manifest)
        missing = differences(taken, where, outcome)

    assert "\n".join(str(x) for x in outcome.log.lines if x.severity is not Severity.NOTE) == ""
    assert set(outcome.stand_ins) == set(roles)
    assert {line.object for line in outcome.log.lines if line.rule == "ROLE_ABSENT"} == set(roles)
    assert missing == []


@pytest.mark.usefixtures("roles")
def test_a_role_that_no_manifest_can_make_cannot_be_verified(
    fresh_database: Database, staging: Address, tmp_path: Path
) -> None:
    with psycopg.connect(fresh_database.admin_url, autocommit=True) as conn:
        conn.execute("create table t (); alter table t owner to accountant")
    taken = take(fresh_database.admin_url, tmp_path)

    with scratch_database(staging) as where:
        outcome = restoring.restore(
            newest_client(), where, taken.archive, replace(taken.manifest, roles_sql=None)
        )

    assert [(x.rule, x.severity, x.object) for x in outcome.log.lines] == [
        ("ROLE_ABSENT", Severity.UNVERIFIED, "accountant")
    ]


def test_no_role_of_staging_is_ever_played(
    fresh_database: Database, staging: Address, tmp_path: Path
) -> None:
    with psycopg.connect(fresh_database.admin_url, autocommit=True) as conn:
        conn.execute("create table t (); alter table t owner to postgres; grant select on t to service_role")
    taken = take(fresh_database.admin_url, tmp_path)

    with scratch_database(staging) as where:
        outcome = restoring.restore(newest_client(), where, taken.archive, taken.manifest)
        with connect(staging) as conn:
            memberships = conn.execute(
                "select pg_get_userbyid(roleid) from pg_auth_members where pg_get_userbyid(member) = %s",
                [where.role],
            ).fetchall()

    assert set(outcome.role_names.values()) == {"postgres", "service_role"}
    assert {str(name) for (name,) in memberships} == outcome.role_names.keys()
    assert all(str(name).startswith("sparewheel_test_") for (name,) in memberships)


def test_an_archive_cut_off_is_unreadable(fresh_database: Database, staging: Address, tmp_path: Path) -> None:
    with psycopg.connect(fresh_database.url, autocommit=True) as conn:
        conn.execute("create table t as select n, md5(n::text) from generate_series(1, 50000) n")
    taken = take(fresh_database.url, tmp_path)
    whole = taken.archive.read_bytes()
    for size in (0, 100, len(whole) // 2, len(whole) - 10_000):
        taken.archive.write_bytes(whole[:size])
        with scratch_database(staging) as where:
            outcome = restoring.restore(newest_client(), where, taken.archive, taken.manifest)
        assert "ARCHIVE_UNREADABLE" in rules(outcome), size
        assert outcome.log.explained, outcome.log


def test_an_empty_archive_is_no_restore(fresh_database: Database, staging: Address, tmp_path: Path) -> None:
    with psycopg.connect(fresh_database.url, autocommit=True) as conn:
        conn.execute("create table t (id int)")
    taken = take(fresh_database.url, tmp_path, "--exclude-table=t")

    with scratch_database(staging) as where:
        outcome = restoring.restore(newest_client(), where, taken.archive, taken.manifest)

    assert ("EMPTY_RESTORE", Severity.FAIL) in {(one.rule, one.severity) for one in outcome.log.lines}


def test_what_is_killed_half_way_leaves_nothing_that_cannot_be_found(
    fresh_database: Database, staging: Address, tmp_path: Path
) -> None:
    with psycopg.connect(fresh_database.admin_url, autocommit=True) as conn:
        conn.execute(
            "create function waits(int) returns boolean immutable language plpgsql as $$begin if "
            "current_database() like 'sparewheel%' then perform pg_sleep(1000); end if; return true; end$$;"
            "create table t (id int); insert into t values (1); create index on t (waits(id))"
        )
    taken = take(fresh_database.admin_url, tmp_path)
    (tmp_path / "manifest.json").write_bytes(taken.manifest.to_json())
    made = scratch.create(staging, new_id())
    program = (
        "import sys, pickle\nfrom pathlib import Path\nfrom bot.core import manifest\n"
        "from bot.postgres import restoring\nfrom tests.support.restores import newest_client\n"
        "where = pickle.loads(sys.stdin.buffer.read())\nfolder = Path(sys.argv[1])\n"
        "restoring.restore(newest_client(), where, Path(sys.argv[2]),"
        " manifest.from_json((folder / 'manifest.json').read_bytes()))\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path), str(taken.archive)], stdin=subprocess.PIPE
    )
    assert child.stdin
    child.stdin.write(pickle.dumps(made))
    child.stdin.close()
    try:
        _wait_for(lambda: _sleepers(staging) == 1)
        child.send_signal(signal.SIGKILL)
        child.wait()
        # pg_restore ends with the one who started it, and takes its query along.
        _wait_for(lambda: _sleepers(staging) == 0)
    finally:
        child.kill()
        child.wait()

    (left,) = [left for left in scratch.leftovers(staging) if left.test_id == made.test_id]
    scratch.drop(staging, left)
    assert made.test_id not in {one.test_id for one in scratch.leftovers(staging)}


def _sleepers(staging: Address) -> int:
    with connect(staging) as conn:
        row = conn.execute("select count(*) from pg_stat_activity where wait_event = 'PgSleep'").fetchone()
    return int(str(row[0])) if row else 0


def _wait_for(happens: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not happens():
        assert time.monotonic() < until, "it never happened"
        time.sleep(0.1)
