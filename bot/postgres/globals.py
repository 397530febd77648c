"""What lives outside a database's own dump: roles, and the settings of roles and databases."""

from __future__ import annotations

import re
import threading
from typing import IO, Any

from psycopg import Connection
from psycopg.conninfo import make_conninfo
from psycopg.rows import dict_row

from bot.errors import DumpFailedError
from bot.postgres import redaction
from bot.postgres.address import Address, connect
from bot.postgres.clients import Client
from bot.postgres.programs import Complaints, start

_LARGEST_BYTES = 16 * 1024 * 1024
# pg_dumpall waits for no lock on tables; this long means that the server has stopped answering.
_PATIENCE_S = 120.0
_PASSWORD = re.compile(
    r"^\s*(?:CREATE|ALTER) (?:ROLE|USER)\b.*\bPASSWORD\s+(?!NULL\b)", re.MULTILINE | re.IGNORECASE
)
# A value may run over lines; quotes within quotes are doubled.
_NAME = r'(?:"(?:[^"]|"")*"|[^\s"]+)'
_SETTING = re.compile(
    rf"^ALTER ROLE {_NAME}(?: IN DATABASE {_NAME})? SET (?P<name>{_NAME}) "
    r"TO (?P<value>(?:[^';]|'(?:[^']|'')*')*);",
    re.MULTILINE,
)

_DATABASE = """
select d.datname as name, pg_catalog.pg_get_userbyid(d.datdba) as owner,
    pg_catalog.pg_encoding_to_char(d.encoding) as encoding, d.datcollate as collate, d.datctype as ctype,
    d.datconnlimit as connection_limit, t.spcname as tablespace,
    pg_catalog.to_jsonb(d) ->> 'datlocprovider' as locale_provider,
    coalesce(pg_catalog.to_jsonb(d) ->> 'datlocale', pg_catalog.to_jsonb(d) ->> 'daticulocale') as locale,
    d.datacl::pg_catalog.text as privileges,
    pg_catalog.shobj_description(d.oid, 'pg_database') as comment
from pg_catalog.pg_database d
join pg_catalog.pg_tablespace t on t.oid = d.dattablespace
where d.datname = pg_catalog.current_database()
"""

_SETTINGS = """
select d.datname as database, r.rolname as role, s.setting
from pg_catalog.pg_db_role_setting g
left join pg_catalog.pg_database d on d.oid = g.setdatabase
left join pg_catalog.pg_roles r on r.oid = g.setrole
cross join unnest(g.setconfig) as s (setting)
where g.setdatabase = 0 or d.datname = pg_catalog.current_database()
order by 1 nulls first, 2 nulls first, 3
"""


def roles_sql(client: Client, address: Address) -> str:
    """The roles as SQL without passwords and comments, from pg_dumpall; what may be secret is withheld.

    Raises:
        DatabaseError: pg_dumpall failed (the caller decides whether that is an omission).
    """
    arguments = ["--roles-only", "--no-role-passwords", "--no-comments", "--no-password"]
    # pg_dumpall looks for a database `postgres` by itself, which need not exist or let this role in.
    arguments.append("--dbname=" + address.child_conninfo())
    arguments.append("--database=" + make_conninfo("", dbname=address.database))
    process = start(client, "pg_dumpall", arguments, address.child_environment("sparewheel roles"))
    assert process.stdout
    assert process.stderr
    complaints = Complaints(process.stderr)
    watchdog = threading.Timer(_PATIENCE_S, process.kill)
    watchdog.start()
    try:
        with process.stdout as stream:
            text = _read(stream).decode("utf-8", "replace")
        returncode = process.wait()
    finally:
        watchdog.cancel()
        if process.poll() is None:
            process.kill()
            process.wait()
        spoken = complaints.finish()
    if returncode or spoken.errors:
        if any("could not connect" in line for line in spoken.errors):
            # pg_dumpall keeps the reason to itself: connecting once more tells it.
            connect(address).close()
        raise spoken.error("pg_dumpall", returncode, address)
    return _without_secrets(text)


def _read(stream: IO[bytes]) -> bytes:
    parts = bytearray()
    while data := stream.read(64 * 1024):
        parts += data
        if len(parts) > _LARGEST_BYTES:
            raise DumpFailedError("The list of roles is longer than 16 MiB, which a manifest does not take.")
    return bytes(parts)


def _without_secrets(text: str) -> str:
    if _PASSWORD.search(text):
        raise DumpFailedError("The list of roles holds a password, so it was not kept.")

    def withheld(found: re.Match[str]) -> str:
        name = found["name"]
        secret = redaction.is_secret_setting(name, found["value"])
        return f"-- withheld: a setting named {name}" if secret else found[0]

    return _SETTING.sub(withheld, text)


def settings(conn: Connection[Any]) -> dict[str, Any]:
    """The database's own properties, and what ALTER DATABASE and ALTER ROLE … SET made, ready for JSON.

    A setting that may be secret has None for a value and `withheld` true; a hash stands for the comment.
    Raises psycopg.Error.
    """
    with conn.cursor(row_factory=dict_row) as cursor:
        database = cursor.execute(_DATABASE).fetchone()
        rows = cursor.execute(_SETTINGS).fetchall()
    assert database
    comment = database["comment"] and redaction.hashed(database["comment"])
    return {"database": database | {"comment": comment}, "settings": [_setting(row) for row in rows]}


def _setting(row: dict[str, Any]) -> dict[str, Any]:
    name, _, value = str(row["setting"]).partition("=")
    withheld = redaction.is_secret_setting(name, value)
    place = {"database": row["database"], "role": row["role"], "name": name}
    return place | {"value": None if withheld else value, "withheld": withheld}
