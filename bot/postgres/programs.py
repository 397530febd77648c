"""Starting PostgreSQL's client programs, and listening to what they complain about."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from bot.errors import DumpFailedError, SparewheelError
from bot.postgres import child
from bot.postgres.address import Address
from bot.postgres.clients import Client
from bot.postgres.messages import by_words

_KEPT_BYTES = 32 * 1024
_LINE_LENGTH = 300
_SPOKEN = re.compile(r"(?:pg_\w+): (?P<level>error|fatal|warning|detail): (?P<text>.*)")
_FROM_SERVER = "Error message from server: "

Process = subprocess.Popen[bytes]


def start(
    client: Client,
    program: str,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.PIPE,
) -> Process:
    """Start a client program that gets SIGTERM when the starting thread or process ends.

    Raises:
        DumpFailedError: it could not be started (argument list too long, no memory for a process).
    """
    launcher = [sys.executable, "-I", "-S", str(Path(child.__file__)), str(os.getpid())]
    try:
        return subprocess.Popen(
            [*launcher, str(client.program(program)), *arguments],
            env=dict(environment),
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.PIPE,
            bufsize=0,
        )
    except OSError as error:
        raise DumpFailedError(f"The program {program} could not be started ({error.strerror}).") from None


class Complaints:
    """Reads a child's stderr to its end on a thread, keeping the beginning and the end of it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._head = bytearray()
        self._tail = bytearray()
        self._thread = threading.Thread(target=self._read, name="stderr", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        with self._stream as stream:
            while data := stream.read(_KEPT_BYTES):
                room = _KEPT_BYTES - len(self._head)
                self._head += data[:room]
                self._tail += data[room:]
                del self._tail[:-_KEPT_BYTES]

    def finish(self) -> Spoken:
        """What was said, once the child has ended."""
        self._thread.join()
        return listen((self._head + self._tail).decode("utf-8", "replace"))


@dataclass(frozen=True)
class Spoken:
    """What a client program wrote on stderr. Rows and queries are left out; each line is cut short."""

    errors: tuple[str, ...]
    warnings: tuple[str, ...]

    def error(self, program: str, returncode: int, address: Address | None = None) -> SparewheelError:
        """The failure as one of our errors, its redacted lines as the cause."""
        text = "\n".join(self.errors)
        text = address.redact(text) if address else text
        # pg_dump sets statement_timeout for its LOCK TABLE, and 0 for everything else.
        meant = text.replace("due to statement timeout", "due to lock timeout")
        known = by_words(meant, address.place if address else "", text[:2000])
        if known:
            return known
        if returncode < 0:
            return DumpFailedError(
                f"The program {program} was ended by signal {-returncode} before it was done.",
                next_step="Look whether the machine ran out of memory, then ask for the backup again.",
                cause=text[:2000],
            )
        return DumpFailedError(
            f"The program {program} ended with an error (exit code {returncode}).", cause=text[:2000]
        )


def listen(text: str) -> Spoken:
    """Sort stderr's lines. Of details only the server's message is kept: others quote queries and rows."""
    errors: list[str] = []
    warnings: list[str] = []
    for line in text.splitlines():
        found = _SPOKEN.match(line)
        if not found:
            # libpq's connection messages go on over several lines.
            if errors and line.startswith(
                ("\tIs the server", "connection to server", "\tThis probably means")
            ):
                errors.append(line.strip()[:_LINE_LENGTH])
            continue
        level, said = found["level"], found["text"]
        if level == "warning":
            warnings.append(said[:_LINE_LENGTH])
        elif level == "detail" and said.startswith(_FROM_SERVER):
            errors.append(said.removeprefix(_FROM_SERVER)[:_LINE_LENGTH])
        elif level != "detail":
            errors.append(said[:_LINE_LENGTH])
    return Spoken(tuple(errors), tuple(warnings))
