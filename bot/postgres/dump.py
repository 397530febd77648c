"""One run of pg_dump as a stream of bytes, with its complaints turned into errors."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import select
import subprocess
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from bot.errors import DumpFailedError, SparewheelError
from bot.postgres import arguments
from bot.postgres.address import Address, connect
from bot.postgres.arguments import DumpOptions
from bot.postgres.clients import Client
from bot.postgres.programs import Complaints, Process, Spoken, start

CHUNK_BYTES = 1024 * 1024
_ENOUGH_BYTES = 256 * 1024
_PIPE_BYTES = 1024 * 1024
_GATHER_S = 0.2

__all__ = ["CHUNK_BYTES", "Dump", "DumpOptions"]


class Dump:
    """A running pg_dump, as a context manager: leaving it ends the child, whatever happened.

    Keep it in the thread that entered it: the child is told to end when that thread does.
    terminate() alone may be called from any thread.
    """

    def __init__(self, client: Client, address: Address, options: DumpOptions) -> None:
        self._client = client
        self._address = address
        self._options = options
        self._name = f"sparewheel dump {secrets.token_hex(4)}"
        self._process: Process | None = None
        self._complaints: Complaints | None = None
        self._at_end = False
        self._stopped = False
        self.bytes_out = 0
        self.warnings: tuple[str, ...] = ()

    def __enter__(self) -> Self:
        made = arguments.make(self._client, self._address, self._options)
        stdin = subprocess.PIPE if made.filter_lines else subprocess.DEVNULL
        environment = self._address.child_environment(self._name)
        self._process = start(self._client, "pg_dump", made.arguments, environment, stdin=stdin)
        assert self._process.stdout
        assert self._process.stderr
        self._complaints = Complaints(self._process.stderr)
        # A larger pipe saves switches; where the system allows no larger one, the usual one works too.
        with contextlib.suppress(OSError, AttributeError):
            fcntl.fcntl(self._process.stdout.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        if self._process.stdin:
            with contextlib.suppress(BrokenPipeError), self._process.stdin as stream:
                rest = memoryview(made.filter_lines)
                while rest:
                    rest = rest[stream.write(rest) :]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.terminate()
        if self._process and self._process.stdout:
            self._process.stdout.close()
        if self._complaints:
            self._complaints.finish()

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._running.pid

    @property
    def _running(self) -> Process:
        assert self._process, "a Dump is entered before it is used"
        return self._process

    def chunks(self, tick_s: float | None = None) -> Iterator[bytes]:
        """The archive in pieces of at most 1 MiB, until pg_dump closes its end.

        With `tick_s` an empty piece comes after that many seconds without output, so that the caller can
        look whether to stop.
        """
        assert self._running.stdout
        source = self._running.stdout.fileno()
        while not self._at_end:
            piece = self._gather(source, tick_s)
            if piece or tick_s is not None:
                self.bytes_out += len(piece)
                yield piece

    def _gather(self, source: int, tick_s: float | None) -> bytes:
        """Small writes put together, as long as they come quickly."""
        poll = select.poll()
        poll.register(source, select.POLLIN)
        gathered = bytearray()
        while len(gathered) < _ENOUGH_BYTES:
            wait_s = _GATHER_S if gathered else tick_s
            if not poll.poll(None if wait_s is None else wait_s * 1000):
                break
            data = os.read(source, CHUNK_BYTES - len(gathered))
            if not data:
                self._at_end = True
                break
            gathered += data
        return bytes(gathered)

    def finish(self) -> None:
        """Wait for the end, and be content only with exit code 0, no error line and some output.

        Raises:
            DatabaseError: DumpFailedError, LockTimeoutError, RightsError, UnreachableError, …: what
                pg_dump's complaints mean.
        """
        assert self._complaints
        if not self._at_end:
            self.terminate()
            raise DumpFailedError("The dump's output was not read to its end.")
        returncode = self._running.wait()
        spoken = self._complaints.finish()
        self.warnings = spoken.warnings
        if error := self._failure(returncode, spoken):
            raise error

    def _failure(self, returncode: int, spoken: Spoken) -> SparewheelError | None:
        if self._stopped:
            return DumpFailedError("The dump was stopped before its end.")
        if returncode or spoken.errors:
            return spoken.error("pg_dump", returncode, self._address)
        if not self.bytes_out:
            return DumpFailedError("The program pg_dump ended without an error and without a single byte.")
        return None

    def terminate(self, grace_s: float = 5.0) -> None:
        """End pg_dump: SIGTERM, which makes it cancel its query; after `grace_s` seconds SIGKILL.

        SIGKILL leaves its server process waiting, so that one is ended by name. Done already is fine.
        """
        process = self._process
        if process is None or process.poll() is not None:
            return
        self._stopped = True
        process.terminate()
        try:
            process.wait(grace_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            self._end_backend()

    def _end_backend(self) -> None:
        """Best effort: what cannot be reached has no backend of ours that we could end."""
        with contextlib.suppress(SparewheelError), connect(self._address) as connection:
            connection.execute(
                "select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity "
                "where application_name = %s and usename = current_user",
                [self._name],
            )
