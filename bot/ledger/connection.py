"""Connections to the ledger, the bot's own database: one pool, one search path, errors in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import conninfo
from psycopg.pq import TransactionStatus
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

from bot.errors import ConfigurationError, LedgerUnavailableError

SCHEMA = "sparewheel"
APPLICATION_NAME = "sparewheel ledger"

LedgerConnection = psycopg.Connection[DictRow]
LedgerPool = ConnectionPool[psycopg.Connection[DictRow]]

_SESSION = f"-c search_path={SCHEMA},pg_temp -c timezone=UTC"


def ledger_conninfo(url: str, application_name: str = APPLICATION_NAME) -> str:
    """The ledger's address with our session settings: search path, UTC, a bounded wait for a connection.

    Raises:
        ConfigurationError: the address cannot be read; it is not repeated, as it may hold a password.
    """
    try:
        given = conninfo.conninfo_to_dict(url)
    except psycopg.Error:
        raise ConfigurationError(
            "SPAREWHEEL_DATABASE_URL is no PostgreSQL address.",
            next_step="Write it like postgresql://USER:PASSWORD@HOST:5432/DATABASE.",
        ) from None
    settings: dict[str, Any] = {"connect_timeout": "10", "keepalives_idle": "30"}
    settings |= {key: value for key, value in given.items() if value is not None}
    settings["options"] = f"{given.get('options') or ''} {_SESSION}".strip()
    settings["application_name"] = application_name
    return conninfo.make_conninfo(**settings)


def open_pool(
    url: str,
    *,
    max_size: int = 10,
    timeout_seconds: float = 10.0,
    application_name: str = APPLICATION_NAME,
) -> LedgerPool:
    """A pool of ledger connections with dict rows, each checked before it is handed out.

    Raises:
        LedgerUnavailableError: no connection could be made within `timeout_seconds`.
        ConfigurationError: the address cannot be read.
    """
    pool: LedgerPool = ConnectionPool(
        ledger_conninfo(url, application_name),
        kwargs={"row_factory": dict_row},
        min_size=1,
        max_size=max_size,
        check=ConnectionPool.check_connection,
        name=application_name,
        timeout=timeout_seconds,
        open=False,
    )
    try:
        with ledger_errors():
            pool.open(wait=True, timeout=timeout_seconds)
    except LedgerUnavailableError:
        pool.close()
        raise
    return pool


@contextmanager
def ledger_errors() -> Iterator[None]:
    """Turn a lost or refused connection into LedgerUnavailableError. Other errors pass unchanged."""
    try:
        yield
    except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout, PoolClosed) as error:
        diagnostic = getattr(error, "diag", None)
        said = getattr(diagnostic, "message_primary", None) or type(error).__name__
        raise LedgerUnavailableError(
            "The bot's own database cannot be reached.",
            next_step="Look whether the server behind SPAREWHEEL_DATABASE_URL is up and that database "
            "exists, then try again.",
            cause=said,
        ) from None


@contextmanager
def borrowed_by_statement(pool: LedgerPool) -> Iterator[LedgerConnection]:
    """A connection on which each statement is a transaction of its own; several take `.transaction()`.

    Raises:
        LedgerUnavailableError: as in borrowed().
    """
    with ledger_errors(), pool.connection() as connection:
        connection.autocommit = True
        try:
            yield connection
        finally:
            # In any other state it is broken, and the pool does not keep it.
            if connection.info.transaction_status is TransactionStatus.IDLE:
                connection.autocommit = False


@contextmanager
def borrowed(pool: LedgerPool) -> Iterator[LedgerConnection]:
    """A connection in one transaction: committed at the end, rolled back by an error.

    Raises:
        LedgerUnavailableError: the ledger is down, or went down on the way.
    """
    with ledger_errors(), pool.connection() as connection:
        yield connection
