"""Archives with their manifests, taken without the house, and what differs once they are restored."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg import Connection

from bot.core.ids import new_id
from bot.core.manifest import Manifest, TableRecord
from bot.postgres import catalog, clients, fingerprint, inventory, scratch, server, stand_ins, unforced
from bot.postgres import globals as outside
from bot.postgres.address import Address, connect, parse
from bot.postgres.clients import Client
from bot.postgres.restoring import RestoreOutcome
from bot.postgres.scratch import Scratch


@dataclass(frozen=True)
class Taken:
    """An archive in a file and the manifest that goes with it."""

    archive: Path
    manifest: Manifest


def newest_client() -> Client:
    return max(clients.find(None), key=lambda client: client.major)


def take(url: str, folder: Path, *options: str, client: Client | None = None) -> Taken:
    """Dump a database that nobody writes to, and describe it."""
    source, used = parse(url), client or newest_client()
    archive = folder / f"{source.database}.dump"
    arguments = ["--format=custom", f"--file={archive}", f"--dbname={source.child_conninfo()}", *options]
    subprocess.run(
        [used.program("pg_dump"), *arguments], env=source.child_environment(), check=True, capture_output=True
    )
    with connect(source) as conn:
        facts = server.facts(conn)
        manifest = Manifest(
            id=new_id(),
            database=source.database,
            kind="full",
            format="custom",
            snapshot_at="2026-01-01T00:00:00+00:00",
            finished_at="2026-01-01T00:00:00+00:00",
            requested_by="a test",
            server={"version_num": facts.version_num, "system_identifier": facts.system_identifier},
            client={},
            archives=(),
            tables=tuple(_records(conn)),
            omitted=(),
            inventory=inventory.take(conn),
            roles_sql=outside.roles_sql(newest_client(), source),
            settings=outside.settings(conn),
        )
    return Taken(archive, manifest)


@contextmanager
def scratch_database(staging: Address, **options: Any) -> Iterator[Scratch]:
    """A scratch database that is dropped afterwards, with proof that nothing is left of it."""
    made = scratch.create(staging, new_id(), **options)
    try:
        yield made
    finally:
        scratch.drop(staging, made)
        assert all(left.test_id != made.test_id for left in scratch.leftovers(staging))


def differences(taken: Taken, where: Scratch, outcome: RestoreOutcome) -> list[str]:
    """What of the manifest is not so in the restored database, in words: rows, then everything else."""
    with connect(where.address) as conn:
        found = {record.table: record.fingerprint for record in _records(conn)}
        after = stand_ins.as_source(inventory.take(conn), outcome.role_names)
    before = stand_ins.as_source(taken.manifest.inventory, {})
    rows = [
        f"rows of {record.table}: {record.fingerprint} became {found.get(record.table)}"
        for record in taken.manifest.tables
        if record.fingerprint != found.get(record.table)
    ]
    return rows + [
        f"{section} {identity}: {before[section].get(identity)} became {after[section].get(identity)}"
        for section in before
        if isinstance(before[section], dict)
        for identity in sorted(before[section].keys() | after[section].keys())
        if _told(section, before[section].get(identity)) != _told(section, after[section].get(identity))
    ]


def _told(section: str, facts: dict[str, Any] | None) -> dict[str, Any] | None:
    """An archive does not say who owns an extension."""
    if facts is None or section != "extensions":
        return facts
    return {key: value for key, value in facts.items() if key != "owner"}


def _records(conn: Connection[Any]) -> Iterator[TableRecord]:
    fingerprint.prepare(conn)
    for relation in catalog.read(conn).relations:
        if not relation.holds_rows or not relation.readable:
            continue
        with unforced.reading(conn, relation.table):
            measured = fingerprint.measure(conn, relation, content=True)
        yield TableRecord(
            schema=relation.table.schema,
            name=relation.table.name,
            kind="table",
            tier="other",
            root=None,
            rows=measured.rows,
            fingerprint=measured.fingerprint,
            expression=measured.expression,
            data_dumped=True,
            size_bytes=relation.size_bytes,
        )


def rules(outcome: RestoreOutcome) -> set[str]:
    """The rules under which something was said, by name."""
    return {line.rule for line in outcome.log.lines}


def said(outcome: RestoreOutcome) -> Sequence[tuple[str, str]]:
    return [(line.rule, line.severity.value) for line in outcome.log.lines]
