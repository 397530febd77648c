"""What an archive calls its own objects: of the words that a restore says, only these may be repeated."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from bot.postgres.restore_list import Entry

_PART = re.compile(r"\"([^\"\n]+)\"|([\w$]+)")


@dataclass(frozen=True)
class ArchiveNames:
    """Labels by their number in the table of contents, and every word in them.

    A value of a row may hold line ends and, behind one, whatever pg_restore could say: what is repeated is
    looked up here, so that nobody's row comes out under a name that it gave itself.
    """

    labels: Mapping[int, str]
    words: frozenset[str]

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Self:
        """The names of these entries."""
        labels = {entry.toc.dump_id: entry.label for entry in entries}
        return cls(labels, frozenset(word for label in labels.values() for word in label.split()))

    def label(self, number: str) -> str | None:
        """What the archive calls the entry of this number; None where it has none."""
        # More digits than any archive counts to are not even read.
        return self.labels.get(int(number)) if len(number) < 12 else None  # noqa: PLR2004 - see above

    def holds(self, name: str) -> bool:
        """Whether every word of a name as pg_restore says it (quoted or not) is in some label."""
        return all(word in self.words for word in name.split())

    def holds_sql(self, name: str) -> bool:
        """The same for a name as SQL writes it: `"Mixed Case".loads`."""
        return all(self.holds(quoted or plain) for quoted, plain in _PART.findall(name))


NO_NAMES = ArchiveNames({}, frozenset())
