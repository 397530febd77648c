"""What a database holds, read from its catalogue, and the names people use for its tables."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row, tuple_row

from bot.core.backup import TableName
from bot.errors import TableMissingError
from bot.postgres.sql import statements

_KINDS = {
    "r": "table",
    "p": "partitioned",
    "m": "materialized view",
    "S": "sequence",
    "f": "foreign table",
    "v": "view",
}
_WRITTEN = re.compile(
    r'(?:(?:"(?P<quoted_schema>(?:[^"]|"")+)"|(?P<schema>[^".]+))\.)?'
    r'(?:"(?P<quoted_name>(?:[^"]|"")+)"|(?P<name>.+))',
    re.DOTALL,
)


@dataclass(frozen=True)
class Column:
    """A column that is there (dropped ones are not), its domains followed down to their base type.

    `type` is as SQL writes it. `base_kind` is pg_type.typtype. `base_modifier` is -1 where the type has
    none (a numeric without precision). `output` names the base type's output function where that is one
    of pg_catalog's and made for this type. `generated` is '', 's' (stored) or 'v' (virtual, 18).
    """

    name: str
    type: str
    type_oid: int
    base_oid: int
    base_kind: str
    base_modifier: int
    output: str | None
    generated: str


@dataclass(frozen=True)
class Relation:
    """One relation that a backup may concern.

    `root` and `parent` are the topmost and the next partitioned table above a partition (which may be
    partitioned itself). `estimated_rows` is 0 where nobody has counted yet; `size_bytes` is the
    catalogue's last known size with TOAST, without indexes (see `sizes` for the exact one).
    `readable`: this role may read it. `row_security_hides`: policies would apply to this role.
    `extension` names the extension that made it: pg_dump leaves its definition out, and its rows too
    unless `extension_data`.
    """

    table: TableName
    kind: str
    root: TableName | None
    parent: TableName | None
    owner: str
    estimated_rows: int
    size_bytes: int
    populated: bool
    unlogged: bool
    schema_usable: bool
    readable: bool
    row_security_hides: bool
    extension: str | None
    extension_data: bool
    columns: tuple[Column, ...] = field(repr=False)

    @property
    def from_extension(self) -> bool:
        """Whether an extension made it."""
        return self.extension is not None

    @property
    def holds_rows(self) -> bool:
        """Whether counting it means something: tables that are no partitioned root, filled matviews."""
        return self.kind == "table" or (self.kind == "materialized view" and self.populated)


@dataclass(frozen=True)
class Catalog:
    """All relations of one database at one instant, by schema and name."""

    relations: tuple[Relation, ...]

    @cached_property
    def by_name(self) -> Mapping[TableName, Relation]:
        """The relations under their exact names."""
        return {relation.table: relation for relation in self.relations}

    @cached_property
    def tables(self) -> tuple[Relation, ...]:
        """Plain and partitioned tables."""
        return tuple(r for r in self.relations if r.kind in ("table", "partitioned"))

    @cached_property
    def _children(self) -> Mapping[TableName, tuple[TableName, ...]]:
        children: dict[TableName, tuple[TableName, ...]] = {}
        for relation in self.relations:
            if relation.parent:
                children[relation.parent] = (*children.get(relation.parent, ()), relation.table)
        return children

    def below(self, table: TableName) -> tuple[TableName, ...]:
        """Every partition under a partitioned table, partitioned ones included."""
        return tuple(name for child in self._children.get(table, ()) for name in (child, *self.below(child)))

    def leaves(self, table: TableName) -> tuple[Relation, ...]:
        """The partitions under a partitioned table that hold rows themselves."""
        below = (self.by_name[name] for name in self.below(table))
        return tuple(relation for relation in below if relation.kind == "table")


def read(conn: Connection[Any]) -> Catalog:
    """Read what the database holds: two queries, PostgreSQL 13 to 18, no lock waited for.

    Left out: pg_catalog, information_schema, TOAST and temporary relations, indexes, composite types.
    """
    sql = statements("catalog.sql")
    columns: dict[tuple[str, str], list[Column]] = {}
    with conn.cursor(row_factory=tuple_row) as cursor:
        for schema, relation, *rest in cursor.execute(sql["columns"]):
            columns.setdefault((schema, relation), []).append(Column(*rest))
    with conn.cursor(row_factory=dict_row) as named:
        rows = named.execute(sql["relations"]).fetchall()
    return Catalog(tuple(_relation(row, columns) for row in rows))


def sizes(conn: Connection[Any], tables: Iterable[TableName]) -> dict[TableName, int]:
    """Exact bytes on disk with TOAST, without indexes.

    To be asked where the tables are locked already: it waits for whoever holds ACCESS EXCLUSIVE.
    """
    wanted = list(tables)
    values = {"schemas": [t.schema for t in wanted], "names": [t.name for t in wanted]}
    with conn.cursor(row_factory=tuple_row) as cursor:
        found = cursor.execute(statements("catalog.sql")["sizes"], values)
        return {TableName(schema, name): size for schema, name, size in found if size is not None}


def resolve(catalog: Catalog, names: Iterable[str]) -> tuple[TableName, ...]:
    """Names as people write them -> exact tables, each partitioned one followed by its partitions.

    `name` means the one in `public`, else the only one of that name in any schema; `schema.name` and
    `"Quoted.Name"` are understood. Exact case wins; otherwise a single match in another case is taken,
    except for what is quoted.

    Raises:
        TableMissingError: naming every name that was not found, with the nearest there is.
    """
    found: dict[TableName, None] = {}
    problems: list[str] = []
    for name in names:
        matches = _matches(catalog, name)
        if len(matches) == 1:
            found.update(dict.fromkeys((matches[0], *catalog.below(matches[0]))))
        else:
            problems.append(_problem(catalog, name, matches))
    if problems:
        raise TableMissingError(
            " ".join(problems),
            next_step="Mend the table names (in the configuration, or as you typed them) and ask again.",
        )
    return tuple(found)


def _relation(row: Mapping[str, Any], columns: Mapping[tuple[str, str], list[Column]]) -> Relation:
    return Relation(
        table=TableName(row["schema"], row["name"]),
        kind=_KINDS[row["kind"]],
        root=_table_or_none(row["top_schema"], row["top_name"]),
        parent=_table_or_none(row["parent_schema"], row["parent_name"]),
        owner=row["owner"],
        estimated_rows=max(row["tuples"], 0),
        size_bytes=max(row["size_bytes"], 0),
        populated=row["populated"],
        unlogged=row["unlogged"],
        schema_usable=row["schema_usable"],
        readable=row["schema_usable"] and row["selectable"],
        row_security_hides=row["row_security_hides"],
        extension=row["extension"],
        extension_data=row["extension_data"],
        columns=tuple(columns.get((row["schema"], row["name"]), ())),
    )


def _table_or_none(schema: str | None, name: str | None) -> TableName | None:
    return TableName(schema, name) if schema is not None and name is not None else None


def _matches(catalog: Catalog, written: str) -> list[TableName]:
    """The tables a written name can mean: one is an answer, none and several are not."""
    tables = [relation.table for relation in catalog.tables]
    schema, name, quoted = _split(written)
    literal = TableName("public", written)
    if literal in catalog.by_name and literal in tables:  # a name may hold dots and quotes itself
        return [literal]
    exact = _preferring_public([t for t in tables if t.name == name and schema in (None, t.schema)], schema)
    if exact or quoted:
        return exact
    folded = [t for t in tables if t.name.lower() == name.lower()]
    return _preferring_public(
        [t for t in folded if schema is None or t.schema.lower() == schema.lower()], schema
    )


def _preferring_public(tables: list[TableName], schema: str | None) -> list[TableName]:
    public = [t for t in tables if t.schema == "public"] if schema is None else []
    return public or tables


def _split(written: str) -> tuple[str | None, str, bool]:
    """`schema.name` with or without quotes -> schema or None, name, whether the name was quoted."""
    match = _WRITTEN.fullmatch(written)
    if match is None:
        return None, written, False
    schema = match["schema"] or _unquote(match["quoted_schema"])
    quoted = _unquote(match["quoted_name"])
    return schema, quoted or match["name"], quoted is not None


def _unquote(inside: str | None) -> str | None:
    return inside.replace('""', '"') if inside is not None else None


def _problem(catalog: Catalog, written: str, matches: list[TableName]) -> str:
    """A sentence on why a name is no single table."""
    if matches:
        choices = " or ".join(str(t) for t in matches[:3])
        return f"The name {written!r} could mean {choices}; write the schema too."
    schema, name, _ = _split(written)
    for relation in catalog.relations:
        if relation.table.name == name and schema in (None, relation.table.schema):
            return f"{relation.table} is a {relation.kind}, not a table that can be backed up by name."
    near = _nearest(catalog, written)
    return f"There is no table {written!r}." + (f" The nearest is {near}." if near else "")


def _nearest(catalog: Catalog, written: str) -> str | None:
    """The written form of the table whose name is closest, or None where nothing is close."""
    schema, name, _ = _split(written)
    tables = [relation.table for relation in catalog.tables]
    tables.sort(key=lambda t: (t.schema != (schema or "public"), t.name != t.name.lower(), t))
    spellings: dict[str, TableName] = {}
    for table in tables:
        spellings.setdefault(table.name.lower(), table)
    for near in difflib.get_close_matches(name.lower(), spellings, n=1):
        table = spellings[near]
        return table.name if table.schema == "public" else str(table)
    return None
