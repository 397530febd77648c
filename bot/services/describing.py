"""Turns what a run saw into a manifest that is held against its published schema."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from importlib import resources
from typing import Any

import jsonschema

from bot.core.backup import BackupRecord, Format, TableName
from bot.core.manifest import Archive, Manifest, Omission, TableRecord
from bot.postgres.catalog import Relation
from bot.postgres.clients import Client
from bot.postgres.fingerprint import Measured
from bot.postgres.server import ServerFacts
from bot.services.measuring import tier_of
from bot.services.preflight import Outline
from bot.storage.interface import StoredObject

_RECORDED_KINDS = ("table", "partitioned", "materialized view")


@functools.cache
def manifest_schema() -> dict[str, Any]:
    """The JSON Schema that every manifest obeys."""
    text = resources.files("bot.core").joinpath("manifest.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def checked_bytes(manifest: Manifest) -> bytes:
    """The manifest's JSON, after holding it against the schema.

    Raises:
        jsonschema.ValidationError: the product made a manifest that its own schema refuses.
    """
    data = manifest.to_json()
    jsonschema.validate(json.loads(data), manifest_schema())
    return data


def archive_of(stored: StoredObject, archive_format: Format, compression: str) -> Archive:
    """The manifest's entry for a finished upload."""
    return Archive(
        key=stored.key,
        location=stored.location,
        version_id=stored.version_id,
        size_bytes=stored.size_bytes,
        sha256=stored.sha256,
        part_sha256s=stored.part_sha256s,
        composite_sha256=stored.composite_sha256,
        format=archive_format.value,
        compression=compression,
    )


def table_records(outline: Outline, measured: Mapping[TableName, Measured]) -> tuple[TableRecord, ...]:
    """One record for each table, partitioned table and materialized view that the archive defines."""
    return tuple(
        _table_record(outline, relation, measured.get(relation.table))
        for relation in outline.catalog.relations
        if relation.kind in _RECORDED_KINDS
        and relation.table not in outline.plan.exclude_relations
        and relation.table.schema not in outline.plan.exclude_schemas
    )


def _table_record(outline: Outline, relation: Relation, found: Measured | None) -> TableRecord:
    return TableRecord(
        schema=relation.table.schema,
        name=relation.table.name,
        kind=relation.kind,
        tier=tier_of(outline.tiers, relation).value,
        root=relation.root.quoted() if relation.root else None,
        rows=found.rows if found else None,
        fingerprint=found.fingerprint if found else None,
        expression=found.expression if found else None,
        data_dumped=relation.table in outline.plan.data_tables,
        size_bytes=relation.size_bytes,
    )


def server_entry(facts: ServerFacts) -> dict[str, Any]:
    """What the server said of itself, as the manifest keeps it."""
    return asdict(facts)


def client_entry(client: Client, archive_format: Format) -> dict[str, Any]:
    """Which pg_dump wrote the archive, and the least client that can bring it back."""
    return {
        "version": client.version,
        "major": client.major,
        "least_restore_major": client.least_restore_major(archive_format),
    }


def build(  # one input for each thing that only the run knows
    record: BackupRecord,
    *,
    facts: ServerFacts,
    client: Client,
    snapshot_at: datetime,
    finished_at: datetime,
    archive: Archive,
    outline: Outline,
    measured: Mapping[TableName, Measured],
    inventory: Mapping[str, Any],
    roles_sql: str | None,
    settings: Mapping[str, Any],
    omitted: tuple[Omission, ...],
    warnings: tuple[str, ...],
) -> Manifest:
    """Everything a restore needs to know of this backup."""
    return Manifest(
        id=record.id,
        database=record.database,
        kind=record.kind.value,
        format=record.format.value,
        snapshot_at=snapshot_at.isoformat(),
        finished_at=finished_at.isoformat(),
        requested_by=record.requested_by,
        server=server_entry(facts),
        client=client_entry(client, record.format),
        archives=(archive,),
        tables=table_records(outline, measured),
        omitted=omitted,
        inventory=inventory,
        roles_sql=roles_sql,
        settings=settings,
        warnings=warnings,
    )
