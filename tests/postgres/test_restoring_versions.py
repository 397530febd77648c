"""From an older server to a newer one and back: what differs is the versions' own, and named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from bot.core.finding import Severity
from bot.errors import ClientTooOldError
from bot.postgres import clients, restore_list, restoring
from bot.postgres.address import parse
from bot.sandbox.embedded.servers import EmbeddedServers
from bot.sandbox.samples import load
from tests.support.restores import differences, newest_client, rules, scratch_database, take
from tests.support.servers import Database, Server

_NOT_MINE = "--exclude-table=vault.secrets"
# What both versions word alike. Identity on partitions and the right MAINTAIN came with 17.
_ALIKE = ("rows", "triggers", "policies", "constraints", "functions", "indexes", "types", "views")


@pytest.fixture(scope="module")
def cruzonic15(postgres15: Server) -> Iterator[str]:
    """The sample's address on PostgreSQL 15."""
    load.ensure(postgres15.cluster.conninfo, "cruzonic", postgres15.password)
    yield postgres15.url("cruzonic")
    with psycopg.connect(postgres15.cluster.conninfo("postgres"), autocommit=True) as admin:
        admin.execute("drop database cruzonic")


@pytest.mark.postgres15
def test_a_15_comes_back_on_a_17(cruzonic15: str, embedded: EmbeddedServers, tmp_path: Path) -> None:
    taken = take(cruzonic15, tmp_path, _NOT_MINE)

    with scratch_database(parse(embedded.staging_url), like=taken.manifest.settings["database"]) as where:
        outcome = restoring.restore(newest_client(), where, taken.archive, taken.manifest)
        missing = differences(taken, where, outcome)

    assert [line for line in outcome.log.lines if line.severity is not Severity.NOTE] == []
    assert _unexplained(missing) == []


@pytest.mark.postgres15
def test_a_17_comes_back_on_a_15(sample_url: Callable[..., str], postgres15: Server, tmp_path: Path) -> None:
    taken = take(sample_url("cruzonic"), tmp_path, _NOT_MINE)
    staging = parse(postgres15.url("postgres"))

    with scratch_database(staging, like=taken.manifest.settings["database"]) as where:
        outcome = restoring.restore(newest_client(), where, taken.archive, taken.manifest)
        missing = differences(taken, where, outcome)

    assert where.notes  # 15 does not know the builtin provider
    assert "OLDER_SERVER_SETTING" in rules(outcome)
    assert outcome.log.explained
    assert [line for line in outcome.log.lines if line.severity is Severity.FAIL] == []
    assert _unexplained(missing) == []


def _unexplained(missing: list[str]) -> list[str]:
    return [line for line in missing if line.startswith(_ALIKE) and '"vault"."secrets"' not in line]


@pytest.mark.postgres15
def test_an_older_client_says_which_one_the_archive_needs(fresh_database: Database, tmp_path: Path) -> None:
    taken = take(fresh_database.url, tmp_path)
    (old,) = [client for client in clients.find(None) if client.major == 15]
    with pytest.raises(ClientTooOldError, match=r"format 1\.16 needs pg_restore 17 or newer"):
        restore_list.entries(old, taken.archive)
