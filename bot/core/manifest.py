"""The manifest: what a backup says of itself, so that a restore needs the bucket alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from io import BytesIO
from typing import Any

from bot.core.backup import TableName

MANIFEST_VERSION = 1


class UnknownVersionError(ValueError):
    """The manifest was written by a newer Sparewheel than this one."""


@dataclass(frozen=True)
class Archive:
    """One pg_dump output in storage. Sizes in bytes; hashes in lower-case hex unless named base64."""

    key: str
    location: str  # s3://bucket/key or file:///…
    version_id: str | None
    size_bytes: int
    sha256: str
    part_sha256s: tuple[str, ...]  # base64, in order; empty where the store takes the file whole
    composite_sha256: str | None  # base64 of SHA-256 over the parts' digests, "-N" appended, as S3 reports it
    format: str
    compression: str


@dataclass(frozen=True)
class TableRecord:
    """A table at the snapshot. `fingerprint` is None where none was asked for or possible."""

    schema: str
    name: str
    kind: str  # "table", "partitioned", "materialized view"
    tier: str
    root: str | None  # the quoted name of the partitioned table above a leaf, or None
    rows: int | None
    fingerprint: str | None
    expression: str | None  # the SQL aggregate that made the fingerprint
    data_dumped: bool
    size_bytes: int

    @property
    def table(self) -> TableName:
        """The exact name."""
        return TableName(self.schema, self.name)


@dataclass(frozen=True)
class Omission:
    """Something that is not in the archive, by name, and why (a sentence)."""

    what: str  # "table", "schema", "sequence", "settings", …
    name: str
    reason: str

    @property
    def sentence(self) -> str:
        """All three in the words of messages and of the ledger."""
        return f"{self.what} {self.name}: {self.reason}"


@dataclass(frozen=True)
class Manifest:
    """Everything a restore and a restore test need. Times are ISO 8601 in UTC."""

    id: str
    database: str
    kind: str
    format: str
    snapshot_at: str
    finished_at: str
    requested_by: str
    server: Mapping[str, Any]  # version, version_num, system_identifier, database, encoding, collation…
    client: Mapping[str, Any]  # pg_dump version, least_restore_major (client), options used
    archives: tuple[Archive, ...]
    tables: tuple[TableRecord, ...]
    omitted: tuple[Omission, ...]
    inventory: Mapping[str, Any]
    roles_sql: str | None
    settings: Mapping[str, Any]
    warnings: tuple[str, ...] = ()
    version: int = field(default=MANIFEST_VERSION)

    @property
    def rows(self) -> int:
        """Rows in all dumped leaves, partitioned tables not counted twice."""
        return sum(t.rows or 0 for t in self.tables if t.data_dumped and t.kind == "table")

    @property
    def size_bytes(self) -> int:
        """Bytes of all archives together."""
        return sum(a.size_bytes for a in self.archives)

    def to_json(self) -> bytes:
        """The manifest as UTF-8 JSON with sorted keys: equal manifests give equal bytes."""
        # Piece by piece: with thousands of tables a copy as dictionaries, and all pieces at once, would
        # take several times the memory of everything else that a backup needs.
        encoder = json.JSONEncoder(ensure_ascii=False, indent=1, sort_keys=True, default=_fields_of)
        written = BytesIO()
        for piece in encoder.iterencode(self):
            written.write(piece.encode())
        return written.getvalue()


def _fields_of(record: object) -> dict[str, Any]:
    """A part of a manifest by its fields, for the encoder.

    Raises:
        TypeError: it is no such part, so that it cannot become JSON.
    """
    if not isinstance(record, Manifest | Archive | TableRecord | Omission):
        raise TypeError(f"a {type(record).__name__} has no place in a manifest")
    return {f.name: getattr(record, f.name) for f in fields(record)}


def from_json(data: bytes) -> Manifest:
    """Read a manifest of a version this code knows.

    Raises:
        UnknownVersionError: a version newer than MANIFEST_VERSION.
        ValueError: not JSON, or no manifest.
    """
    raw = json.loads(data)
    version = raw.get("version") if isinstance(raw, dict) else None
    if not isinstance(version, int) or version > MANIFEST_VERSION:
        kind = UnknownVersionError if isinstance(version, int) else ValueError
        raise kind(f"manifest version {version!r} is not known here (newest: {MANIFEST_VERSION})")
    raw["archives"] = tuple(
        Archive(**{**a, "part_sha256s": tuple(a["part_sha256s"])}) for a in raw["archives"]
    )
    raw["tables"] = tuple(TableRecord(**t) for t in raw["tables"])
    raw["omitted"] = tuple(Omission(**o) for o in raw["omitted"])
    raw["warnings"] = tuple(raw["warnings"])
    return Manifest(**raw)
