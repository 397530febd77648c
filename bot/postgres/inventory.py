"""Everything a database is made of besides rows, as JSON that two databases can be compared by."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import Connection
from psycopg.rows import dict_row, tuple_row

from bot.postgres import redaction
from bot.postgres.sql import statements

# How objects are told apart within a section; the rest of a row are facts about the object.
_IDENTITY = ("on_schema", "on_name", "in_schema", "schema", "name", "object_kind")
_IDENTITY_IN_FACTS = {"extensions": ("in_schema",)}
# Lists whose order means nothing to PostgreSQL.
_UNORDERED = frozenset({"grants", "roles", "tables", "tags", "options", "settings"})
# What people write, and with it tokens of webhooks, keys and rows: kept as far as it can be compared.
_TEXTS = frozenset(
    {"definition", "default", "using", "check", "arguments", "partitioned_by", "partition_bound"}
)
_SEQUENCES_PER_QUERY = 200
_VERSION = 1


def take(conn: Connection[Any]) -> dict[str, Any]:
    """The inventory of the database: `{"version": 1, section: {identity: facts}}`, no OIDs, sorted.

    Sections are the statements of inventory.sql. An identity is the quoted names with dots between,
    `"public"."eld_events"."eld_events_pkey"`. Definitions are PostgreSQL's own words for them (under
    search_path pg_catalog), which differ a little between major versions; a hash stands for their literals
    (see bot.postgres.redaction). Sequences' `last_value` and `is_called` are null where the role may not
    read them; any other fact that is null is left out. Bodies of functions and comments are SHA-256;
    connection strings, options of servers and user mappings are never read. A section that this role may
    not read is null, and named under `"unreadable"`.

    Raises:
        psycopg.Error: the connection is gone.
    """
    found: dict[str, Any] = {"version": _VERSION, "unreadable": []}
    for section, sql in statements("inventory.sql").items():
        found[section] = _section(conn, section, sql)
        if found[section] is None:
            found["unreadable"].append(section)
    _read_sequences(conn, found["sequences"] or {})
    found["large_objects"] = (found["large_objects"] or {}).get("", {}).get("count")
    return found


def _section(conn: Connection[Any], section: str, sql: str) -> dict[str, Any] | None:
    try:
        # A savepoint where a transaction is open, so that one refusal does not end the snapshot's session.
        with conn.transaction(), conn.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(sql.encode()).fetchall()
    except psycopg.errors.InsufficientPrivilege:
        return None
    return dict(sorted(_split(section, row) for row in rows))


def _read_sequences(conn: Connection[Any], sequences: dict[str, dict[str, Any]]) -> None:
    """Put `last_value` (as text: it may exceed JSON's safe integers) and `is_called` to each sequence."""
    readable = [name for name, facts in sequences.items() if facts.pop("readable")]
    for facts in sequences.values():
        facts |= {"last_value": None, "is_called": None}
    for start in range(0, len(readable), _SEQUENCES_PER_QUERY):
        some = readable[start : start + _SEQUENCES_PER_QUERY]
        # Identities are quoted names; without parameters psycopg leaves a % in them alone.
        query = " union all ".join(
            f"select {number}, last_value, is_called from {name}"  # noqa: S608
            for number, name in enumerate(some)
        )
        with conn.cursor(row_factory=tuple_row) as cursor:
            for number, last_value, is_called in cursor.execute(query.encode()):
                sequences[some[number]] |= {"last_value": str(last_value), "is_called": is_called}


def _split(section: str, row: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """A row as its identity and its facts."""
    identity = [key for key in _IDENTITY if key in row and key not in _IDENTITY_IN_FACTS.get(section, ())]
    parts = [str(row[key]).replace('"', '""') for key in identity]
    facts = {
        key: _kept(key, value)
        for key, value in row.items()
        if key not in identity and value is not None and value != ""
    }
    return ".".join(f'"{part}"' for part in parts), facts


def _kept(key: str, value: Any) -> Any:
    """A fact as the manifest may hold it."""
    if key in _TEXTS:
        return redaction.shape(value)
    if key == "comment":
        return redaction.hashed(value)
    if key == "settings":
        value = [redaction.setting(pair) for pair in value]
    return sorted(value) if key in _UNORDERED else value
