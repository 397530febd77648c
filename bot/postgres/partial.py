"""What a backup of some tables' rows cannot bring back: keys to tables whose rows it does not hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.core.manifest import Manifest

_PARTIAL_KINDS = ("critical", "table")
_NAME = r'(?:"(?:[^"]|"")+"|[^".()\s]+)'
_REFERENCED = re.compile(rf"\) REFERENCES (?P<schema>{_NAME})\.(?P<name>{_NAME})\(")
_REASON = "its rows point to a table whose rows this kind of backup does not hold"


def unsatisfiable_keys(manifest: Manifest) -> dict[str, str]:
    """Foreign keys that such a backup's rows break by themselves: identity as in the inventory -> reason.

    Tried: with `--jobs`, pg_restore 17 adds a partitioned table's key before the rows of its partitions, so
    that each COPY fails and the rows are lost with it.
    """
    if manifest.kind not in _PARTIAL_KINDS:
        return {}
    held = {t.table.quoted() for t in manifest.tables if t.data_dumped}
    held |= {t.root for t in manifest.tables if t.data_dumped and t.root}
    constraints: Mapping[str, Any] = manifest.inventory.get("constraints") or {}
    return {
        identity: _REASON
        for identity, facts in constraints.items()
        if facts.get("kind") == "f" and _points_outside(identity, str(facts.get("definition")), held)
    }


def _points_outside(identity: str, definition: str, held: set[str]) -> bool:
    found = _REFERENCED.search(definition)
    table = identity.rpartition('."')[0]
    return bool(
        found and table in held and f"{_quoted(found['schema'])}.{_quoted(found['name'])}" not in held
    )


def _quoted(name: str) -> str:
    return name if name.startswith('"') else f'"{name}"'
