"""Fetches an archive back into a private folder: room first, then the bytes, hashed as they come.

The folder is made under the system's temporary folder and carries a lock that lasts as long as its process.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.checks import rules
from bot.core.finding import Finding
from bot.core.manifest import Archive
from bot.core.units import size_text
from bot.errors import ObjectMissingError, StorageError
from bot.storage.interface import Store

log = logging.getLogger(__name__)

_LOCK = "lock"
# The archive is not the only thing on that disk: lists, logs and whatever else is written meanwhile.
_MARGIN_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class Fetched:
    """An archive whose size and SHA-256 are the manifest's."""

    path: Path


@contextmanager
def folder() -> Iterator[Path]:
    """A folder that only this account may enter, removed at the end whatever happens."""
    parent = _parent()
    parent.mkdir(mode=0o700, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=parent))  # 0700
    lock = os.open(made / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
        os.close(lock)


def sweep() -> int:
    """Remove the folders of processes that are gone; answers how many there were."""
    parent = _parent()
    removed = 0
    for found in parent.iterdir() if parent.is_dir() else ():
        if not _is_dead(found):
            continue
        # Housekeeping, and perhaps after another installation of the same account: nobody has to act.
        log.info("removing %s, which a dead restore test left", found)
        shutil.rmtree(found, ignore_errors=True)
        removed += 1
    return removed


def _is_dead(found: Path) -> bool:
    """Whether nobody holds the folder's lock. One without a lock file is just being made, or removed."""
    try:
        handle = os.open(found / _LOCK, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(handle)
    return True


def _parent() -> Path:
    return Path(tempfile.gettempdir()) / f"sparewheel-restore-tests-{os.getuid()}"


def room(at: Path, wanted: int) -> Finding | None:
    """What to say where the worker's disk is too small for the archive, before a byte is fetched."""
    free = shutil.disk_usage(at).free
    if free >= wanted + _MARGIN_BYTES:
        return None
    return too_small("worker", free, wanted + _MARGIN_BYTES)


def too_small(whose: str, free: int, wanted: int) -> Finding:
    """The finding for a disk without room. Sizes in bytes."""
    return rules.finding(
        "DISK_TOO_SMALL",
        f"The {whose}'s disk has {size_text(free)} free, and this test needs about {size_text(wanted)}.",
        next_step=f"Free {size_text(wanted - free)} there, then ask for the test again.",
    )


def fetch(
    store: Store, archive: Archive, target: Path, *, on_bytes: Callable[[int], None]
) -> Fetched | Finding:
    """Write the archive's recorded version to `target`, and compare size and SHA-256 with the manifest.

    `on_bytes` hears of each chunk's length, and may raise to stop.
    """
    try:
        size, sha256 = _copy(store, archive, target, on_bytes)
    except ObjectMissingError:
        return rules.finding("ARCHIVE_MISSING", "The archive is gone from storage.")
    except StorageError as error:
        return rules.finding("FETCH_FAILED", error.sentence, next_step=error.next_step or None)
    except OSError as error:
        sentence = f"The archive could not be written to the worker's disk: {error.strerror}."
        return rules.finding("FETCH_FAILED", sentence)
    return _objection(archive, size, sha256) or Fetched(target)


def _copy(store: Store, archive: Archive, target: Path, on_bytes: Callable[[int], None]) -> tuple[int, str]:
    """Size and SHA-256 of what was written; ends early where it is longer than it may be."""
    digest, size = hashlib.sha256(), 0
    with store.open(archive.key, archive.version_id) as chunks, _private(target) as handle:
        for chunk in chunks:
            on_bytes(len(chunk))
            size += len(chunk)
            if size > archive.size_bytes:  # whatever this is, it is not to fill the disk
                break
            digest.update(chunk)
            _write(handle, chunk)
    return size, digest.hexdigest()


def _objection(archive: Archive, size: int, sha256: str) -> Finding | None:
    if size != archive.size_bytes:
        has = f"{size} bytes" if size < archive.size_bytes else "more bytes"
        return rules.finding(
            "ARCHIVE_SIZE_DIFFERS", f"The archive has {has}, and {archive.size_bytes} bytes were written."
        )
    if sha256 != archive.sha256:
        seen = f"SHA-256 {sha256[:12]}…, not {archive.sha256[:12]}…"
        return rules.finding("ARCHIVE_HASH_DIFFERS", f"The bytes are not those that were written: {seen}.")
    return None


@contextmanager
def _private(target: Path) -> Iterator[int]:
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        yield handle
    finally:
        with contextlib.suppress(OSError):
            os.close(handle)


def _write(handle: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]
