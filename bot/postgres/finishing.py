"""After the rows: owners, row security, policies and grants are put back, each role played by a stand-in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import Connection, sql
from psycopg.rows import tuple_row

from bot.core.finding import Severity
from bot.postgres.address import Address, connect
from bot.postgres.restore_log import LogLine, RestoreLog, line
from bot.postgres.restore_rules import meaning_of
from bot.postgres.restore_sql import Statement
from bot.postgres.restore_watch import Watch
from bot.postgres.stand_ins import Cast

_BATCH = 100
_OWN_SCHEMAS = """
select nspname from pg_catalog.pg_namespace
where nspname not like 'pg\\_%' and nspname <> 'information_schema'
    and pg_catalog.pg_has_role(nspowner, 'USAGE')
"""
_OWN_DEFAULTS = """
select d.defaclrole::pg_catalog.regrole::pg_catalog.text, n.nspname, d.defaclobjtype,
    a.grantee::pg_catalog.regrole::pg_catalog.text
from pg_catalog.pg_default_acl d
left join pg_catalog.pg_namespace n on n.oid = d.defaclnamespace
cross join pg_catalog.aclexplode(d.defaclacl) a
where pg_catalog.pg_get_userbyid(d.defaclrole) in (current_user, %s)
group by 1, 2, 3, 4
"""
_OBJECTS = {"r": "tables", "S": "sequences", "f": "functions", "T": "types", "n": "schemas"}


def finish(
    address: Address, owners: Sequence[Statement], rest: Sequence[Statement], who: Cast, watch: Watch
) -> RestoreLog:
    """Run both as the role of `address`; what is refused becomes a line and counts as ignored.

    Raises:
        DatabaseError: the scratch database cannot be reached.
    """
    said: list[LogLine] = []
    with connect(address, application_name="sparewheel restore") as conn:
        conn.add_notice_handler(lambda notice: said.extend(_remark(notice)))
        with _open_to_new_owners(conn):
            said += _run(conn, owners, who, watch)
        said += _run(conn, [s for s in rest if s.kind != "DEFAULT ACL"], who, watch)
        # Last: whatever were made after them would be open to those they name.
        said += _run(conn, [s for s in rest if s.kind == "DEFAULT ACL"], who, watch)
    refused = sum(one.rule != "SERVER_REMARK" for one in said)
    return RestoreLog(tuple(said), 0, refused)


def close_defaults(address: Address, lender: str | None = None) -> None:
    """Take back what default privileges would give away on everything that is made next.

    Those of this role and of the lender: a template's defaults stand in the way of the archive's own.

    Raises:
        DatabaseError: the scratch database cannot be reached.
    """
    with connect(address, application_name="sparewheel restore") as conn:
        with conn.cursor(row_factory=tuple_row) as cursor:
            rows = cursor.execute(_OWN_DEFAULTS, [lender]).fetchall()
        for role, schema, kind, grantee in rows:
            place = sql.SQL("in schema {} ").format(sql.Identifier(schema)) if schema else sql.SQL("")
            whom = sql.SQL("public") if grantee == "-" else sql.SQL(grantee)  # regrole quotes by itself
            conn.execute(
                sql.SQL("alter default privileges for role {} {}revoke all on {} from {}").format(
                    sql.SQL(role), place, sql.SQL(_OBJECTS[kind]), whom
                )
            )


@contextmanager
def _open_to_new_owners(conn: Connection[Any]) -> Iterator[None]:
    """A new owner needs CREATE on the schema (of a schema: on the database) while it becomes one."""
    with conn.cursor(row_factory=tuple_row) as cursor:
        places = [sql.SQL("schema {}").format(sql.Identifier(r[0])) for r in cursor.execute(_OWN_SCHEMAS)]
    places.append(sql.SQL("database {}").format(sql.Identifier(conn.info.dbname)))
    for place in places:
        conn.execute(sql.SQL("grant create on {} to public").format(place))
    try:
        yield
    finally:
        if not conn.closed:
            for place in places:
                conn.execute(sql.SQL("revoke create on {} from public").format(place))


def _run(conn: Connection[Any], statements: Sequence[Statement], who: Cast, watch: Watch) -> list[LogLine]:
    """All of them, in batches; a batch that was refused is run again one by one."""
    said: list[LogLine] = []
    for start in range(0, len(statements), _BATCH):
        if watch.ended or conn.closed:
            break
        batch = statements[start : start + _BATCH]
        try:
            with conn.transaction():
                conn.execute("; ".join(s.text(who.played_by) for s in batch).encode(*_AS_READ))
        except psycopg.Error:
            said += _one_by_one(conn, batch, who)
    return said


_AS_READ = ("utf-8", "surrogateescape")


def _one_by_one(conn: Connection[Any], batch: Iterable[Statement], who: Cast) -> Iterator[LogLine]:
    for statement in batch:
        if conn.closed:
            return
        try:
            conn.execute(statement.text(who.played_by).encode(*_AS_READ))
        except psycopg.Error as error:
            yield _refused(statement, error)


def _refused(statement: Statement, error: psycopg.Error) -> LogLine:
    meaning, words = meaning_of(f"ERROR:  {error.diag.message_primary or error}")
    return LogLine(meaning.rule, meaning.severity, words, statement.kind)


def _remark(notice: psycopg.errors.Diagnostic) -> Iterator[LogLine]:
    """A grant that was given without effect is a warning of the server only."""
    if "no privileges" in (notice.message_primary or ""):
        text = "a grant could not be given or taken back: it is not ours to give"
        yield line("SUPERUSER_NEEDED", Severity.UNVERIFIED, text)
