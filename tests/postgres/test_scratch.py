"""What a restore test makes on staging is closed, marked, found again, and all that is ever dropped."""

from __future__ import annotations

import psycopg
import pytest

from bot.core.ids import new_id
from bot.errors import DatabaseError
from bot.postgres import scratch
from bot.postgres.address import Address, connect, parse
from bot.postgres.scratch import Leftover
from bot.sandbox.embedded.servers import EmbeddedServers
from tests.support.projects import laid_out_project
from tests.support.restores import scratch_database
from tests.support.servers import Server


@pytest.fixture
def staging(embedded: EmbeddedServers) -> Address:
    return parse(embedded.staging_url)


def _ask(address: Address, query: str, *values: object) -> list[tuple[object, ...]]:
    with connect(address) as conn:
        return conn.execute(query.encode(), values).fetchall()


def test_the_role_has_no_rights_and_the_database_lets_nobody_else_in(
    staging: Address, embedded: EmbeddedServers
) -> None:
    with scratch_database(staging) as where:
        rights = _ask(
            staging,
            "select rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls, rolconnlimit > 0, "
            "(select count(*) from pg_auth_members where member = r.oid) from pg_roles r where rolname = %s",
            where.role,
        )
        closed = _ask(staging, "select has_database_privilege('anon', %s, 'connect')", where.database)
        with psycopg.connect(embedded.staging.conninfo("postgres")) as admin:
            kept = admin.execute(
                "select rolpassword from pg_authid where rolname = %s", [where.role]
            ).fetchone()
        owner = _ask(where.address, "select pg_get_userbyid(datdba) = current_user from pg_database "
                     "where datname = current_database()")  # fmt: skip

    assert rights == [(False, False, False, False, False, True, 0)]
    assert closed == [(False,)]
    assert kept is not None
    assert str(kept[0]).startswith("SCRAM-SHA-256$")
    assert owner == [(True,)]
    assert where.address.password not in repr(where)


def test_what_is_left_of_a_killed_test_is_found_and_dropped(staging: Address) -> None:
    made = scratch.create(staging, new_id())

    found = [left for left in scratch.leftovers(staging) if left.test_id == made.test_id]
    assert found == [Leftover(made.test_id, made.database, (made.role,))]

    scratch.drop(staging, found[0])
    scratch.drop(staging, found[0])  # gone already

    assert not [left for left in scratch.leftovers(staging) if left.test_id == made.test_id]
    assert _ask(staging, "select 1 from pg_roles where rolname = %s", made.role) == []


def test_a_role_without_a_database_is_found_too(staging: Address) -> None:
    made = scratch.create(staging, new_id())
    with connect(staging) as conn:
        conn.execute(f"drop database {made.database}".encode())

    assert Leftover(made.test_id, None, (made.role,)) in scratch.leftovers(staging)
    scratch.drop(staging, made)
    assert _ask(staging, "select 1 from pg_roles where rolname = %s", made.role) == []


def test_whoever_is_connected_does_not_keep_it(staging: Address) -> None:
    made = scratch.create(staging, new_id())
    with connect(made.address) as guest:
        scratch.drop(staging, made)
        with pytest.raises(psycopg.OperationalError):
            guest.execute("select 1")
    assert _ask(staging, "select 1 from pg_database where datname = %s", made.database) == []


def test_a_database_that_only_has_the_name_stays(staging: Address) -> None:
    test_id = new_id()
    name = f"sparewheel_test_{test_id}"
    with connect(staging) as conn:
        conn.execute(f"create database {name}".encode())
    try:
        with pytest.raises(DatabaseError, match="not one that a restore test made"):
            scratch.drop(staging, Leftover(test_id, name))
        assert _ask(staging, "select 1 from pg_database where datname = %s", name) == [(1,)]
        assert test_id not in {left.test_id for left in scratch.leftovers(staging)}
    finally:
        with connect(staging) as conn:
            conn.execute(f"drop database {name}".encode())


def test_a_database_of_a_marked_role_under_another_tests_name_is_not_its_own(staging: Address) -> None:
    other = f"sparewheel_test_{new_id()}"
    with scratch_database(staging) as made, connect(staging) as conn:
        conn.execute(f"create database {other} owner {made.role}".encode())
        try:
            (left,) = [one for one in scratch.leftovers(staging) if one.test_id == made.test_id]
            assert left.database == made.database
        finally:
            conn.execute(f"drop database {other}".encode())


def test_restored_code_cannot_wipe_off_the_mark(staging: Address) -> None:
    made = scratch.create(staging, new_id())
    with connect(made.address) as hostile:
        hostile.execute(f"comment on database {made.database} is null".encode())
        hostile.execute(f"alter role {made.role} set statement_timeout = 0".encode())
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            hostile.execute(f"comment on role {made.role} is null".encode())

    assert made.test_id in {left.test_id for left in scratch.leftovers(staging)}
    scratch.drop(staging, made)
    assert _ask(staging, "select 1 from pg_database where datname = %s", made.database) == []


def test_a_superuser_makes_none(embedded: EmbeddedServers) -> None:
    url = embedded.url("postgres", "supabase_admin", "staging")
    with pytest.raises(DatabaseError, match="superuser"):
        scratch.create(parse(url), new_id())


def test_a_role_that_may_not_make_databases_is_told_so(embedded: EmbeddedServers) -> None:
    with psycopg.connect(embedded.staging.conninfo("postgres"), autocommit=True) as admin:
        admin.execute("create role meek login password 'meek'")
    try:
        with pytest.raises(DatabaseError, match="may not make databases"):
            scratch.create(parse(embedded.staging.url("postgres", "meek", "meek")), new_id())
    finally:
        with psycopg.connect(embedded.staging.conninfo("postgres"), autocommit=True) as admin:
            admin.execute("drop role meek")


@pytest.mark.parametrize("anybody_may_copy", [False, True])
def test_a_role_without_rights_in_the_template_copies_nothing(
    embedded: EmbeddedServers, anybody_may_copy: bool
) -> None:
    """What it may not restore there would pass for missing, and a healthy backup for a broken one."""
    with (
        laid_out_project(embedded) as template,
        psycopg.connect(embedded.staging.conninfo("postgres"), autocommit=True) as admin,
    ):
        admin.execute("create role stranger login createdb createrole bypassrls password 'stranger'")
        admin.execute(f"alter database {template} is_template {anybody_may_copy}".encode())
        try:
            stranger = parse(embedded.staging.url("postgres", "stranger", "stranger"))
            with pytest.raises(DatabaseError, match="has no rights on what is in project_"):
                scratch.create(stranger, new_id(), template=template)
            with pytest.raises(DatabaseError, match="has no rights on what is in project_"):
                scratch.refuse_unfit_role(stranger, template)
            assert scratch.leftovers(stranger) == []
        finally:
            admin.execute(f"alter database {template} is_template false".encode())
            admin.execute("drop role stranger")


def test_a_template_that_is_not_there_is_named(staging: Address) -> None:
    with pytest.raises(DatabaseError, match="no database nowhere"):
        scratch.create(staging, new_id(), template="nowhere")


def test_two_tests_have_nothing_in_common(staging: Address) -> None:
    with scratch_database(staging) as one, scratch_database(staging) as other:
        assert {one.database, one.role}.isdisjoint({other.database, other.role})
        with pytest.raises(DatabaseError):
            connect(
                Address(one.address.host, one.address.port, one.role, other.database, one.address.password)
            )


def test_servers_are_told_apart_by_what_they_say(embedded: EmbeddedServers, staging: Address) -> None:
    main = parse(embedded.url("postgres"))
    own = embedded.system_identifiers

    assert scratch.is_same_cluster(staging, main) is False
    assert scratch.is_same_cluster(main, own["main"]) is True
    assert scratch.is_same_cluster(own["staging"], staging) is True
    assert scratch.is_same_cluster(staging, None) is None


@pytest.mark.postgres15
def test_an_older_server_makes_them_too(postgres15: Server) -> None:
    staging = parse(postgres15.url("postgres"))
    like = {
        "encoding": "UTF8",
        "collate": "C",
        "ctype": "C.UTF-8",
        "locale_provider": "b",
        "locale": "C.UTF-8",
    }
    with scratch_database(staging, like=like) as where:
        assert where.notes
        assert _ask(where.address, "select pg_encoding_to_char(encoding), datcollate from pg_database "
                    "where datname = current_database()") == [("UTF8", "C")]  # fmt: skip


def test_the_sources_locale_is_taken_over(staging: Address) -> None:
    like = {"encoding": "LATIN1", "collate": "C", "ctype": "C", "locale_provider": "c", "locale": None}
    with scratch_database(staging, like=like) as where:
        assert where.notes == ()
        assert _ask(where.address, "select pg_encoding_to_char(encoding), datlocprovider::text from "
                    "pg_database where datname = current_database()") == [("LATIN1", "c")]  # fmt: skip
