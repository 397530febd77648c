"""Everything besides rows is as it was: structure, rights, row security, functions by their hash."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.checks import rules
from bot.checks.explained import Explained
from bot.checks.grants import Sides
from bot.checks.interface import Restored
from bot.checks.inventory_diff import Compared, differences
from bot.checks.inventory_words import object_words
from bot.core.finding import Finding, Severity
from bot.postgres import inventory
from bot.postgres.stand_ins import as_source

_SHOWN = 20  # findings of one rule about one kind of object; the rest is a number
_WITH_LARGE_OBJECTS = ("full", "safety")


@dataclass
class _Result:
    """What the comparison gave so far."""

    findings: list[tuple[str, Finding]] = field(default_factory=list)  # with their section
    left_out: Counter[str] = field(default_factory=Counter)  # reason -> objects


@dataclass(frozen=True)
class _Both:
    """The manifest's inventory and the restored database's, roles called by the source's names in both."""

    before: Mapping[str, Any]
    after: Mapping[str, Any]


class Inventory:
    """Takes the restored database's inventory and compares it with the manifest's."""

    name = "inventory"

    def run(self, restored: Restored) -> Sequence[Finding]:
        """Say what is missing, new or changed; differences that are known beforehand are notes."""
        before = as_source(restored.manifest.inventory, {})
        if not before.keys() - _NO_SECTIONS:
            return [
                rules.finding("STRUCTURE_NOT_COMPARED", "The manifest holds no inventory to compare with.")
            ]
        after = as_source(inventory.take(restored.connection), restored.role_names)
        result = _Result()
        explained = Explained.of(restored)
        # Also a section that one side does not know at all was not compared.
        for section in sorted((before.keys() | after.keys()) - _NO_SECTIONS):
            if before.get(section) is None or after.get(section) is None:
                result.findings.append((section, _unread(section)))
            else:
                _compare(restored, section, _Both(before, after), explained, result)
        return [
            *_shortened(result.findings),
            *_large_objects(restored, after),
            *(_left_out(reason, count) for reason, count in sorted(result.left_out.items())),
        ]


_NO_SECTIONS = frozenset({"version", "unreadable", "large_objects"})


def _compare(restored: Restored, section: str, both: _Both, explained: Explained, result: _Result) -> None:
    before, after = both.before, both.after
    gone = (before.get("relations") or {}).keys() - (after.get("relations") or {}).keys()
    compared = Compared(
        name=section,
        before=before[section],
        after=after[section],
        sides=_sides(restored),
        schema_only=restored.manifest.kind == "schema",
        partitions=frozenset(
            name for name, facts in (before.get("relations") or {}).items() if "partition_bound" in facts
        ),
        schemas=frozenset(before.get("schemas") or {}) | {'"pg_catalog"'},
        owner_of=lambda identity, restored_side: _owner(after if restored_side else before, identity),
    )
    for identity, found in differences(compared):
        if section != "relations" and _table_of(identity) in gone:
            continue  # the table itself is missing, and said so
        reason = explained.reason(identity)
        if reason is not None and found.severity is not Severity.NOTE:
            result.left_out[reason] += 1
        else:
            result.findings.append((section, found))


def _sides(restored: Restored) -> Sides:
    source = int(restored.manifest.server.get("version_num", 0)) // 10000
    return Sides(source, restored.connection.info.server_version // 10000, restored.address.user)


def _owner(side: Mapping[str, Any], identity: str) -> str | None:
    """The owner of the relation that a column belongs to."""
    facts = (side.get("relations") or {}).get(_table_of(identity)) or {}
    return facts.get("owner")


def _table_of(identity: str) -> str:
    """`"schema"."table"."object"` -> `"schema"."table"`; the identity itself where nothing follows."""
    return identity.rpartition('."')[0] if identity.count('."') > 1 else identity


def _unread(section: str) -> Finding:
    sentence = f"What there is under {object_words(section, {})} could not be read on both sides."
    return rules.finding("STRUCTURE_NOT_COMPARED", sentence, subject=section)


def _large_objects(restored: Restored, after: Mapping[str, Any]) -> Iterator[Finding]:
    before = restored.manifest.inventory.get("large_objects")
    omitted = any(omission.what == "large objects" for omission in restored.manifest.omitted)
    if restored.manifest.kind not in _WITH_LARGE_OBJECTS or omitted:
        return
    if before is None:
        yield _unread("large_objects")
        return
    found = after.get("large_objects")
    if found != before:
        yield rules.finding("LARGE_OBJECTS_DIFFER", f"{found} large objects came back instead of {before}.")


def _left_out(reason: str, count: int) -> Finding:
    objects = "1 object is" if count == 1 else f"{count} objects are"
    return rules.finding("LEFT_OUT", f"{objects} not as at the backup, on purpose: {reason}")


def _shortened(found: Sequence[tuple[str, Finding]]) -> Iterator[Finding]:
    """The first so many of each rule about each kind of object, then how many more there are."""
    told: Counter[tuple[str, str, Severity]] = Counter()
    for section, finding in found:
        told[finding.rule, section, finding.severity] += 1
        if told[finding.rule, section, finding.severity] <= _SHOWN:
            yield finding
    for (rule, section, severity), count in told.items():
        if count > _SHOWN:
            sentence = f"{count - _SHOWN} more differences of this kind ({object_words(section, {})})."
            yield rules.finding(rule, sentence, severity=severity)
