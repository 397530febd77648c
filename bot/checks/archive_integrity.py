"""The archive is the one the manifest describes: its size, its table of contents, and whose rows it holds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from bot.checks import rules
from bot.checks.interface import Restored
from bot.core.finding import Finding
from bot.core.manifest import Archive, Manifest, TableRecord
from bot.errors import DumpFailedError
from bot.postgres.clients import Client
from bot.postgres.toc import TocEntry, TocProbe

_PIECE = 1024 * 1024
_ROWS = "TABLE DATA"
_NAMED = 5


class ArchiveIntegrity:
    """Reads the table of contents and holds it against the manifest."""

    name = "archive integrity"

    def run(self, restored: Restored) -> Sequence[Finding]:
        """Say what the archive lacks, and what it holds beyond the manifest."""
        archive = restored.manifest.archives[0]
        if (size := restored.archive.stat().st_size) != archive.size_bytes:
            return [_size_differs(size, archive, self.name)]
        try:
            entries = read_contents(restored.client, restored.archive)
        except DumpFailedError:
            return [rules.finding("ARCHIVE_UNREADABLE")]
        return list(_compare(restored.manifest, entries))


def compare_file(path: Path, archive: Archive) -> list[Finding]:
    """Hold a file's size and SHA-256 against the manifest, reading all of it. Raises OSError."""
    if (size := path.stat().st_size) != archive.size_bytes:
        return [_size_differs(size, archive, "download")]
    with path.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    return [] if found == archive.sha256 else [rules.finding("ARCHIVE_HASH_DIFFERS")]


def read_contents(client: Client, path: Path) -> tuple[TocEntry, ...]:
    """The archive's table of contents.

    Raises:
        DumpFailedError: it cannot be read.
    """
    with TocProbe(client) as probe, path.open("rb") as stream:
        while (piece := stream.read(_PIECE)) and probe.feed(piece):
            pass
        return probe.entries()


def _size_differs(size: int, archive: Archive, check: str) -> Finding:
    return rules.finding(
        "ARCHIVE_SIZE_DIFFERS",
        f"The archive has {size:,} bytes, and {archive.size_bytes:,} were stored.",
        subject=archive.key,
        check=check,
    )


def _compare(manifest: Manifest, entries: Iterable[TocEntry]) -> Iterator[Finding]:
    labels = {entry.label for entry in entries if entry.is_table_data}
    expected = {record: _label(manifest, record) for record in manifest.tables if record.data_dumped}
    taken: set[str] = set()
    for record, (start, owner) in expected.items():
        # An extension's table has no owner in the inventory; its label is looked for by its beginning.
        found = {start + owner} & labels if owner else {one for one in labels if one.startswith(start)}
        taken |= found
        if not found:
            yield rules.finding(
                "ARCHIVE_LACKS_ROWS",
                f"The archive holds no rows of {record.table}, and the manifest promises "
                f"{record.rows if record.rows is not None else 'some'}.",
                subject=record.table.quoted(),
            )
    if more := sorted(labels - taken):
        names = ", ".join(label.removeprefix(f"{_ROWS} ") for label in more[:_NAMED])
        yield rules.finding(
            "ARCHIVE_HOLDS_MORE",
            f"The archive holds rows of {len(more)} tables that the manifest does not know: {names}.",
        )


def _label(manifest: Manifest, record: TableRecord) -> tuple[str, str]:
    """What pg_restore -l calls a table's rows, and the owner with which the line ends, if it is known."""
    relations = manifest.inventory.get("relations") or {}
    owner = str((relations.get(record.table.quoted()) or {}).get("owner", ""))
    # pg_restore shows line ends in names as spaces.
    words = f"{_ROWS} {record.schema} {record.name} ".replace("\n", " ").replace("\r", " ")
    return words, owner.replace("\n", " ").replace("\r", " ")
