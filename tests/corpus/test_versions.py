"""A healthy backup taken from one major version and tested on another is never taken for a broken one."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from bot.core.finding import Severity
from bot.core.restore_test import RestoreTestMessage
from bot.core.verdict import Verdict
from bot.sandbox.embedded.servers import EmbeddedServers
from tests.support.house import Plan, back_up, folder_storage, open_house, prove
from tests.support.servers import Database, Server

_SQL = Path(__file__).with_name("healthy.sql")
_TOML = 'staging_url_env = "TEST_STAGING"\nfingerprints = "all"\ncritical = ["customers"]'


def brought_back(source: Database, staging: str, ledger_url: str, folder: Path) -> RestoreTestMessage:
    with psycopg.connect(source.url) as customer:
        customer.execute(_SQL.read_bytes())
    plan = Plan(
        {"small": source.url},
        {"small": _TOML},
        folder_storage(folder / "store"),
        {"TEST_STAGING": staging},
    )
    with open_house(plan, ledger_url, folder) as house:
        back_up(house, "small")
        return prove(house, database="small")


@pytest.mark.postgres15
def test_from_15_to_17(
    fresh_database15: Database, embedded: EmbeddedServers, ledger_url: str, tmp_path: Path
) -> None:
    test = brought_back(fresh_database15, embedded.staging_url, ledger_url, tmp_path).test
    assert [f for f in test.findings if f.severity is not Severity.NOTE] == []
    assert test.verdict is Verdict.PASS


@pytest.mark.postgres15
def test_from_17_to_15(fresh_database: Database, postgres15: Server, ledger_url: str, tmp_path: Path) -> None:
    test = brought_back(fresh_database, postgres15.url("postgres"), ledger_url, tmp_path).test
    assert [f for f in test.findings if f.severity is not Severity.NOTE] == []
    assert test.verdict is Verdict.PASS
