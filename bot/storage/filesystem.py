"""Archives in a local folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bot.errors import ObjectMissingError, StorageError, StorageMissingError, StorageRefusedError
from bot.storage.filesystem_upload import UNFINISHED, FolderUpload, file_errors, remove_unfinished
from bot.storage.interface import ObjectInfo, StoredObject

_CHUNK = 1024**2


class FolderStore:
    """The Store of bot.storage.interface in a folder that exists already. Versions are not kept.

    The folder is never created here: a disk that is not mounted would silently become the root disk.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def location(self, key: str) -> str:
        """`file:///folder/key`, percent-encoded where needed."""
        return (self._folder / key).as_uri()

    def verify_access(self) -> None:
        """Raise where the folder is missing or may not be read and written."""
        folder = self._root()
        if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            raise StorageRefusedError(
                f"The folder {folder} may not be read and written by this process.",
                next_step=f"Give the folder to the user that runs this process: `chown … {folder}`.",
            )

    def start_upload(
        self,
        key: str,
        *,
        expected_bytes: int | None = None,  # noqa: ARG002 - the interface's; a file needs no sizing
        metadata: Mapping[str, str] | None = None,  # noqa: ARG002 - a file has no place for it
    ) -> FolderUpload:
        """Begin a file under a hidden temporary name beside its final one."""
        return FolderUpload(self._root(), self._path(key), key, self.location(key))

    def put(self, key: str, data: bytes) -> StoredObject:
        """Write a small object, never overwriting."""
        upload = self.start_upload(key)
        upload.write(data)
        return upload.complete()

    def head(self, key: str, version_id: str | None = None) -> ObjectInfo:
        """What is there. Raises ObjectMissingError."""
        path = self._path(key)
        with file_errors("looking at", path):
            found = path.lstat()
        if version_id is not None or not stat.S_ISREG(found.st_mode):
            raise _missing(path)
        return _info(key, found)

    def open(self, key: str, version_id: str | None = None) -> AbstractContextManager[Iterator[bytes]]:
        """The object's bytes in chunks of at most 1 MiB. A symbolic link is not followed."""
        return self._open(key, version_id)

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Every finished object under the prefix, in key order."""
        root = self._root()
        start = root / prefix.rpartition("/")[0]
        with file_errors("listing", start):
            keys = sorted(key for key in _keys(root, start) if key.startswith(prefix))
        for key in keys:
            yield self.head(key)

    def delete(self, key: str, version_id: str | None) -> None:
        """Remove the file. Gone already is fine."""
        if version_id is not None:
            return
        path = self._path(key)
        with file_errors("deleting", path):
            path.unlink(missing_ok=True)

    def abort_upload(self, key: str, upload_id: str) -> None:
        """Remove a dead worker's temporary file. Gone already is fine."""
        if not UNFINISHED.fullmatch(upload_id):
            raise StorageError(f"{upload_id!r} is no unfinished upload of this folder.")
        remove_unfinished(self._path(key).with_name(upload_id))

    @contextmanager
    def _open(self, key: str, version_id: str | None) -> Iterator[Iterator[bytes]]:
        path = self._path(key)
        if version_id is not None:
            raise _missing(path)
        with file_errors("reading", path):
            file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb", buffering=0)
        with file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise _missing(path)
            yield _chunks(file.fileno(), path)

    def _root(self) -> Path:
        if not self._folder.is_dir():
            raise StorageMissingError(
                f"The folder {self._folder} does not exist.",
                next_step=f"Create it (`mkdir {self._folder}`) or mount its disk, then ask again.",
            )
        return self._folder.resolve()

    def _path(self, key: str) -> Path:
        """The key's place, which is inside the folder whatever the key and the links in the folder say."""
        root = self._root()
        names = key.split("/")
        bad = any(name in ("", ".", "..") or UNFINISHED.fullmatch(name) for name in names)
        path = root / key
        if bad or "\0" in key or not path.parent.resolve().is_relative_to(root):
            raise StorageRefusedError(
                f"The key {key!r} does not stay inside the storage folder.",
                next_step="Look for symbolic links in the storage folder, and at `[storage] root`.",
            )
        return path


def _missing(path: Path) -> ObjectMissingError:
    return ObjectMissingError(f"There is nothing at {path} (any more).")


def _info(key: str, found: os.stat_result) -> ObjectInfo:
    return ObjectInfo(key, None, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))


def _keys(root: Path, start: Path) -> Iterator[str]:
    """Keys of the regular files below; links and temporary files are not objects."""
    if not start.resolve().is_relative_to(root):
        return
    for folder, _, names in os.walk(start):
        for name in names:
            path = Path(folder, name)
            if not UNFINISHED.fullmatch(name) and not path.is_symlink():
                yield path.relative_to(root).as_posix()


def _chunks(descriptor: int, path: Path) -> Iterator[bytes]:
    with file_errors("reading", path):
        while chunk := os.read(descriptor, _CHUNK):
            yield chunk
