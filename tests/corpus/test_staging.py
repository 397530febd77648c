"""What staging lacks: a role or an extension of the source, each under the rule meant for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from bot.app import House
from bot.core.finding import Finding, Severity
from bot.core.restore_test import RestoreTestRecord
from bot.core.verdict import Verdict
from bot.sandbox.embedded.servers import EmbeddedServers
from tests.support.house import Plan, back_up, folder_storage, note_manifest, open_house, prove
from tests.support.servers import Database

TOML = 'staging_url_env = "TEST_STAGING"\nfingerprints = "all"'


@pytest.fixture
def house(
    fresh_database: Database, embedded: EmbeddedServers, ledger_url: str, tmp_path: Path
) -> Iterator[House]:
    plan = Plan(
        {"small": fresh_database.url},
        {"small": TOML},
        folder_storage(tmp_path / "store"),
        {"TEST_STAGING": embedded.staging_url},
    )
    with open_house(plan, ledger_url, tmp_path) as opened:
        yield opened


@pytest.fixture
def accountant(fresh_database: Database) -> Iterator[None]:
    """A role of the source that staging has not, with a table, a grant and a policy of its own."""
    with psycopg.connect(fresh_database.admin_url, autocommit=True) as admin:
        admin.execute("create role accountant")
        admin.execute(
            "create table bills as select n from generate_series(1, 10) n;"
            "create table paid (id int); grant select on paid to accountant;"
            "alter table paid enable row level security;"
            "create policy see on paid to accountant using (true);"
            "alter table bills owner to accountant; grant all on bills to postgres"
        )
        yield
        admin.execute("drop owned by accountant; drop role accountant")


def look_at(
    house: House, folder: Path, change: Callable[[dict[str, object]], None] = lambda _: None
) -> RestoreTestRecord:
    """A backup, what is done to its manifest, and its restore test."""
    record = back_up(house, "small")
    assert record.state == "stored", record
    (path,) = (folder / "store").rglob(f"*{record.id}.json")
    manifest = json.loads(path.read_bytes())
    change(manifest)
    path.write_text(json.dumps(manifest), encoding="utf-8")
    note_manifest(house, record.id, path.read_bytes())
    return prove(house, record.id).test


def of_rule(test: RestoreTestRecord, rule: str) -> list[Finding]:
    return [finding for finding in test.findings if finding.rule == rule]


@pytest.mark.usefixtures("accountant")
def test_a_role_that_staging_lacks_is_played_and_named(house: House, tmp_path: Path) -> None:
    test = look_at(house, tmp_path)
    assert (test.verdict, [f for f in test.findings if f.severity is not Severity.NOTE]) == (Verdict.PASS, [])
    (said,) = of_rule(test, "ROLE_ABSENT")
    assert (said.severity, "accountant" in said.sentence) == (Severity.NOTE, True)


@pytest.mark.usefixtures("accountant")
def test_a_role_that_the_manifest_cannot_make_either_could_not_be_verified(
    house: House, tmp_path: Path
) -> None:
    test = look_at(house, tmp_path, lambda manifest: manifest.__setitem__("roles_sql", None))
    (said,) = [f for f in test.findings if f.severity is not Severity.NOTE]
    assert (test.verdict, said.rule) == (Verdict.COULD_NOT_VERIFY, "ROLE_ABSENT")
    assert "accountant" in said.sentence


def test_an_extension_that_staging_cannot_have_could_not_be_verified(
    house: House, fresh_database: Database, tmp_path: Path
) -> None:
    """Only a superuser makes this one, and a restore test has none."""
    with psycopg.connect(fresh_database.admin_url, autocommit=True) as admin:
        admin.execute("create extension pageinspect; create table t as select 1 as n")
        admin.execute("alter table t owner to postgres")
    test = look_at(house, tmp_path)
    serious = [f for f in test.findings if f.severity is not Severity.NOTE]
    assert {f.rule for f in serious} == {"EXTENSION_ABSENT"}, serious
    assert test.verdict is Verdict.COULD_NOT_VERIFY
    assert any("pageinspect" in f"{f.sentence} {f.subject}" for f in serious)
