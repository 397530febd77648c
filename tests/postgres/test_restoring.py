"""Both sample databases come back whole, either way, and every line of what was said is explained."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from bot.core.finding import Severity
from bot.platforms.supabase import Supabase
from bot.postgres import restoring
from bot.postgres.address import Address, connect, parse
from bot.sandbox.embedded.servers import EmbeddedServers
from bot.sandbox.samples import load
from tests.support.projects import laid_out_project, lending_role
from tests.support.restores import differences, newest_client, rules, scratch_database, take
from tests.support.servers import Database

_NOT_MINE = "--exclude-table=vault.secrets"  # the backup's role may not read it
_EVENT_TRIGGERS = ("issue_pg_cron_access", "pgrst_ddl_watch", "pgrst_drop_watch")


@pytest.fixture
def staging(embedded: EmbeddedServers) -> Address:
    return parse(embedded.staging_url)


@pytest.fixture
def laid_out(embedded: EmbeddedServers) -> Iterator[str]:
    with laid_out_project(embedded) as name:
        yield name


@pytest.fixture(params=["a fresh role", "staging's own role"])
def whoever_may(request: pytest.FixtureRequest, embedded: EmbeddedServers) -> Iterator[Address]:
    """Staging with a role that may lend the platform's rights, and with one that may not."""
    if request.param == "a fresh role":
        with lending_role(embedded) as address:
            yield parse(address)
    else:
        yield parse(embedded.staging_url)


@pytest.mark.parametrize("name", load.SAMPLES)
def test_everything_of_a_sample_comes_back(
    name: str, sample_url: Callable[..., str], staging: Address, tmp_path: Path
) -> None:
    taken = take(sample_url(name), tmp_path, _NOT_MINE)

    with scratch_database(staging) as where:
        outcome = restoring.restore(newest_client(), where, taken.archive, taken.manifest)
        missing = differences(taken, where, outcome)

    assert rules(outcome) == {"SUPERUSER_LEFT_OUT"}
    assert {line.severity for line in outcome.log.lines} == {Severity.NOTE}
    assert (outcome.log.exit_code, outcome.log.ignored_errors, outcome.log.explained) == (0, 0, True)
    assert outcome.left_out.keys() == {f'"{trigger}"' for trigger in _EVENT_TRIGGERS}
    # What the backup's role could not read, and what only a superuser makes, is all that is missing.
    assert [
        line for line in missing if '"vault"."secrets"' not in line and "event_triggers" not in line
    ] == []


def test_no_temporary_file_is_written_beside_the_archive(
    fresh_database: Database, staging: Address, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker's disk is for one archive: lists and definitions of many tables are as large again."""
    with psycopg.connect(fresh_database.url, autocommit=True) as conn:
        conn.execute("create table t (id int primary key); grant select on t to anon")
    taken = take(fresh_database.url, tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "there is no such folder"))

    with scratch_database(staging) as where:
        outcome = restoring.restore(newest_client(), where, taken.archive, taken.manifest)
        missing = differences(taken, where, outcome)

    assert missing == []


@pytest.mark.parametrize("name", load.SAMPLES)
def test_the_customers_part_of_a_sample_comes_back_into_a_fresh_project(
    name: str, sample_url: Callable[..., str], whoever_may: Address, laid_out: str, tmp_path: Path
) -> None:
    taken = take(sample_url(name), tmp_path, _NOT_MINE)

    with scratch_database(whoever_may, template=laid_out) as where:
        outcome = restoring.restore(
            newest_client(), where, taken.archive, taken.manifest, way="customer", platform=Supabase()
        )
        missing = differences(taken, where, outcome)

    assert ("RESTORED_AS_STAGING" in rules(outcome)) is (where.role == whoever_may.user)
    assert [line for line in outcome.log.lines if line.severity is not Severity.NOTE] == []
    assert (outcome.log.exit_code, outcome.log.ignored_errors, outcome.log.explained) == (0, 0, True)
    assert missing == []


def test_default_privileges_that_the_customer_closed_stay_closed(
    whoever_may: Address, laid_out: str, embedded: EmbeddedServers, tmp_path: Path
) -> None:
    """The template's own open everything to the platform's roles, and are not to stand beside the archive's."""
    with laid_out_project(embedded, "main") as source:
        with psycopg.connect(embedded.url(source), autocommit=True) as customer:
            customer.execute(
                "alter default privileges in schema public revoke all on tables from anon, authenticated;"
                "alter default privileges in schema public revoke all on functions from anon;"
                "create table closed (id int primary key)"
            )
        taken = take(embedded.url(source), tmp_path, _NOT_MINE)

    with scratch_database(whoever_may, template=laid_out) as where:
        outcome = restoring.restore(
            newest_client(), where, taken.archive, taken.manifest, way="customer", platform=Supabase()
        )
        assert differences(taken, where, outcome) == []
        with connect(where.address) as conn:
            beside = conn.execute(
                "select count(*) from pg_default_acl where defaclrole = any(%s::regrole[])",
                [[where.lender] if where.lender else []],
            ).fetchone()
    assert beside == (0,)
