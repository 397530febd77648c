"""Staging sorts texts by the same rules as the source, in the same version of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.checks import asking, rules
from bot.checks.interface import Restored
from bot.core.finding import Finding

_VERSIONS_SINCE = 150000


class Collation:
    """Compares the database's locale and the versions of its collations."""

    name = "collation"

    def run(self, restored: Restored) -> Sequence[Finding]:
        """Say what is sorted otherwise."""
        (here,) = asking.rows(restored.connection, "database_collation")
        actual = None
        if restored.connection.info.server_version >= _VERSIONS_SINCE:
            (row,) = asking.rows(restored.connection, "actual_collation")
            actual = row["actual"]
        return list(_compare(restored.manifest.server, here, actual))


def _compare(source: Mapping[str, Any], here: Mapping[str, Any], actual: str | None) -> Iterator[Finding]:
    if here["recorded"] is not None and actual is not None and here["recorded"] != actual:
        yield rules.finding(
            "COLLATION_MISMATCH",
            f"The scratch database was made for version {here['recorded']} of its sorting rules, and the "
            f"server has {actual}.",
        )
    others = [key for key in ("encoding", "collate", "ctype") if source.get(key) not in (None, here[key])]
    if others:
        words = ", ".join(f"{key} {here[key]} instead of {source[key]}" for key in others)
        yield rules.finding("COLLATION_DIFFERS", f"The scratch database has {words}.")
        return
    version = source.get("collation_version")
    if version is not None and actual is not None and version != actual:
        yield rules.finding(
            "COLLATION_VERSION_DIFFERS",
            f"The source sorts by version {version} of its rules, and staging by {actual}.",
        )
