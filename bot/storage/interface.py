"""Where archives live: the one seam to storage, with an S3 and a folder behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class ObjectInfo:
    """What a store says of an object: size in bytes, time in UTC."""

    key: str
    version_id: str | None
    size_bytes: int
    modified_at: datetime
    composite_sha256: str | None = None  # as the store reports it: base64 "-N" for multipart, or base64


@dataclass(frozen=True)
class StoredObject:
    """A finished write, compared with what the store reports. `sha256` is hex over the whole stream."""

    key: str
    location: str
    version_id: str | None
    size_bytes: int
    sha256: str
    part_sha256s: tuple[str, ...] = ()
    composite_sha256: str | None = None


class Upload(Protocol):
    """One object being written as its bytes come. Nothing is visible under the key before complete()."""

    @property
    def upload_id(self) -> str:
        """What abort_upload() needs, known before the first byte (the ledger keeps it)."""

    @property
    def bytes_in(self) -> int:
        """Bytes taken by write() so far."""

    def write(self, data: bytes) -> None:
        """Hash and hand on; blocks when two parts are in flight. Raises StorageError subclasses."""

    def complete(self) -> StoredObject:
        """Make the object appear, never overwriting (AlreadyExistsError), then compare size and hashes."""

    def abort(self) -> None:
        """Leave nothing behind. Never raises for an upload that is already gone."""


class Store(Protocol):
    """A place for objects. Keys are full keys, `root` included; every error is a StorageError."""

    def location(self, key: str) -> str:
        """The address a person would look under, `s3://bucket/key` or `file:///…`."""

    def verify_access(self) -> None:
        """Raise in a person's words when bucket or credentials will not do (nothing is written)."""

    def start_upload(
        self, key: str, *, expected_bytes: int | None = None, metadata: Mapping[str, str] | None = None
    ) -> Upload:
        """Begin a write. `expected_bytes` sizes the parts; an estimate that was short is survived."""

    def put(self, key: str, data: bytes) -> StoredObject:
        """Write a small object (a manifest) at once, never overwriting."""

    def head(self, key: str, version_id: str | None = None) -> ObjectInfo:
        """What is there. Raises ObjectMissingError."""

    def open(self, key: str, version_id: str | None = None) -> AbstractContextManager[Iterator[bytes]]:
        """The object's bytes in chunks of at most 1 MiB. Raises ObjectMissingError."""

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Every current object under the prefix, in key order."""

    def delete(self, key: str, version_id: str | None) -> None:
        """Remove exactly this version (used to clear up after a failed run only)."""

    def abort_upload(self, key: str, upload_id: str) -> None:
        """Abort somebody else's unfinished upload (a dead worker's). Gone already is fine."""
