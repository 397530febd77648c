"""Reading tables whose row security binds even their owner, without leaving a trace.

A scratch database's role owns every table through its stand-ins, so policies do not touch it, but for tables
with FORCE ROW LEVEL SECURITY: there a count would be refused. BYPASSRLS is not a role's to give before 16.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg import Connection, Rollback, sql
from psycopg.rows import tuple_row

from bot.core.backup import TableName

_FORCED = """
select n.nspname, c.relname
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relforcerowsecurity and c.relrowsecurity and pg_catalog.pg_has_role(c.relowner, 'USAGE')
    and not exists (
        select from pg_catalog.pg_roles where rolname = current_user and (rolbypassrls or rolsuper)
    )
"""
_ONE = "    and n.nspname = %s and c.relname = %s"


@contextmanager
def reading(conn: Connection[Any], table: TableName | None = None) -> Iterator[None]:
    """A transaction in which row security hides nothing of the role's tables, or of this one; rolled back.

    `conn` is in autocommit and in no transaction. What runs inside cannot write. Raises psycopg.Error.
    """
    query, names = (_FORCED, []) if table is None else (_FORCED + _ONE, [table.schema, table.name])
    with conn.cursor(row_factory=tuple_row) as cursor:
        forced = cursor.execute(query, names).fetchall()
    with conn.transaction():
        if forced:
            conn.execute("set transaction read write")
            for schema, name in forced:
                where = sql.Identifier(schema, name)
                conn.execute(sql.SQL("alter table {} no force row level security").format(where))
        conn.execute("set transaction read only")
        yield
        raise Rollback
