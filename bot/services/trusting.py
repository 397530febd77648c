"""Reads a backup's manifest for a restore test, and says in findings what keeps it from being believed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import jsonschema

from bot.checks import rules
from bot.core.backup import BackupRecord, Format
from bot.core.finding import Finding
from bot.core.manifest import Manifest, UnknownVersionError, from_json
from bot.errors import ObjectMissingError, StorageError
from bot.services.backups import manifest_bytes
from bot.services.describing import manifest_schema
from bot.storage.interface import Store

_CHECK = "manifest"


@dataclass(frozen=True)
class Believed:
    """A manifest that obeys its schema and says what the ledger says. `sha256`: of its bytes in storage."""

    manifest: Manifest
    sha256: str


def read(store: Store, record: BackupRecord) -> Believed | Finding:
    """The manifest by its recorded version, or the finding that says why there is none to go by."""
    try:
        data = manifest_bytes(store, record)
    except ObjectMissingError:
        return rules.finding("MANIFEST_MISSING", "The manifest is gone from storage.")
    except StorageError as error:
        return rules.finding("FETCH_FAILED", error.sentence, next_step=error.next_step, check=_CHECK)
    try:
        manifest = from_json(data)
        raw = json.loads(data)
        _refuse_impossible_text(raw)
        jsonschema.validate(raw, manifest_schema())
    except UnknownVersionError:
        return rules.finding("MANIFEST_FROM_THE_FUTURE")
    except (ValueError, KeyError, TypeError, AttributeError, jsonschema.ValidationError, RecursionError):
        return rules.finding(
            "MANIFEST_UNREADABLE", "What lies in storage as the manifest is not a manifest of ours."
        )
    sha256 = hashlib.sha256(data).hexdigest()
    return _objection(manifest, sha256, record) or Believed(manifest, sha256)


def _refuse_impossible_text(raw: Any) -> None:
    """No name of PostgreSQL's holds a NUL or half a character, and the ledger could not write one down.

    Raises:
        ValueError: a text in it does.
    """
    waiting = [raw]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += [*value.keys(), *value.values()]
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, str) and b"\0" in value.encode():  # half a character is a ValueError here
            raise ValueError("a text with a NUL in it")


def _objection(manifest: Manifest, sha256: str, record: BackupRecord) -> Finding | None:
    if different := differences(manifest, sha256, record):
        return rules.finding("MANIFEST_DIFFERS", different)
    if manifest.format != Format.CUSTOM.value or len(manifest.archives) != 1:
        return rules.finding("FORMAT_NOT_TESTED")
    return None


def differences(manifest: Manifest, sha256: str, record: BackupRecord) -> str | None:
    """In what a manifest contradicts what the ledger noted when the backup was stored, as a sentence.

    `sha256` is that of its bytes: it gives away a change of what the ledger has no copy of, such as
    fingerprints. For a backup of an older version nobody knows it.
    """
    archive = manifest.archives[0]
    pairs = {
        "id": (manifest.id, record.id),
        "database": (manifest.database, record.database),
        "kind": (manifest.kind, record.kind.value),
        "snapshot": (manifest.snapshot_at, record.snapshot_at.isoformat() if record.snapshot_at else None),
        "archive's name": (archive.key, record.archive_key),
        "archive's version": (archive.version_id, record.version_id),
        "size": (manifest.size_bytes, record.size_bytes),
        "SHA-256": (archive.sha256, record.sha256),
        "row count": (manifest.rows, record.row_count),
        # What is said to be left out is compared with nothing: it would hide whatever is missing.
        "what was left out": (tuple(omission.sentence for omission in manifest.omitted), record.omitted),
    }
    different = [name for name, (said, kept) in pairs.items() if said != kept]
    if different:
        return f"The manifest in storage and the ledger disagree on: {', '.join(different)}."
    if record.manifest_sha256 not in (None, sha256):
        return "The manifest in storage is not the one that was written: its SHA-256 is another."
    return None
