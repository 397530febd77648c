"""One file written as its bytes come, and linked to its name only when it is whole and on the disk."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

from bot.errors import (
    AlreadyExistsError,
    ObjectMissingError,
    StorageError,
    StorageFullError,
    StorageMismatchError,
    StorageRefusedError,
    StorageUnavailableError,
)
from bot.storage.interface import StoredObject

UNFINISHED = re.compile(r"\.unfinished-[0-9a-f]{32}")

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}
_MISSING = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS}
_PATIENCE_S = 5.0


@contextlib.contextmanager
def file_errors(doing: str, path: Path) -> Iterator[None]:
    """Translate what the operating system raises inside."""
    try:
        yield
    except OSError as error:
        raise _translate(error, doing, path) from None


def _translate(error: OSError, doing: str, path: Path) -> StorageError:
    cause = f"{errno.errorcode.get(error.errno or 0, 'EUNKNOWN')} while {doing}"
    if error.errno in _FULL:
        return StorageFullError(f"The disk of {path} is full, or its quota is used up.", cause=cause)
    if error.errno in _REFUSED:
        return StorageRefusedError(
            f"This process may not do this: {doing} {path}.",
            next_step="Look at the owner and the rights of the storage folder.",
            cause=cause,
        )
    if error.errno in _MISSING:
        return ObjectMissingError(f"There is nothing at {path} (any more).", cause=cause)
    if error.errno == errno.EEXIST:
        return AlreadyExistsError(f"Something lies at {path} already; it was not touched.", cause=cause)
    return StorageUnavailableError(
        f"The disk failed while {doing} {path}: {os.strerror(error.errno or 0)}.",
        next_step="Look at the disk and at the system's log, then ask for the backup again.",
        cause=cause,
    )


def remove_unfinished(path: Path) -> None:
    """Remove a temporary file; gone already is fine."""
    with file_errors("removing", path):
        path.unlink(missing_ok=True)


class FolderUpload:
    """A hidden temporary file beside the final name, in the same filesystem so that it can be linked."""

    def __init__(self, root: Path, path: Path, key: str, location: str) -> None:
        self._path = path
        self._key = key
        self._location = location
        self._temporary = path.with_name(f".unfinished-{uuid.uuid4().hex}")
        self._whole = hashlib.sha256()
        self._bytes_in = 0
        self._lock = threading.Lock()  # abort() may come from another thread while a write is under way
        with file_errors("creating", path):
            _make_folders(root, path.parent)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            self._descriptor: int | None = os.open(self._temporary, flags, 0o600)

    @property
    def upload_id(self) -> str:
        """The temporary file's name."""
        return self._temporary.name

    @property
    def bytes_in(self) -> int:
        """Bytes taken by write() so far."""
        return self._bytes_in

    def write(self, data: bytes) -> None:
        """Hash and write.

        Raises:
            StorageError: the disk refused; the temporary file is gone then.
        """
        with self._aborted_on_failure("writing"):
            self._whole.update(data)
            view = memoryview(data)
            while view:
                with self._lock:
                    view = view[os.write(self._open_descriptor(), view[: 1024**2]) :]
            self._bytes_in += len(data)

    def complete(self) -> StoredObject:
        """Flush to the disk, link to the final name (which never overwrites), compare the size.

        Raises:
            AlreadyExistsError: something lies under the key already.
            StorageError: the disk refused; nothing is left then.
        """
        with self._aborted_on_failure("completing"):
            with self._lock:
                os.fsync(self._open_descriptor())
            self._link()
            _sync(self._path.parent)
        size = self._path.lstat().st_size
        self.abort()  # only the temporary name goes; the final one keeps the file
        if size != self._bytes_in:
            raise StorageMismatchError(f"{self._path} holds {size} bytes, and {self._bytes_in} were sent.")
        return StoredObject(
            key=self._key,
            location=self._location,
            version_id=None,
            size_bytes=size,
            sha256=self._whole.hexdigest(),
        )

    def abort(self) -> None:
        """Close and remove the temporary file. From any thread; never raises."""
        got_it = self._lock.acquire(timeout=_PATIENCE_S)  # a disk that hangs must not hold a cancelled run
        try:
            if got_it and self._descriptor is not None:
                descriptor, self._descriptor = self._descriptor, None
                os.close(descriptor)
        except OSError:
            pass  # a late write error: the file is given up anyway
        finally:
            if got_it:
                self._lock.release()
        with contextlib.suppress(StorageError):
            remove_unfinished(self._temporary)

    def _link(self) -> None:
        try:
            os.link(self._temporary, self._path, follow_symlinks=False)
        except OSError as error:
            if error.errno in _NO_LINKS:
                raise StorageError(
                    f"The filesystem of {self._path.parent} cannot make hard links.",
                    next_step="Put the storage folder on a local filesystem such as ext4 or XFS.",
                    cause=errno.errorcode[error.errno],
                ) from None
            raise

    def _open_descriptor(self) -> int:
        if self._descriptor is None:
            raise StorageError("The upload was given up before it was complete.")
        return self._descriptor

    @contextlib.contextmanager
    def _aborted_on_failure(self, doing: str) -> Iterator[None]:
        try:
            with file_errors(doing, self._path):
                yield
        except StorageError:
            self.abort()
            raise


def _make_folders(root: Path, folder: Path) -> None:
    """Create what is missing below the root, for this user only, and make it last."""
    for parent in reversed([folder, *folder.parents]):
        if parent.is_relative_to(root) and not parent.exists():
            with contextlib.suppress(FileExistsError):
                parent.mkdir(mode=0o700)
            _sync(parent.parent)


def _sync(folder: Path) -> None:
    """A new name lasts through a power cut only when its folder was flushed too (fsync(2))."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
