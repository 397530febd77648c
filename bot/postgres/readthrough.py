"""Reading an archive from end to end, the only way to know that nothing in it is cut short."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from typing import IO

from bot.core.backup import Format
from bot.errors import DumpFailedError
from bot.postgres.clients import Client
from bot.postgres.programs import Complaints, start
from bot.postgres.toc import TocProbe

_PLAIN_BEGIN = b"--\n-- PostgreSQL database dump\n--\n"
# Newer minors open with `\restrict TOKEN` and close with `\unrestrict` and the same token.
_PLAIN_TOKEN = re.compile(rb"^\\restrict (\w+)$", re.MULTILINE)
_PLAIN_END = re.compile(
    rb"--\n-- PostgreSQL database dump complete\n--\n\s*(?:\\unrestrict (?P<token>\w+)\s*)?\Z"
)
_ENTRY = b"\n-- Name: "
_DATA = b"\n-- Data for Name: "
_EDGE_BYTES = 1024


@dataclass(frozen=True)
class ReadThrough:
    """What reading gave: entries of the table of contents, tables with data in the archive, bytes read."""

    entries: int
    tables: int
    bytes_read: int


def read_through(client: Client, chunks: Iterable[bytes], archive_format: Format) -> ReadThrough:
    """Read an archive whole, without running any of it. Plain SQL: its beginning and end are looked at.

    Raises:
        DumpFailedError: it cannot be read to its end.
    """
    if archive_format is Format.PLAIN:
        return _read_plain(chunks)
    return _read_custom(client, chunks)


def _read_custom(client: Client, chunks: Iterable[bytes]) -> ReadThrough:
    process = start(
        client,
        "pg_restore",
        ["--file=-"],
        {"LC_ALL": "C"},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    assert process.stdin
    assert process.stderr
    complaints = Complaints(process.stderr)
    read = 0
    try:
        with TocProbe(client) as probe:
            for chunk in chunks:
                read += len(chunk)
                probe.feed(chunk)
                _write(process.stdin, chunk)
            process.stdin.close()
            returncode = process.wait()
            spoken = complaints.finish()
            if returncode or spoken.errors or not read:
                raise _unreadable("\n".join(spoken.errors)[:2000])
            entries = probe.entries()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        if not process.stdin.closed:
            process.stdin.close()
        complaints.finish()
    return ReadThrough(len(entries), sum(entry.is_table_data for entry in entries), read)


def _write(stream: IO[bytes], chunk: bytes) -> None:
    """All of it, unless pg_restore has heard enough; its exit code says whether it was content."""
    rest = memoryview(chunk)
    try:
        while rest and not stream.closed:
            rest = rest[stream.write(rest) :]
    except BrokenPipeError:
        stream.close()


def _read_plain(chunks: Iterable[bytes]) -> ReadThrough:
    head, tail = b"", b""
    entries = tables = read = 0
    for chunk in chunks:
        read += len(chunk)
        if len(head) < _EDGE_BYTES:
            head += chunk[: _EDGE_BYTES - len(head)]
        # A marker that lies across two chunks is counted with the second one, and only there.
        entries += _count(_ENTRY, tail, chunk)
        tables += _count(_DATA, tail, chunk)
        tail = (tail + chunk)[-_EDGE_BYTES:]
    if not head.startswith(_PLAIN_BEGIN):
        raise _unreadable("It does not begin as pg_dump begins.")
    opened, ended = _PLAIN_TOKEN.search(head), _PLAIN_END.search(tail)
    if not ended or ended["token"] != (opened[1] if opened else None):
        raise _unreadable("It does not end as pg_dump ends.")
    return ReadThrough(entries + tables, tables, read)


def _count(marker: bytes, before: bytes, chunk: bytes) -> int:
    edge = before[-(len(marker) - 1) :]
    return (edge + chunk).count(marker)


def _unreadable(cause: str) -> DumpFailedError:
    return DumpFailedError(
        "The archive cannot be read to its end: it breaks off or is damaged.",
        next_step="Do not rely on this archive; take a new backup.",
        cause=cause,
    )
