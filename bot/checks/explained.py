"""Which differences are explained: by what the backup left out, or by the way of restoring."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.checks.interface import Restored
from bot.core.backup import TableName
from bot.postgres.partial import unsatisfiable_keys

_PART = re.compile(r'"(?:[^"]|"")*"')
_WHOLE = ("schema", "table")  # omissions after which the object itself is not in the archive


@dataclass(frozen=True)
class Explained:
    """Reasons by identity; a reason for a schema or a table holds for everything in it."""

    reasons: Mapping[str, str]
    omitted: Mapping[str, str]  # as the manifest writes them: schema, or schema.name without quotes

    @classmethod
    def of(cls, restored: Restored) -> Explained:
        """Everything that is known to be left out of this restored database."""
        omitted = {
            omission.name: omission.reason
            for omission in restored.manifest.omitted
            if omission.what in _WHOLE
        }
        return cls({**unsatisfiable_keys(restored.manifest), **restored.left_out}, omitted)

    def reason(self, identity: str) -> str | None:
        """Why this object, or what it belongs to, is not there as it was; None where nothing explains it."""
        for prefix, plain in _prefixes(identity):
            found = self.reasons.get(prefix) or self.omitted.get(plain)
            if found:
                return found
        return None

    def of_table(self, table: TableName) -> str | None:
        """The same for a table by name."""
        return self.reason(table.quoted())


def _prefixes(identity: str) -> Iterator[tuple[str, str]]:
    """The identity and what is above it, longest first, with and without quotes."""
    parts = _PART.findall(identity)
    for end in range(len(parts), 0, -1):
        plain = ".".join(part[1:-1].replace('""', '"') for part in parts[:end])
        yield ".".join(parts[:end]), plain
    if not parts:
        yield identity, identity
