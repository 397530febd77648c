"""Which entries of an archive are brought back, by hand or not at all, and why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from psycopg import Connection
from psycopg.rows import tuple_row

from bot.core.manifest import Manifest
from bot.postgres.partial import unsatisfiable_keys
from bot.postgres.restore_list import Entry

# Extensions whose purpose is to reach other servers, files or programs, or to act by the clock.
_REACH_OUT = frozenset(
    {
        "adminpack", "aws_commons", "aws_lambda", "aws_s3", "dblink", "file_fdw", "http", "mongo_fdw",
        "mysql_fdw", "oracle_fdw", "pg_cron", "pg_net", "pg_partman_bgw", "pg_timetable", "plperlu",
        "plpython3u",        "plsh", "pltclu", "postgres_fdw", "redis_fdw", "tds_fdw", "wrappers",
    }
)  # fmt: skip
_FOREIGN = frozenset({"FOREIGN DATA WRAPPER", "SERVER", "FOREIGN SERVER", "USER MAPPING", "FOREIGN TABLE"})
_SUBSCRIPTIONS = frozenset({"SUBSCRIPTION", "SUBSCRIPTION TABLE"})
_BY_HAND = frozenset({"ACL", "DEFAULT ACL", "POLICY", "ROW SECURITY"})
_CALLS = re.compile(
    r"EXECUTE (?:FUNCTION|PROCEDURE) (?:supabase_functions\.http_request|net\.|extensions\.http)"
)

_EXTENSIONS = """
select name, bool_or(installed) from pg_catalog.pg_available_extension_versions
where installed or trusted or not superuser group by name
"""
_STANDING = """
select 'TRIGGER', n.nspname, c.relname || ' ' || t.tgname
from pg_catalog.pg_trigger t
join pg_catalog.pg_class c on c.oid = t.tgrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where not t.tgisinternal
union all
select 'POLICY', n.nspname, c.relname || ' ' || p.polname
from pg_catalog.pg_policy p
join pg_catalog.pg_class c on c.oid = p.polrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
"""
_REFERENCES = """
select n.nspname || ' ' || c.relname, fn.nspname || ' ' || f.relname
from pg_catalog.pg_constraint k
join pg_catalog.pg_class c on c.oid = k.conrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_class f on f.oid = k.confrelid
join pg_catalog.pg_namespace fn on fn.oid = f.relnamespace
where k.contype = 'f' and c.oid <> f.oid
"""


class Layout(Protocol):
    """What is known of a platform: whose an object is, and whose rows a table of the platform holds."""

    def is_platform_schema(self, schema: str) -> bool:
        """Whether the platform made this schema and brings it itself in a fresh project."""

    def owner_is_platform(self, owner: str) -> bool:
        """Whether this role is one of the platform's own rather than the customer's."""

    def brings_rows(self, schema: str, table: str) -> bool:
        """Whether rows of this table of the platform are the customer's (people who log in, files' names)."""


@dataclass(frozen=True)
class Target:
    """What stands in the scratch database before the restore, and which extensions could be made in it.

    `standing` are triggers and policies as (kind, schema, "table name"); `references` foreign keys between
    tables as "schema name" pairs.
    """

    extensions: Mapping[str, bool]  # by name: whether it is installed already
    standing: frozenset[tuple[str, str, str]]
    references: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class LeftOut:
    """An entry that is not brought back, with the rule it falls under and the reason as a sentence."""

    entry: Entry
    rule: str
    reason: str


@dataclass
class Selection:
    """What is restored as it is (platform's rows before everything), by hand afterwards, and not at all.

    `platforms` counts what a laid-out project has anyway.
    """

    platform_rows: list[Entry] = field(default_factory=list)
    restored: list[Entry] = field(default_factory=list)
    by_hand: list[Entry] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    platforms: int = 0

    @property
    def missing_extensions(self) -> tuple[str, ...]:
        """Extensions that are left out."""
        return tuple(left.entry.name for left in self.left_out if left.entry.kind == "EXTENSION")


def look(conn: Connection[Any]) -> Target:
    """What is in the database now. Raises psycopg.Error."""
    with conn.cursor(row_factory=tuple_row) as cursor:
        extensions = {str(name): bool(there) for name, there in cursor.execute(_EXTENSIONS)}
        standing = frozenset(cursor.execute(_STANDING).fetchall())
        references = tuple(cursor.execute(_REFERENCES).fetchall())
    return Target(extensions, standing, references)


def everything(entries: Sequence[Entry], target: Target, manifest: Manifest) -> Selection:
    """All of the archive, but for what reaches out and what only a superuser could make."""
    chosen = Selection()
    for entry in _acceptable(entries, target, manifest, chosen):
        _place(entry, chosen)
    return chosen


def customers_part(entries: Sequence[Entry], target: Target, manifest: Manifest, layout: Layout) -> Selection:
    """What the customer added to a project that the platform has laid out, and the customer's rows in it.

    A trigger or policy on a table of the platform is the customer's when the laid-out project has it not.
    """
    chosen = Selection()
    for entry in _acceptable(entries, target, manifest, chosen):
        if not _is_platforms(entry, target, layout):
            _place(entry, chosen)
        elif entry.kind in ("TABLE DATA", "SEQUENCE SET"):
            _place_platform_rows(entry, chosen, layout)
        else:
            chosen.platforms += 1
    chosen.platform_rows = _parents_first(chosen.platform_rows, target.references)
    return chosen


def calling_out(manifest: Manifest) -> list[str]:
    """Triggers that call a webhook in production, by identity: here the extension they need is left out."""
    triggers = manifest.inventory.get("triggers") or {}
    return [
        identity
        for identity, facts in triggers.items()
        if isinstance(facts, Mapping) and _CALLS.search(str(facts.get("definition")))
    ]


def _acceptable(
    entries: Sequence[Entry], target: Target, manifest: Manifest, chosen: Selection
) -> Iterator[Entry]:
    tables = {entry.rest for entry in entries if entry.kind == "TABLE"}
    broken_keys = unsatisfiable_keys(manifest)
    attached: set[str] = set()
    for entry in entries:
        refusal = _refusal(entry, target, manifest, broken_keys)
        if refusal is None and entry.kind == "TABLE DATA" and chosen.missing_extensions:
            refusal = None if entry.rest in tables else ("EXTENSION_ABSENT", "its extension is left out")
        if refusal is not None:
            chosen.left_out.append(LeftOut(entry, *refusal))
            attached.update(_what_hangs_on(entry))
        elif entry.kind not in ("COMMENT", "ACL", "SECURITY LABEL") or not _hangs(entry, attached):
            yield entry


def _refusal(
    entry: Entry, target: Target, manifest: Manifest, broken_keys: Mapping[str, str]
) -> tuple[str, str] | None:
    """The rule and the reason for which an entry is left out whatever the way, or None."""
    if entry.kind in _SUBSCRIPTIONS:
        return "CALLS_OUT_LEFT_OUT", "a subscription would connect to another server"
    if entry.kind in _FOREIGN:
        return "CALLS_OUT_LEFT_OUT", "a foreign server could be reached through it"
    if entry.kind == "EXTENSION":
        return _extension_refusal(entry.name, target)
    if entry.kind == "FK CONSTRAINT" and (reason := broken_keys.get(entry.identity)):
        return "KEY_LEFT_OUT", reason
    return _superusers_refusal(entry, manifest)


def _superusers_refusal(entry: Entry, manifest: Manifest) -> tuple[str, str] | None:
    if entry.kind == "EVENT TRIGGER":
        return "SUPERUSER_LEFT_OUT", "only a superuser can make event triggers"
    if entry.kind.startswith("PUBLICATION") and _is_for_superusers(entry, manifest):
        return "SUPERUSER_LEFT_OUT", "only a superuser can publish all tables or whole schemas"
    return None


def _extension_refusal(name: str, target: Target) -> tuple[str, str] | None:
    if name in _REACH_OUT:
        return "CALLS_OUT_LEFT_OUT", "the extension can reach other servers, files or programs"
    if name not in target.extensions:
        return "EXTENSION_ABSENT", "staging has not the extension, or only a superuser can make it there"
    return None


def _is_for_superusers(entry: Entry, manifest: Manifest) -> bool:
    if entry.kind == "PUBLICATION TABLES IN SCHEMA":
        return True
    facts = (manifest.inventory.get("publications") or {}).get('"' + entry.name.replace('"', '""') + '"')
    return bool(facts and facts.get("all_tables"))


def _what_hangs_on(entry: Entry) -> Iterator[str]:
    """How comments and grants of an entry begin, after their own kind."""
    for kind in {entry.kind, f"FOREIGN {entry.kind}", entry.kind.removeprefix("FOREIGN ")}:
        yield f"{entry.schema} {kind} {entry.name} "


def _hangs(entry: Entry, attached: Iterable[str]) -> bool:
    return any(f"{entry.rest} ".startswith(beginning) for beginning in attached)


def _place(entry: Entry, chosen: Selection) -> None:
    # A comment on something else that reads so is as well off with the others that are put back by hand.
    about_a_policy = entry.kind == "COMMENT" and " POLICY " in entry.rest and " ON " in entry.rest
    (chosen.by_hand if entry.kind in _BY_HAND or about_a_policy else chosen.restored).append(entry)


def _is_platforms(entry: Entry, target: Target, layout: Layout) -> bool:
    """Whether a laid-out project has this entry, or something in its place, anyway."""
    if entry.kind == "DEFAULT ACL":
        return layout.owner_is_platform(entry.owner)
    if entry.schema == "-":
        return _is_about_platform(entry, target, layout)
    if not layout.is_platform_schema(entry.schema):
        return False
    if entry.kind in ("TRIGGER", "POLICY"):
        return (entry.kind, entry.schema, entry.name) in target.standing
    return layout.owner_is_platform(entry.owner) or entry.kind in ("TABLE DATA", "ROW SECURITY")


def _is_about_platform(entry: Entry, target: Target, layout: Layout) -> bool:
    """What has no schema, and comments and grants on that: `SCHEMA auth`, `EXTENSION pgcrypto`."""
    if entry.kind == "EXTENSION":
        return bool(target.extensions.get(entry.name))
    if entry.kind == "SCHEMA":
        return layout.is_platform_schema(entry.name)
    kind, _, name = entry.rest.partition(" ")[2].partition(" ")
    first = name.partition(" ")[0]
    if kind == "SCHEMA":
        return layout.is_platform_schema(first)
    return kind == "EXTENSION" and bool(target.extensions.get(first))


def _place_platform_rows(entry: Entry, chosen: Selection, layout: Layout) -> None:
    table = entry.name if entry.kind == "TABLE DATA" else re.sub(r"_\w+_seq$", "", entry.name)
    if any(layout.brings_rows(entry.schema, name) for name in {table, entry.name}):
        chosen.platform_rows.append(entry)
    else:
        chosen.left_out.append(LeftOut(entry, "PLATFORM_PART", "the platform keeps these rows itself"))


def _parents_first(entries: Sequence[Entry], references: Iterable[tuple[str, str]]) -> list[Entry]:
    """Rows of a table after those of every table it points to; a circle is broken anywhere."""
    parents: dict[str, set[str]] = {}
    for child, parent in references:
        parents.setdefault(child, set()).add(parent)
    by_table = {f"{entry.schema} {entry.name}": entry for entry in entries}
    ordered: dict[str, Entry] = {}

    def put(table: str, path: frozenset[str]) -> None:
        for parent in sorted(parents.get(table, set()) & by_table.keys() - path - ordered.keys()):
            put(parent, path | {table})
        ordered.setdefault(table, by_table[table])

    for table in by_table:
        put(table, frozenset())
    return list(ordered.values())
