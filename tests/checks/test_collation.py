"""A scratch database that sorts otherwise than the source, or otherwise than its own indexes."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest

from bot.core.finding import Finding, Severity
from tests.corpus.workbench import Bench


@pytest.fixture
def versioned(bench: Bench) -> Iterator[str]:
    """An empty database whose rules have a version: those of the other databases, libc's C.UTF-8, have none."""
    name = f"corpus_{secrets.token_hex(6)}"
    with psycopg.connect(bench.server.cluster.conninfo("postgres"), autocommit=True) as admin:
        admin.execute(
            f"create database {name} template template0 locale_provider builtin builtin_locale 'C.UTF-8'".encode()
        )
        try:
            yield name
        finally:
            admin.execute(f"drop database {name} with (force)".encode())


def about_sorting(bench: Bench, database: str, **source: str) -> list[Finding]:
    """What is said of it where the source's server said so of itself."""
    manifest = bench.backup.manifest
    told = replace(manifest, server={**manifest.server, **source})
    edited = replace(bench, backup=replace(bench.backup, manifest=told))
    return [finding for finding in edited.look(database) if finding.check == "collation"]


def test_the_same_rules_are_nothing_to_say(bench: Bench, versioned: str) -> None:
    assert about_sorting(bench, bench.database) == []
    assert about_sorting(bench, versioned) == []


@pytest.mark.parametrize("what", ["encoding", "collate", "ctype"])
def test_other_rules_than_the_sources_are_noted(bench: Bench, what: str) -> None:
    (said,) = about_sorting(bench, bench.database, **{what: "sv_SE"})
    assert (said.rule, said.severity) == ("COLLATION_DIFFERS", Severity.NOTE)
    assert f"{what} " in said.sentence
    assert "instead of sv_SE" in said.sentence


def test_another_version_than_the_sources_is_noted(bench: Bench, versioned: str) -> None:
    (said,) = about_sorting(bench, versioned, collation_version="0")
    assert (said.rule, said.severity) == ("COLLATION_VERSION_DIFFERS", Severity.NOTE)


def test_another_version_than_the_servers_own_is_not_a_pass(bench: Bench, versioned: str) -> None:
    """As after an upgrade of the operating system: indexes made since may miss rows."""
    with psycopg.connect(bench.server.cluster.conninfo("postgres"), autocommit=True) as admin:
        admin.execute("update pg_database set datcollversion = '0' where datname = %s", [versioned])
    (said,) = about_sorting(bench, versioned)
    assert (said.rule, said.severity) == ("COLLATION_MISMATCH", Severity.UNVERIFIED)
