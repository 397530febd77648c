"""Two inventories, object by object and fact by fact: what is gone, what is new, what is changed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.checks import grants, rules
from bot.checks.grants import Sides
from bot.checks.inventory_words import fact_words, object_words
from bot.core.finding import Finding, Severity

_FACTS_OF_OTHER_CHECKS = {
    "sequences": frozenset({"last_value", "is_called", "readable"}),
    "constraints": frozenset({"validated"}),
    "indexes": frozenset({"valid"}),
    "collations": frozenset({"version"}),
    "extensions": frozenset({"owner"}),  # who ran CREATE EXTENSION on that server
}
_TEXTS = frozenset({"definition", "default", "using", "check", "partition_bound", "partitioned_by", "base"})
_ROW_SECURITY = frozenset({"row_security", "row_security_forced"})
# What a server brings by itself; more of it on staging is no difference of the backup.
_SERVERS_OWN = frozenset({"extensions", "schemas", "collations"})
_PIECE = re.compile(r"(?P<literal>'(?:[^']|'')*')|(?P<qualifier>(?:\"(?:[^\"]|\"\")+\"|[^\W\d]\w*)\.)|\s+")

Section = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Compared:
    """Both sides of one section, and what is known of the sides."""

    name: str
    before: Section
    after: Section
    sides: Sides
    schema_only: bool
    partitions: frozenset[str]  # identities of relations
    schemas: frozenset[str]  # identities
    owner_of: Callable[[str, bool], str | None]  # identity of a relation, restored side? -> its owner


def differences(compared: Compared) -> Iterator[tuple[str, Finding]]:
    """(identity, finding) for everything that is not as it was."""
    before, after = compared.before, compared.after
    for identity in sorted(before.keys() - after.keys()):
        yield identity, _gone(compared.name, identity, before[identity])
    for identity in sorted(after.keys() - before.keys()):
        yield identity, _new(compared.name, identity, after[identity])
    for identity in sorted(before.keys() & after.keys()):
        for found in _changed(compared, identity):
            yield identity, found


def _gone(section: str, identity: str, facts: Mapping[str, Any]) -> Finding:
    rule = {"extensions": "EXTENSION_ABSENT", "default_privileges": "DEFAULT_PRIVILEGES_DIFFER"}.get(
        section, "STRUCTURE_MISSING"
    )
    sentence = f"The {object_words(section, facts)} {identity} did not come back."
    return rules.finding(rule, sentence, subject=identity)


def _new(section: str, identity: str, facts: Mapping[str, Any]) -> Finding:
    rule = "DEFAULT_PRIVILEGES_DIFFER" if section == "default_privileges" else "STRUCTURE_UNEXPECTED"
    sentence = f"The {object_words(section, facts)} {identity} is there and was not at the backup."
    severity = Severity.NOTE if section in _SERVERS_OWN else None
    return rules.finding(rule, sentence, subject=identity, severity=severity)


def _changed(compared: Compared, identity: str) -> Iterator[Finding]:
    before, after = compared.before[identity], compared.after[identity]
    skipped = _FACTS_OF_OTHER_CHECKS.get(compared.name, frozenset())
    plain: list[str] = []
    for fact in sorted((before.keys() | after.keys()) - skipped):
        if _plain(fact, before.get(fact)) == _plain(fact, after.get(fact)):
            continue
        special = _special(compared, identity, fact)
        if special is None:
            plain.append(fact)
        else:
            yield from special
    if plain:
        yield _differs(compared.name, identity, before, plain)


def _plain(fact: str, value: Any) -> Any:
    """A constraint's definition ends with NOT VALID while it is not validated, which another check says."""
    return value.removesuffix(" NOT VALID") if fact == "definition" and isinstance(value, str) else value


def _differs(section: str, identity: str, facts: Mapping[str, Any], changed: list[str]) -> Finding:
    what = ", ".join(fact_words(fact) for fact in changed)
    return rules.finding(
        "STRUCTURE_DIFFERS",
        f"The {object_words(section, facts)} {identity} came back changed: {what}.",
        subject=identity,
    )


def _special(compared: Compared, identity: str, fact: str) -> list[Finding] | None:
    """Findings for facts that have rules of their own; None where there is none."""
    judges = {"grants": _grants, "owner": _owner, "populated": _populated}
    if fact in judges:
        return judges[fact](compared, identity)
    if fact in _ROW_SECURITY:
        return [_of(compared, identity, "ROW_SECURITY_DIFFERS", "came back with row security switched")]
    if compared.name == "extensions" and fact == "version":
        return [_of(compared, identity, "EXTENSION_VERSION_DIFFERS", "has another version on staging")]
    if not compared.sides.same_major:
        return _reworded(compared, identity, fact)
    return None


def _of(compared: Compared, identity: str, rule: str, what: str) -> Finding:
    words = object_words(compared.name, compared.before[identity])
    return rules.finding(rule, f"The {words} {identity} {what}.", subject=identity)


def _grants(compared: Compared, identity: str) -> list[Finding]:
    before, after = compared.before[identity], compared.after[identity]
    changed = grants.differing(
        before.get("grants"),
        after.get("grants"),
        compared.sides,
        before.get("owner") or compared.owner_of(identity, False),
        after.get("owner") or compared.owner_of(identity, True),
    )
    if not changed:
        return []
    rule = "DEFAULT_PRIVILEGES_DIFFER" if compared.name == "default_privileges" else "GRANTS_DIFFER"
    return [_of(compared, identity, rule, f"came back with other rights for {', '.join(changed)}")]


def _owner(compared: Compared, identity: str) -> list[Finding]:
    if compared.after[identity].get("owner") == compared.sides.scratch_role:
        return []  # a restore test restores as its own role, on purpose
    return [_of(compared, identity, "OWNER_DIFFERS", "came back with another owner")]


def _populated(compared: Compared, identity: str) -> list[Finding]:
    if compared.schema_only or compared.after[identity].get("populated"):
        return []
    return [_of(compared, identity, "MATVIEW_UNPOPULATED", "came back without its rows")]


def _reworded(compared: Compared, identity: str, fact: str) -> list[Finding] | None:
    """Over major versions the same definition is written in other words."""
    before, after = compared.before[identity], compared.after[identity]
    old, new = before.get(fact), after.get(fact)
    # Since 17 a partition's column is an identity with its root's; before it was a plain one.
    if fact == "identity" and identity.rpartition('."')[0] in compared.partitions:
        return [_of(compared, identity, "STRUCTURE_REWORDED", "is worded otherwise by another version")]
    if fact in _TEXTS and old is not None and new is not None:
        if bare(str(old), compared.schemas) == bare(str(new), compared.schemas):
            return [_of(compared, identity, "STRUCTURE_REWORDED", "is worded otherwise by another version")]
        return [_not_compared(compared, identity)]
    # The body of an SQL function may be kept parsed; a body that is text never changes.
    if fact == "body_sha256" and before.get("language") == "sql":
        return [_not_compared(compared, identity)]
    return None


def _not_compared(compared: Compared, identity: str) -> Finding:
    return _of(
        compared,
        identity,
        "STRUCTURE_NOT_COMPARED",
        "is written so differently that it has to be read by a person",
    )


def bare(text: str, schemas: frozenset[str]) -> str:
    """A definition without blanks and without tables' names before their columns, literals as they are.

    Since 16 a view of one table names its columns without the table. Schemas stay: they may tell two
    tables apart.
    """

    def kept(found: re.Match[str]) -> str:
        qualifier = found["qualifier"]
        if qualifier:
            name = qualifier[:-1] if qualifier.startswith('"') else f'"{qualifier[:-1]}"'
            return qualifier if name in schemas else ""
        return found["literal"] or ""

    return _PIECE.sub(kept, text)
