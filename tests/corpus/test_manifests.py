"""Manifests that were edited: what they claim is compared, and none of their SQL is believed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from bot.core.manifest import Manifest, TableRecord
from tests.corpus.workbench import Backup, Bench, serious


def said(bench: Bench, manifest: Manifest) -> set[str]:
    edited = replace(bench, backup=Backup(manifest, bench.backup.archive))
    return serious(edited.look(bench.database))


def with_table(manifest: Manifest, name: str, change: Callable[[TableRecord], TableRecord]) -> Manifest:
    tables = tuple(change(t) if t.name == name else t for t in manifest.tables)
    assert tables != manifest.tables
    return replace(manifest, tables=tables)


def with_section(manifest: Manifest, section: str, value: Any) -> Manifest:
    return replace(manifest, inventory={**manifest.inventory, section: value})


def test_more_rows_claimed(bench: Bench) -> None:
    edited = with_table(bench.backup.manifest, "orders", lambda t: replace(t, rows=(t.rows or 0) + 1))
    assert said(bench, edited) == {"ROWS_MISSING"}


def test_another_fingerprint_claimed(bench: Bench) -> None:
    edited = with_table(
        bench.backup.manifest, "orders", lambda t: replace(t, fingerprint=f"{t.fingerprint}1")
    )
    assert said(bench, edited) == {"CONTENT_DIFFERS"}


def test_only_the_root_of_partitions_edited(bench: Bench) -> None:
    edited = with_table(
        bench.backup.manifest, "events", lambda t: replace(t, fingerprint=f"{t.fingerprint}1")
    )
    assert said(bench, edited) == {"CONTENT_DIFFERS"}


@pytest.mark.parametrize(
    "expression",
    [
        "pg_catalog.count(pg_catalog.pg_sleep(3600))",
        "(select count(*) from pg_catalog.pg_read_file('/etc/passwd'))",
        "0) from pg_catalog.pg_class; drop table public.orders; --",
    ],
)
def test_an_expression_of_somebody_elses_is_never_run(bench: Bench, expression: str) -> None:
    edited = with_table(bench.backup.manifest, "orders", lambda t: replace(t, expression=expression))
    assert said(bench, edited) == {"EXPRESSION_DIFFERS"}


def test_a_table_that_never_was(bench: Bench) -> None:
    manifest = bench.backup.manifest
    invented = replace(manifest.tables[0], name="never_was")
    edited = replace(manifest, tables=(*manifest.tables, invented))
    assert "TABLE_MISSING" in said(bench, edited)


def test_no_inventory_is_not_a_pass(bench: Bench) -> None:
    edited = replace(bench.backup.manifest, inventory={})
    assert said(bench, edited) == {"STRUCTURE_NOT_COMPARED"}


def test_a_section_that_could_not_be_read_is_not_a_pass(bench: Bench) -> None:
    edited = with_section(bench.backup.manifest, "policies", None)
    assert said(bench, edited) == {"STRUCTURE_NOT_COMPARED"}


@pytest.mark.parametrize("section", ["policies", "large_objects"])
def test_a_section_that_was_taken_out_is_not_a_pass(bench: Bench, section: str) -> None:
    inventory = {key: value for key, value in bench.backup.manifest.inventory.items() if key != section}
    assert said(bench, replace(bench.backup.manifest, inventory=inventory)) == {"STRUCTURE_NOT_COMPARED"}


def test_what_the_backup_left_out_is_a_note(bench: Bench) -> None:
    statements = "drop table archive.old_orders"
    assert serious(bench.broken_by(statements)) == {"TABLE_MISSING", "STRUCTURE_MISSING"}
    reasons = {'"archive"."old_orders"': "left out by the way of restoring."}
    with bench.copy() as name:
        with psycopg.connect(bench.server.cluster.conninfo(name), autocommit=True) as admin:
            admin.execute(statements.encode())
        findings = bench.look(name, left_out=reasons)
    assert serious(findings) == set()
    assert "LEFT_OUT" in {finding.rule for finding in findings}
