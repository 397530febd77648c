"""The server behind an address: what it is, and whether sessions with it last."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import Connection
from psycopg.rows import dict_row, tuple_row

from bot.errors import PoolerError
from bot.postgres.address import Address, connect, translate

_ROUNDS = 3

_FACTS = """
select
    pg_catalog.current_setting('server_version') as version,
    pg_catalog.current_setting('server_version_num')::pg_catalog.int4 as version_num,
    d.datname as database,
    pg_catalog.pg_encoding_to_char(d.encoding) as encoding,
    d.datcollate as collate,
    d.datctype as ctype,
    -- The column came with 15; as JSON its absence is no error.
    pg_catalog.to_jsonb(d) ->> 'datcollversion' as collation_version,
    pg_catalog.pg_is_in_recovery() as in_recovery
from pg_catalog.pg_database d
where d.datname = pg_catalog.current_database()
"""

# Asked apart: a query that only names a function which the role may not call is refused, reached or not.
_MAY_ASK = "select pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')"
_SYSTEM_IDENTIFIER = "select system_identifier::pg_catalog.text from pg_catalog.pg_control_system()"

_UNREADABLE_LARGE_OBJECTS = """
select pg_catalog.count(*)
from pg_catalog.pg_largeobject_metadata m
where not pg_catalog.pg_has_role(m.lomowner, 'USAGE')
    and not exists (
        select from pg_catalog.aclexplode(m.lomacl) a
        where a.privilege_type = 'SELECT' and (a.grantee = 0 or pg_catalog.pg_has_role(a.grantee, 'USAGE'))
    )
    and pg_catalog.current_setting('lo_compat_privileges') = 'off'
"""


@dataclass(frozen=True)
class ServerFacts:
    """What the manifest says of the server. `version_num` as PostgreSQL counts: 170010 is 17.10."""

    version: str
    version_num: int
    system_identifier: str | None  # None where the role may not ask
    database: str
    encoding: str
    collate: str
    ctype: str
    collation_version: str | None  # None before 15, and for C
    in_recovery: bool

    @property
    def major(self) -> int:
        """The major version, 13 and up."""
        return self.version_num // 10000


def facts(conn: Connection[Any]) -> ServerFacts:
    """Ask the server who it is. Raises psycopg.Error."""
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_FACTS).fetchone()
    assert row
    return ServerFacts(**row, system_identifier=_system_identifier(conn))


def _system_identifier(conn: Connection[Any]) -> str | None:
    with conn.cursor(row_factory=tuple_row) as cursor:
        allowed = cursor.execute(_MAY_ASK).fetchone()
        found = cursor.execute(_SYSTEM_IDENTIFIER).fetchone() if allowed and allowed[0] else None
    return str(found[0]) if found else None


def unreadable_large_objects(conn: Connection[Any]) -> int:
    """How many large objects this role may not read; one of them would fail the whole dump."""
    with conn.cursor() as cursor:
        row = cursor.execute(_UNREADABLE_LARGE_OBJECTS).fetchone()
    return int(row[0]) if row else 0


def refuse_pooler(address: Address, conn: Connection[Any]) -> None:
    """Make sure that `conn` (autocommit) stays with one server process from query to query.

    A direct session's process id is the one told at connecting; a pooler tells one of its own. Behind a
    pooler a second session is opened: in transaction mode the two get each other's server process.

    Raises:
        PoolerError: the pooler does not keep sessions.
        DatabaseError: the second session could not be opened.
    """
    try:
        first = _process_id(conn)
        if first == conn.info.backend_pid or _keeps_sessions(address, conn, first):
            return
    except psycopg.errors.ProtocolViolation:
        pass  # statement pooling: a transaction is refused
    except psycopg.Error as error:
        raise translate(error, address) from None
    raise PoolerError(
        f"The address {address.place} leads to a pooler in transaction mode: it does not keep a session, "
        "and a backup needs one from beginning to end.",
        next_step="Use the server's own address, or the pooler's port for session mode.",
    )


def _keeps_sessions(address: Address, conn: Connection[Any], first: int) -> bool:
    mark = secrets.token_hex(8)
    conn.execute("select pg_catalog.set_config('sparewheel.session', %s, false)", [mark])
    with connect(address, application_name="sparewheel session check") as other:
        for _ in range(_ROUNDS):
            # While the transaction is open, the other session's server process cannot serve this one.
            with other.transaction():
                if _process_id(other) == first or _mark(other) == mark:
                    return False
            with conn.transaction(), other.transaction():
                if _process_id(other) == first or _process_id(conn) != first or _mark(conn) != mark:
                    return False
    return True


def _process_id(conn: Connection[Any]) -> int:
    row = conn.execute("select pg_catalog.pg_backend_pid()").fetchone()
    return int(next(iter(row.values())) if isinstance(row, dict) else row[0]) if row else 0


def _mark(conn: Connection[Any]) -> str | None:
    row = conn.execute("select pg_catalog.current_setting('sparewheel.session', true)").fetchone()
    if row is None:
        return None
    return str(next(iter(row.values())) if isinstance(row, dict) else row[0])
