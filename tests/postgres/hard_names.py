"""Names that have broken backup tools, for tables and schemas."""

from __future__ import annotations

from psycopg import Connection, sql

from bot.core.backup import TableName

HARD_NAMES = (
    "Robert'); DROP TABLE students; --",
    "../../etc/passwd",
    'say "hello"',
    "with space",
    "emoji 🚚",
    "line\nbreak",
    "carriage\rreturn",
    "tab\there",
    "back\\slash",
    "Loads",
    "loads",
    "a*b",
    "a.b",
    "$1",
    "(x|y)?",
    "[abc]",
    "TABLE DATA public x",
    "-- Name: x; Type: TABLE",
    "x" * 63,
)


def create_hard_tables(conn: Connection[object], schema: str = "public") -> tuple[TableName, ...]:
    """One table per hard name, two rows each, `aXb` beside `a*b` to catch what is taken for a pattern."""
    tables = tuple(TableName(schema, name) for name in (*HARD_NAMES, "aXb"))
    conn.execute(sql.SQL("create schema if not exists {}").format(sql.Identifier(schema)))
    for table in tables:
        name = sql.Identifier(table.schema, table.name)
        conn.execute(sql.SQL("create table {} (id int primary key, note text)").format(name))
        conn.execute(sql.SQL("insert into {} values (1, 'one'), (2, 'two')").format(name))
    return tables
