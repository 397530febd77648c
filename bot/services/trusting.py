"""Reads a backup's manifest for a restore test, and says in findings what keeps it from being believed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass

import jsonschema

from bot.core.backup import BackupRecord, Format
from bot.core.finding import Finding, Severity
from bot.core.manifest import Manifest, UnknownVersionError, from_json
from bot.errors import ObjectMissingError, StorageError
from bot.services.backups import manifest_bytes
from bot.services.describing import manifest_schema
from bot.storage.interface import Store

CHECK = "manifest"
_TAKE_ANOTHER = "Do not rely on this backup. Test another one, take a new one, and find out who changed it."


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
        return _fails("MANIFEST_MISSING", "The manifest is gone from storage.", _TAKE_ANOTHER)
    except StorageError as error:
        return Finding("FETCH_FAILED", Severity.UNVERIFIED, error.sentence, error.next_step, check=CHECK)
    try:
        manifest = from_json(data)
        jsonschema.validate(json.loads(data), manifest_schema())
    except UnknownVersionError:
        return Finding(
            "MANIFEST_FROM_THE_FUTURE",
            Severity.UNVERIFIED,
            "A newer Sparewheel wrote this manifest, and this one cannot read it.",
            "Update Sparewheel, then ask for the test again.",
            check=CHECK,
        )
    except (ValueError, KeyError, TypeError, AttributeError, jsonschema.ValidationError, RecursionError):
        return _fails(
            "MANIFEST_UNREADABLE", "What lies in storage as the manifest is not a manifest.", _TAKE_ANOTHER
        )
    return next(_objections(manifest, record), None) or Believed(manifest, hashlib.sha256(data).hexdigest())


def _objections(manifest: Manifest, record: BackupRecord) -> Iterator[Finding]:
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
    }
    different = [name for name, (said, kept) in pairs.items() if said != kept]
    if different:
        sentence = f"The manifest in storage and the ledger disagree on: {', '.join(different)}."
        yield _fails("MANIFEST_DIFFERS", sentence, _TAKE_ANOTHER)
    if manifest.format != Format.CUSTOM.value or len(manifest.archives) != 1:
        yield Finding(
            "FORMAT_NOT_TESTED",
            Severity.UNVERIFIED,
            "Only a backup of one archive in the custom format can be restored for a test.",
            "Take a backup without `plain` and test that one.",
            check=CHECK,
        )


def _fails(rule: str, sentence: str, next_step: str) -> Finding:
    return Finding(rule, Severity.FAIL, sentence, next_step, check=CHECK)
