"""A real store with a gate in front of its uploads, so that a test can act in the middle of a dump."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Mapping
from typing import Any

from bot.app import House
from bot.services.run_backup import BackupRunner
from bot.storage.interface import Store, StoredObject, Upload


class GatedUpload:
    """Hands everything on to the real upload, the first write after the gate opens."""

    def __init__(self, inner: Upload, gate: Gate) -> None:
        self._inner, self._gate = inner, gate

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def write(self, data: bytes) -> None:
        self._gate.reached.set()
        assert self._gate.opened.wait(60), "the test never opened the gate"
        self._inner.write(data)

    def complete(self) -> StoredObject:
        return self._inner.complete()


class Gate:
    """`reached` is set when the first bytes come; they pass once `opened` is set."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.opened = threading.Event()


class GatedStore:
    """The real store, its uploads behind the gate."""

    def __init__(self, inner: Store, gate: Gate) -> None:
        self._inner, self._gate = inner, gate

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def start_upload(
        self, key: str, *, expected_bytes: int | None = None, metadata: Mapping[str, str] | None = None
    ) -> GatedUpload:
        started = self._inner.start_upload(key, expected_bytes=expected_bytes, metadata=metadata)
        return GatedUpload(started, self._gate)


def gated_runner(house: House, gate: Gate) -> BackupRunner:
    """The house's runner, waiting at the gate with its first bytes."""
    store: Any = GatedStore(house.store, gate)
    archiver = dataclasses.replace(house.runner.archiver, store=store)
    return dataclasses.replace(house.runner, store=store, archiver=archiver)
