"""One run of pg_restore, with everything it says kept (up to a bound) and a watch that may end it."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO

from bot.errors import DumpFailedError
from bot.postgres import restore_list, restore_log
from bot.postgres.address import Address
from bot.postgres.archive_names import ArchiveNames
from bot.postgres.clients import Client
from bot.postgres.programs import Process, start
from bot.postgres.restore_list import Entry
from bot.postgres.restore_log import RestoreLog
from bot.postgres.restore_watch import Watch

_KEPT_BYTES = 8 * 1024 * 1024
_LARGEST_SQL_BYTES = 256 * 1024 * 1024
_PIECE_BYTES = 1024 * 1024
_GRACE_S = 5.0
_PLAIN = (
    "--no-owner",
    "--no-privileges",
    "--no-tablespaces",
    "--no-security-labels",
    "--no-password",
)


class _Listener:
    """Reads stderr to its end on a thread; what is beyond the bound is counted, and said to be missing."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._kept = bytearray()
        self._lost = 0
        self._thread = threading.Thread(target=self._read, name="stderr", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        with self._stream as stream:
            while data := stream.read(64 * 1024):
                room = _KEPT_BYTES - len(self._kept)
                self._kept += data[:room]
                self._lost += len(data[room:])

    def finish(self) -> str:
        self._thread.join()
        text = self._kept.decode("utf-8", "replace")
        return f"{text}\npg_restore: {self._lost} bytes more\n" if self._lost else text


def run(
    client: Client,
    address: Address,
    archive: Path,
    chosen: Iterable[Entry],
    *,
    watch: Watch,
    jobs: int = 1,
    missing_extensions: Sequence[str] = (),
) -> RestoreLog:
    """Restore the chosen entries in their order, as the role of `address`, whatever errors come.

    Call it from the thread that goes on to live until it returns. Nothing chosen: nothing is run.
    """
    entries = list(chosen)
    if not entries or watch.ended:
        return restore_log.EMPTY_LOG
    arguments = [*_PLAIN, restore_list.OPTION, f"--dbname={address.child_conninfo()}"]
    if jobs > 1:
        arguments.append(f"--jobs={jobs}")
    process = start(
        client,
        "pg_restore",
        [*arguments, str(archive)],
        address.child_environment("sparewheel restore"),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    assert process.stderr
    listener = _Listener(process.stderr)
    try:
        watch.guards(lambda: _end(process))
        restore_list.feed(process, entries)
        process.wait()
    finally:
        watch.guards(None)
        _end(process)
        said = listener.finish()
    return restore_log.read(
        address.redact(said),
        process.returncode,
        missing_extensions,
        parallel=jobs > 1,
        names=ArchiveNames.of(entries),
    )


def as_sql(client: Client, archive: Path, chosen: Iterable[Entry]) -> str:
    """The chosen entries as SQL, with owners and grants, without any rows in it.

    Raises:
        DumpFailedError: the archive cannot be read, or its SQL is larger than 256 MiB.
    """
    entries = list(chosen)
    if not entries:
        return ""
    arguments = [restore_list.OPTION, "--file=-", str(archive)]
    process = start(client, "pg_restore", arguments, {"LC_ALL": "C"}, stdin=subprocess.PIPE)
    assert process.stderr
    listener = _Listener(process.stderr)
    try:
        restore_list.feed(process, entries)
        written = _read(process)
        process.wait()
    finally:
        _end(process)
        said = listener.finish()
    if process.returncode:
        raise DumpFailedError(
            "The archive's definitions cannot be read: it is cut off or damaged.",
            next_step="Do not rely on this archive; take a new backup.",
            cause="\n".join(line.text_redacted for line in restore_log.read(said, 1).lines)[:500],
        )
    # As bytes: a carriage return in a name is not the end of a line.
    return written.decode("utf-8", "surrogateescape")


def _read(process: Process) -> bytearray:
    """All that it writes, kept in memory: the disk is for the archive."""
    assert process.stdout
    written = bytearray()
    with process.stdout as stream:
        while data := stream.read(_PIECE_BYTES):
            written += data
            if len(written) > _LARGEST_SQL_BYTES:
                raise DumpFailedError(
                    "The archive's definitions are larger than a restore test reads (256 MiB)."
                )
    return written


def _end(process: Process) -> None:
    """SIGTERM makes pg_restore end its jobs and cancel their queries; after a while SIGKILL."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(_GRACE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
