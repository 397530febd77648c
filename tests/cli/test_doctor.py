from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from bot.cli.doctor import Finding, findings
from bot.core.verdict import Verdict
from bot.sandbox.embedded.servers import EmbeddedServers
from tests.cli.conftest import CommandLine
from tests.support.house import Plan, folder_storage, open_house
from tests.support.servers import Database


def test_the_doctor_passes_what_is_well_and_never_what_it_could_not_see(sparewheel: CommandLine) -> None:
    said = sparewheel("doctor", code=2)
    assert "COULD NOT VERIFY Slack" in said
    for part in ("configuration", "ledger", "storage", "client programs", "database fleet"):
        assert f"PASS             {part}" in said


def test_the_doctor_fails_what_is_ill(sparewheel: CommandLine) -> None:
    sparewheel.environ["FLEET_URL"] = sparewheel.environ["FLEET_URL"].replace(
        sparewheel.secrets[1], "wrong-one"
    )
    said = sparewheel("doctor", code=1)
    assert "FAIL             database fleet" in said


def test_the_doctor_says_what_comes_next_where_the_ledger_is_still_empty(unmigrated: CommandLine) -> None:
    said = unmigrated("doctor", code=2)  # 2: no Slack is set here
    assert "PASS             ledger: reachable and still empty" in said
    assert "make run" in said


def test_the_doctor_looks_at_staging(sparewheel: CommandLine, embedded: EmbeddedServers) -> None:
    configuration = Path(sparewheel.environ["SPAREWHEEL_CONFIG"])
    configuration.write_text(configuration.read_text() + 'staging_url_env = "FLEET_STAGING"\n')
    sparewheel.environ["FLEET_STAGING"] = embedded.staging_url
    assert "PASS             staging of fleet: PostgreSQL 17" in sparewheel("doctor", code=2)  # 2: no Slack


@pytest.fixture
def staging_at(
    fresh_database: Database, ledger_url: str, tmp_path: Path
) -> Iterator[Callable[[str], Finding]]:
    """`staging_at(url)`: what the doctor says of the staging server at that address."""
    doors = ExitStack()

    def look(url: str) -> Finding:
        plan = Plan(
            {"shop": fresh_database.url},
            {"shop": 'staging_url_env = "TEST_STAGING"'},
            folder_storage(tmp_path / "store"),
            {"TEST_STAGING": url},
        )
        house = doors.enter_context(open_house(plan, ledger_url, tmp_path))
        return next(one for one in findings(house) if one.what == "staging of shop")

    with doors:
        yield look


def test_staging_that_no_restore_test_may_use_fails(
    staging_at: Callable[[str], Finding], embedded: EmbeddedServers, fresh_database: Database, ledger_url: str
) -> None:
    staging = embedded.staging
    unfit = staging.url("postgres", "unfit", "pw")
    with psycopg.connect(staging.conninfo("postgres"), autocommit=True) as admin:
        admin.execute("create role unfit login createdb password 'pw'")
        try:
            found = {
                "source": staging_at(fresh_database.url),
                "ledger": staging_at(ledger_url),
                "superuser": staging_at(staging.url("postgres", staging.superuser, staging.password)),
                "rights": staging_at(unfit),
                "down": staging_at("postgresql://postgres:hunter2@127.0.0.1:1/postgres"),
                "not set": staging_at(""),
                "well": staging_at(embedded.staging_url),
            }
        finally:
            admin.execute("drop role unfit")
    expected = {
        "source": "lies on",
        "ledger": "is the one that the bot's own database lies on",
        "superuser": "is a superuser, and a restore test runs without",
        "rights": "ALTER ROLE … CREATEDB CREATEROLE",
        "down": "Nothing answers at 127.0.0.1:1",
        "not set": "TEST_STAGING is not set",
    }
    assert found.pop("well").verdict is Verdict.PASS
    assert {case for case, one in found.items() if one.verdict is not Verdict.FAIL} == set()
    assert [case for case, words in expected.items() if words not in found[case].sentence] == []


def test_the_doctor_looks_for_the_addresses_of_watchers(sparewheel: CommandLine) -> None:
    configuration = Path(sparewheel.environ["SPAREWHEEL_CONFIG"])
    configuration.write_text(configuration.read_text() + '[heartbeats]\nprocess_url_env = "WATCHER"\n')
    said = sparewheel("doctor", code=1)
    assert "FAIL             heartbeats: No address is set in WATCHER" in said
    sparewheel.environ["WATCHER"] = "hc-ping.example/secret-uuid"
    said = sparewheel("doctor", code=1)
    assert "is no address of the web" in said
    assert "secret-uuid" not in said
    sparewheel.environ["WATCHER"] = "http://127.0.0.1:9/secret-uuid"  # nobody is asked
    assert "PASS             heartbeats: 1 address set, not asked" in sparewheel("doctor", code=2)
