"""How a fresh role gets the rights that a platform gave to the customer's role, and nothing else of it.

A project that a platform has laid out (Supabase's `auth`, `storage`, `extensions`) gives its rights to one
role, the template database's owner (`postgres`): to name what is in those schemas, to write their rows, to
put triggers on their tables and to point foreign keys at them. The owners of those schemas are roles of the
platform, so nobody else can give them. A fresh role therefore inherits from the template's owner, without
being able to become it: what is an attribute of that role (CREATEROLE, CREATEDB) is not inherited.
"""

from __future__ import annotations

from typing import Any

from psycopg import Connection, sql

_LENDER = """
select o.rolname
from pg_catalog.pg_database d
join pg_catalog.pg_roles o on o.oid = d.datdba
join pg_catalog.pg_roles me on me.rolname = current_user
where d.datname = %s and o.oid <> me.oid and not o.rolsuper and me.rolbypassrls
    and pg_catalog.current_setting('server_version_num')::int >= 160000
    and pg_catalog.pg_has_role(o.oid, 'USAGE') and pg_catalog.pg_has_role(o.oid, 'MEMBER WITH ADMIN OPTION')
"""

_HOLDS = """
select pg_catalog.pg_has_role(d.datdba, 'USAGE') from pg_catalog.pg_database d where d.datname = %s
"""


def holds_rights(admin: Connection[Any], template: str) -> bool | None:
    """Whether this session's role has the rights of the template's owner; None where there is no template.

    Raises psycopg.Error.
    """
    row = admin.execute(_HOLDS, [template]).fetchone()
    return bool(row[0]) if row else None


def lender_of(admin: Connection[Any], template: str) -> str | None:
    """The template's owner, where this session's role may lend its rights; else None.

    It may where it holds them itself with ADMIN OPTION, is somebody else, has BYPASSRLS (the platform's
    tables hide their rows from everybody without), and the server is 16 or newer (before, whoever is a
    member can also become the role). Raises psycopg.Error.
    """
    row = admin.execute(_LENDER, [template]).fetchone()
    return str(row[0]) if row else None


def lend(admin: Connection[Any], lender: str, to: str) -> None:
    """Let a role that this session's role has made use the lender's rights and read rows past policies.

    Raises psycopg.Error.
    """
    admin.execute(sql.SQL("alter role {} bypassrls").format(sql.Identifier(to)))
    admin.execute(
        sql.SQL("grant {} to {} with inherit true, set false, admin false").format(
            sql.Identifier(lender), sql.Identifier(to)
        )
    )
