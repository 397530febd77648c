"""An archive's table of contents, read from the head of the stream while the rest is still coming."""

from __future__ import annotations

import contextlib
import re
import subprocess
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from psycopg import Connection
from psycopg.rows import tuple_row

from bot.core.backup import TableName
from bot.errors import DumpFailedError
from bot.postgres.clients import Client
from bot.postgres.programs import Complaints, start

# `dump id; catalogue's oid, object's oid, DESCRIPTION schema name owner`; names may hold spaces, so only the
# numbers and the description are told apart for certain.
_LINE = re.compile(r"(?P<dump_id>\d+); (?P<class_oid>\d+) (?P<oid>\d+) (?P<rest>.*)")
_DESCRIPTION = re.compile(r"[A-Z]+(?: [A-Z]+)*(?= )")
_TABLE_DATA = "TABLE DATA "


@dataclass(frozen=True)
class TocEntry:
    """One line of `pg_restore -l`. `label` is description, schema, name and owner as pg_restore shows them.

    `class_oid` is 0 for what is no object of a catalogue (data, ACLs, comments).
    """

    dump_id: int
    class_oid: int
    oid: int
    label: str

    @property
    def is_table_data(self) -> bool:
        """Whether this is a table's rows; `oid` is then the table's. A schema named DATA cannot pretend."""
        return self.class_oid == 0 and self.oid != 0 and self.label.startswith(_TABLE_DATA)


class TocProbe:
    """Feeds `pg_restore -l` until it has heard enough, as a context manager in one thread."""

    def __init__(self, client: Client) -> None:
        self._process = start(client, "pg_restore", ["--list"], {"LC_ALL": "C"}, stdin=subprocess.PIPE)
        assert self._process.stdin
        assert self._process.stdout
        assert self._process.stderr
        self._stdin = self._process.stdin
        self._stdout = self._process.stdout
        self._complaints = Complaints(self._process.stderr)
        self._listed = bytearray()
        # pg_restore prints while we may still be writing: somebody has to take it off.
        self._reader = threading.Thread(target=self._read, name="toc", daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read(self) -> None:
        with self._stdout as stream:
            while data := stream.read(64 * 1024):
                self._listed += data

    @property
    def wants_more(self) -> bool:
        """Whether feed() still does something."""
        return not self._stdin.closed

    def feed(self, data: bytes) -> bool:
        """Hand on the next piece of the archive; pg_restore closing its end early is as it should be."""
        rest = memoryview(data)
        try:
            while rest and self.wants_more:
                rest = rest[self._stdin.write(rest) :]
        except BrokenPipeError:
            self._close_stdin()
        return self.wants_more

    def entries(self) -> tuple[TocEntry, ...]:
        """What the archive says it holds. Ends the feeding.

        Raises:
            DumpFailedError: pg_restore could not read the table of contents.
        """
        self._close_stdin()
        self._reader.join()
        returncode = self._process.wait()
        spoken = self._complaints.finish()
        if returncode or spoken.errors:
            raise DumpFailedError(
                "The archive's table of contents cannot be read.", cause="\n".join(spoken.errors)[:2000]
            )
        return parse(self._listed.decode("utf-8", "replace"))

    def close(self) -> None:
        """Leave nothing running. Done already is fine."""
        self._close_stdin()
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        self._complaints.finish()

    def _close_stdin(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._stdin.close()


def parse(listed: str) -> tuple[TocEntry, ...]:
    """The entries in what `pg_restore -l` printed, in its order."""
    found = (_LINE.fullmatch(line) for line in listed.split("\n"))
    return tuple(
        TocEntry(int(m["dump_id"]), int(m["class_oid"]), int(m["oid"]), m["rest"]) for m in found if m
    )


def table_oids(conn: Connection[Any], tables: Iterable[TableName]) -> dict[TableName, int]:
    """The oids by which a table of contents names tables; a table that is not there is missing in it."""
    wanted = list(tables)
    with conn.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(
            "select n.nspname, c.relname, c.oid::pg_catalog.int8 from pg_catalog.pg_class c "
            "join pg_catalog.pg_namespace n on n.oid = c.relnamespace "
            "join unnest(%s::pg_catalog.text[], %s::pg_catalog.text[]) w(s, t) "
            "on w.s = n.nspname and w.t = c.relname",
            [[t.schema for t in wanted], [t.name for t in wanted]],
        )
        return {TableName(schema, name): oid for schema, name, oid in rows}


def demand_data(entries: Iterable[TocEntry], expected: dict[TableName, int]) -> None:
    """Every expected table (with its oid) has its rows in the archive.

    Raises:
        DumpFailedError: naming those without: pg_dump would have ended with 0 all the same.
    """
    there = {entry.oid for entry in entries if entry.is_table_data}
    missing = sorted(str(table) for table, oid in expected.items() if oid not in there)
    if missing:
        shown = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")  # noqa: PLR2004 - five names are enough for a sentence
        raise DumpFailedError(
            f"The archive holds no rows of {shown}, and it should.", cause=", ".join(missing)
        )
