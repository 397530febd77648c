"""A restore test's proof: an object of its own in storage, held against its published schema."""

from __future__ import annotations

import functools
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib import resources
from typing import Any

import jsonschema

from bot.core import keys
from bot.core.restore_test import worst_first
from bot.core.verdict import Verdict
from bot.services.proving import Trial
from bot.storage.interface import Store

PROOF_VERSION = 1


@dataclass(frozen=True)
class Ending:
    """How a test ended: its verdict, when, and the scratch database's name where it stays."""

    verdict: Verdict
    at: datetime
    kept: str | None


@functools.cache
def schema() -> dict[str, Any]:
    """The JSON Schema that every proof obeys."""
    text = resources.files("bot.core").joinpath("proof.schema.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def keep(store: Store, root: str, trial: Trial, ending: Ending) -> str:
    """Write the proof, never over another one; answers its key.

    Raises:
        StorageError: it could not be written.
        jsonschema.ValidationError: the product made a proof that its own schema refuses.
    """
    test, backup = trial.message.test, trial.message.backup
    proof = build(trial, ending)
    jsonschema.validate(proof, schema())
    key = keys.proof_key(root=root, database=backup.database, at=ending.at, test_id=test.id)
    store.put(key, json.dumps(proof, ensure_ascii=False, indent=1, sort_keys=True).encode())
    return key


def build(trial: Trial, ending: Ending) -> dict[str, Any]:
    """Everything the proof says."""
    test, backup, rto = trial.message.test, trial.message.backup, trial.message.rto
    return {
        "version": PROOF_VERSION,
        "id": test.id,
        "verdict": ending.verdict.value,
        "backup": {
            "id": backup.id,
            "database": backup.database,
            "kind": backup.kind.value,
            "snapshot_at": backup.snapshot_at.isoformat() if backup.snapshot_at else None,
        },
        "archive": _archive(trial),
        "manifest": {
            "key": backup.manifest_key,
            "version_id": backup.manifest_version_id,
            "sha256": trial.believed.sha256 if trial.believed else None,
        },
        "asked_for": test.asked_for,
        "requested_by": test.requested_by,
        "started_at": trial.started_at.isoformat(),
        "finished_at": ending.at.isoformat(),
        "seconds": asdict(trial.times),
        "rto_seconds": rto.total_seconds() if rto else None,
        "way": test.way,
        "versions": trial.versions,
        "staging": trial.staging.place if trial.staging else None,
        "scratch": ending.kept,
        "left_out": trial.left_out,
        "checks": trial.checks,
        "findings": [asdict(finding) for finding in worst_first(trial.findings)],
    }


def _archive(trial: Trial) -> dict[str, Any] | None:
    if trial.believed is None:
        return None
    archive = trial.believed.manifest.archives[0]
    return {
        name: getattr(archive, name) for name in ("key", "location", "version_id", "size_bytes", "sha256")
    }
