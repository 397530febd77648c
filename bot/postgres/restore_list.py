"""An archive's table of contents from a file, and what of it is brought back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bot.errors import DumpFailedError
from bot.postgres.clients import Client, too_old_to_read
from bot.postgres.programs import Complaints, Process, start
from bot.postgres.toc import TocEntry, parse

OPTION = "--use-list=/dev/stdin"
# Kinds of entries by their description in a table of contents; longer ones first where one begins another.
_KINDS = (
    "TABLE DATA", "TABLE ATTACH", "TABLE", "INDEX ATTACH", "INDEX", "SEQUENCE OWNED BY", "SEQUENCE SET",
    "SEQUENCE", "MATERIALIZED VIEW DATA", "MATERIALIZED VIEW", "FOREIGN DATA WRAPPER", "FOREIGN SERVER",
    "FOREIGN TABLE", "SERVER", "USER MAPPING", "EVENT TRIGGER", "PUBLICATION TABLES IN SCHEMA",
    "PUBLICATION TABLE", "PUBLICATION", "SUBSCRIPTION TABLE", "SUBSCRIPTION", "PROCEDURAL LANGUAGE",
    "EXTENSION",
    "POLICY", "ROW SECURITY", "DEFAULT ACL", "ACL", "COMMENT", "SECURITY LABEL", "CHECK CONSTRAINT",
    "FK CONSTRAINT", "CONSTRAINT", "TRIGGER", "SCHEMA", "FUNCTION", "PROCEDURE", "AGGREGATE", "DEFAULT",
)  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One entry. `rest` is schema ("-": none), name and owner as pg_restore shows them."""

    toc: TocEntry
    kind: str
    rest: str

    @property
    def label(self) -> str:
        """What pg_restore calls it."""
        return self.toc.label

    @property
    def schema(self) -> str:
        """Its schema up to the first blank: exact for every schema without blanks in its name."""
        return self.rest.partition(" ")[0]

    @property
    def name(self) -> str:
        """What stands between schema and owner: exact where neither has blanks in it."""
        return self.rest.partition(" ")[2].rpartition(" ")[0]

    @property
    def identity(self) -> str:
        """The inventory's way to name it: quoted names with dots between; as exact as `schema` and `name`."""
        on_a_table = self.kind in ("TRIGGER", "POLICY") or self.kind.endswith("CONSTRAINT")
        parts = [] if self.schema == "-" else [self.schema]
        parts += self.name.split(" ", 1) if on_a_table else [self.name]
        return ".".join('"' + part.replace('"', '""') + '"' for part in parts)

    @property
    def owner(self) -> str:
        """Its last word: exact for every owner without blanks in its name, empty where it has none."""
        return self.rest.rpartition(" ")[2]


def entries(client: Client, archive: Path) -> tuple[Entry, ...]:
    """The archive's entries in the order of their restoring.

    Raises:
        DumpFailedError: pg_restore cannot read the table of contents.
        ClientTooOldError: it was written by a later pg_dump than this pg_restore reads.
    """
    process = start(client, "pg_restore", ["--list", str(archive)], {"LC_ALL": "C"})
    assert process.stdout
    assert process.stderr
    complaints = Complaints(process.stderr)
    with process.stdout as stream:
        listed = stream.read()
        while more := stream.read():
            listed += more
    returncode = process.wait()
    spoken = complaints.finish()
    if too_old := too_old_to_read(client, "\n".join(spoken.errors)):
        raise too_old
    if returncode or spoken.errors:
        raise DumpFailedError(
            "The archive's table of contents cannot be read: it is cut off or damaged.",
            next_step="Do not rely on this archive; take a new backup.",
            cause="\n".join(spoken.errors)[:500],
        )
    return tuple(_entry(toc) for toc in parse(listed.decode("utf-8", "replace")))


def feed(process: Process, chosen: Iterable[Entry]) -> None:
    """Give a pg_restore that was started with OPTION and a pipe its list, and close the pipe.

    Through a pipe, because a list of many entries takes room on a disk that is for the archive. pg_restore
    reads the number at the beginning of each line only, and all of it before it does anything else.
    """
    assert process.stdin
    left = memoryview("".join(f"{entry.toc.dump_id};\n" for entry in chosen).encode())
    with process.stdin as pipe, contextlib.suppress(BrokenPipeError):  # it ended, and says why by itself
        while left:
            left = left[pipe.write(left) :]


def _entry(toc: TocEntry) -> Entry:
    for kind in _KINDS:
        if toc.label.startswith(kind + " "):
            return Entry(toc, kind, toc.label[len(kind) + 1 :])
    words = toc.label.split(" ")
    # Every description is in capitals, and a schema follows it.
    count = next((n for n, word in enumerate(words) if not word.isupper()), len(words) - 1)
    return Entry(toc, " ".join(words[:count]), " ".join(words[count:]))
