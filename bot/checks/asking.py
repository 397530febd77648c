"""Asking a restored database something, so that one refusal does not end the session for the next check."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import psycopg
from psycopg import Connection
from psycopg.rows import dict_row, tuple_row

from bot.postgres import unforced
from bot.postgres.sql import statements


def rows(conn: Connection[Any], name: str) -> list[dict[str, Any]]:
    """The answer of a statement of verify.sql, as mappings. Raises psycopg.Error."""
    with conn.transaction(), conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statements("verify.sql")[name].encode()).fetchall()


def one(conn: Connection[Any], query: str) -> tuple[Any, ...]:
    """The first row of a query that is made of quoted names. Raises psycopg.Error."""
    with unforced.reading(conn), conn.cursor(row_factory=tuple_row) as cursor:
        # Without parameters psycopg leaves a % in names alone.
        return cast("tuple[Any, ...]", cursor.execute(query.encode()).fetchone())


class NoSingleRowError(Exception):
    """A question of the configuration was answered with no row, or with several."""


def configured(conn: Connection[Any], sql: str, timeout_s: float) -> Sequence[Any]:
    """The one row that answers SQL out of the configuration.

    It runs read only, with the search path an application has, for `timeout_s` seconds at most (0: no
    limit); whatever it sets is gone afterwards.

    Raises:
        psycopg.Error: the server refused.
        NoSingleRowError: not exactly one row came.
    """
    with unforced.reading(conn), conn.cursor(row_factory=tuple_row) as cursor:
        cursor.execute(
            "select pg_catalog.set_config('search_path', '\"$user\", public, extensions', true),"
            " pg_catalog.set_config('statement_timeout', %s, true)",
            [str(int(timeout_s * 1000))],
        )
        answer = cursor.execute(sql.encode())
        found = answer.fetchmany(2) if answer.description else []
    if len(found) != 1:
        raise NoSingleRowError
    return found[0]


def cause(error: psycopg.Error) -> str:
    """What the server said as far as it quotes no row: the SQLSTATE with a word for the usual ones."""
    known = {
        "57014": "it took too long",
        "42501": "the restored database's owner may not",
        "42P01": "a table is missing",
        "42703": "a column is missing",
        "42883": "a function is missing",
        "42601": "its SQL has a syntax error",
        "25006": "it tried to write",
        "53100": "the disk is full",
    }
    code = error.sqlstate
    if code is None:
        return "the connection ended"
    return f"{known[code]}, SQLSTATE {code}" if code in known else f"SQLSTATE {code}"
