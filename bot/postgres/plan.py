"""What a kind of backup takes, and what has to be left out by name because the role may not read it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.core.backup import Kind, TableName
from bot.core.manifest import Omission
from bot.errors import RightsError
from bot.postgres.arguments import quoted
from bot.postgres.catalog import Catalog, Relation

_LOCKED = ("table", "partitioned")
_NAMED = 12


@dataclass(frozen=True)
class DumpPlan:
    """What pg_dump locks, whose rows it takes, and the exact names it is told to leave out."""

    lock: tuple[TableName, ...]
    data_tables: tuple[TableName, ...]
    exclude_relations: tuple[TableName, ...]
    exclude_schemas: tuple[str, ...]
    exclude_data: tuple[TableName, ...]
    omitted: tuple[Omission, ...]
    schema_only: bool = False
    large_objects: bool = True


def make(
    catalog: Catalog,
    kind: Kind,
    wanted: tuple[TableName, ...] | None = None,
    must: frozenset[TableName] = frozenset(),
    *,
    role: str,
    unreadable_large_objects: int = 0,
) -> DumpPlan:
    """Plan one dump. `wanted` (partitions included) limits the rows; None takes the rows of everything.

    Definitions are always dumped, of everything readable: kinds differ in whose rows come along. `must`
    names tables that may not be left out; a partition of such a table may not either.

    Raises:
        RightsError: a `must` table cannot be read; names all of them and what an administrator has to run.
    """
    schema_only = kind is Kind.SCHEMA
    _demand(catalog, must, role, rows=not schema_only)
    schemas = tuple(sorted({r.table.schema for r in catalog.relations if _closed(r)}))
    relations = [r for r in catalog.relations if r.table.schema not in schemas]
    unreadable = [r for r in relations if r.kind in _LOCKED and not r.readable]
    kept = [r for r in relations if r.kind in _LOCKED and r.readable]
    no_rows = [] if schema_only else [r for r in catalog.relations if _rows_withheld(r)]
    hidden = {r.table for r in no_rows}
    chosen = None if wanted is None or kind in (Kind.FULL, Kind.SAFETY) else frozenset(wanted)
    unwanted = [r for r in kept if chosen is not None and r.kind == "table" and r.table not in chosen]
    left_out = hidden | {r.table for r in unwanted}
    large_objects = chosen is None and not schema_only and not unreadable_large_objects
    reported = [r for r in no_rows if chosen is None or r.kind == "sequence" or r.table in chosen]
    return DumpPlan(
        lock=tuple(r.table for r in kept),
        data_tables=() if schema_only else tuple(r.table for r in kept if _has_data(r, left_out)),
        exclude_relations=tuple(r.table for r in unreadable),
        exclude_schemas=schemas,
        exclude_data=() if schema_only else tuple(sorted(left_out)),
        omitted=(
            *(_schema_omission(schema, role) for schema in schemas),
            *(_relation_omission(r, role) for r in unreadable),
            *(_rows_omission(r, role) for r in reported),
            *(_foreign_omission(r) for r in relations if _foreign_rows(r, schema_only, chosen)),
            *_large_object_omission(unreadable_large_objects if chosen is None and not schema_only else 0),
        ),
        schema_only=schema_only,
        large_objects=large_objects,
    )


def _closed(relation: Relation) -> bool:
    """A table in a schema without USAGE. Its schema goes as a whole; views alone need no lock."""
    return relation.kind in _LOCKED and not relation.schema_usable


def _rows_withheld(relation: Relation) -> bool:
    """Its definition can be dumped, its rows (or a sequence's value) cannot."""
    if relation.kind == "sequence":
        return not relation.readable
    return relation.kind == "table" and relation.readable and relation.row_security_hides


def _has_data(relation: Relation, left_out: set[TableName]) -> bool:
    by_extension = relation.from_extension and not relation.extension_data
    return relation.kind == "table" and relation.table not in left_out and not by_extension


def _foreign_rows(relation: Relation, schema_only: bool, chosen: frozenset[TableName] | None) -> bool:
    wanted = chosen is None or relation.table in chosen
    return relation.kind == "foreign table" and wanted and not schema_only


def _demand(catalog: Catalog, must: frozenset[TableName], role: str, *, rows: bool) -> None:
    demanded = [r for r in catalog.relations if r.kind in _LOCKED and (r.table in must or r.root in must)]
    unreadable = [r for r in demanded if not r.readable]
    hiding = [r for r in demanded if rows and r.readable and r.row_security_hides]
    if not unreadable and not hiding:
        return
    sentences: list[str] = []
    steps: list[str] = []
    if unreadable:
        sentences.append(f"The role {role} may not read {_names(unreadable)}, which this backup must hold.")
        closed = sorted({quoted(r.table.schema) for r in unreadable if not r.schema_usable})
        if closed:
            steps.append(f"GRANT USAGE ON SCHEMA {', '.join(closed)} TO {quoted(role)};")
        steps.append(
            f"GRANT SELECT ON {', '.join(_cut([r.table.quoted() for r in unreadable]))} TO {quoted(role)};"
        )
    if hiding:
        sentences.append(f"Row security would hide rows of {_names(hiding)} from the role {role}.")
        steps.append(f"ALTER ROLE {quoted(role)} BYPASSRLS;")
    raise RightsError(
        " ".join(sentences),
        next_step="Let an administrator run: " + " ".join(steps),
        cause="Not readable: " + ", ".join(str(r.table) for r in (*unreadable, *hiding)),
    )


def _names(relations: Iterable[Relation]) -> str:
    names = _cut([str(r.table) for r in relations])
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _cut(names: list[str]) -> list[str]:
    """The first so many; a sentence with a thousand names is no sentence."""
    return names if len(names) <= _NAMED else [*names[:_NAMED], f"{len(names) - _NAMED} more"]


def _schema_omission(schema: str, role: str) -> Omission:
    return Omission("schema", schema, f"The role {role} has no USAGE on it; nothing in it was dumped.")


def _relation_omission(relation: Relation, role: str) -> Omission:
    reason = f"The role {role} may not read it; neither definition nor rows were dumped."
    if relation.kind == "partitioned":
        reason += " Partitions of it that can be read were dumped as they are."
    return Omission("table", str(relation.table), reason)


def _rows_omission(relation: Relation, role: str) -> Omission:
    if relation.kind == "sequence":
        reason = f"The role {role} may not read it; its definition was dumped, its value was not."
        return Omission("sequence value", str(relation.table), reason)
    reason = f"Row security would hide rows from the role {role}; the definition was dumped, no row was."
    return Omission("rows", str(relation.table), reason)


def _foreign_omission(relation: Relation) -> Omission:
    reason = "It is a foreign table: its definition was dumped, its rows live on another server."
    return Omission("foreign table's rows", str(relation.table), reason)


def _large_object_omission(count: int) -> tuple[Omission, ...]:
    if not count:
        return ()
    return (Omission("large objects", "all", f"{count} of them may not be read, so none could be dumped."),)
