"""One instant of a database, held for the dump, the counts and the fingerprints: locked first.

A TRUNCATE or a rewrite between the export of a snapshot and a reader's own lock leaves the reader with
0 rows and no error, so the tables are locked before the snapshot is taken. What was created or dropped
between listing and locking shows in a second listing, and the whole starts over.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

import psycopg
from psycopg import Connection, errors, pq, sql
from psycopg.rows import tuple_row

from bot.core.backup import TableName
from bot.errors import LockTimeoutError, SnapshotLostError
from bot.postgres import fingerprint
from bot.postgres.address import Address, connect, translate
from bot.postgres.sql import statements

Listed = TypeVar("Listed")
Lister = Callable[[Connection[Any]], tuple[Listed, Iterable[TableName]]]

_ATTEMPTS = 5
_TABLES_PER_LOCK = 200
_BEGIN = "begin isolation level repeatable read read only"
# Somebody dropped or renamed a table (or its schema) after it was listed, or made another of that name.
_MOVED = (errors.UndefinedTable, errors.InvalidSchemaName, errors.WrongObjectType)


@dataclass(frozen=True)
class Snapshot(Generic[Listed]):
    """An exported snapshot and the session that holds it, with the locks.

    `id` is for `pg_dump --snapshot` and `join`. `taken_at` is the server's clock at the export, UTC.
    `listed` is what the lister saw inside the snapshot, `locked` the tables that nobody can truncate now.
    """

    id: str
    taken_at: datetime
    listed: Listed
    locked: frozenset[TableName]
    connection: Connection[Any] = field(repr=False)
    address: Address

    def ensure_alive(self) -> None:
        """Ask the holding session for a sign of life.

        Raises:
            SnapshotLostError: the session or its transaction has ended: what was read since may be of
                another instant.
        """
        try:
            self.connection.execute("select 1")
        except psycopg.Error as error:
            raise _lost(self.address, error) from None
        if self.connection.info.transaction_status is not pq.TransactionStatus.INTRANS:
            raise _lost(self.address, None)


class _StartOverError(Exception):
    """The tables changed between listing and locking."""


@contextmanager
def hold(
    address: Address, list_tables: Lister[Listed], *, lock_timeout_s: float
) -> Iterator[Snapshot[Listed]]:
    """List, lock, export, list again; yield the snapshot and let go of it at the end.

    `list_tables` is called at least twice, before the locks and inside the snapshot, and returns what the
    caller needs (a Catalog, say) with the plain and partitioned tables to lock. `lock_timeout_s` bounds the
    wait for all locks together.

    Raises:
        LockTimeoutError: somebody held a table for longer than that; it is named.
        SnapshotLostError: tables came and went on every try.
        DatabaseError: as `address.connect`, `address.translate`.
    """
    conn = connect(address, application_name="sparewheel snapshot")
    try:
        snapshot = _take(conn, address, list_tables, lock_timeout_s)
        try:
            yield snapshot
        finally:
            with suppress(psycopg.Error):  # a dead session has let go already
                conn.rollback()
    finally:
        conn.close()


@contextmanager
def join(
    address: Address, snapshot_id: str, tables: Iterable[TableName] = (), *, lock_timeout_s: float = 30.0
) -> Iterator[Connection[Any]]:
    """A session of its own that sees the snapshot, its settings fixed for fingerprints, read only.

    It takes locks of its own on `tables` at once: somebody who queues for ACCESS EXCLUSIVE after the
    holder's lock makes every later reader queue behind, and would never get it while the holder waits for
    this session. What waits all the same waits no longer than `lock_timeout_s`.

    Raises:
        LockTimeoutError: somebody queued in between.
        SnapshotLostError: the holder is gone.
        DatabaseError: as `address.connect`, `address.translate`.
    """
    conn = connect(address, application_name="sparewheel count")
    try:
        try:
            fingerprint.prepare(conn)
            _set_lock_timeout(conn, lock_timeout_s)
            conn.execute(_BEGIN)
            conn.execute(sql.SQL("set transaction snapshot {}").format(sql.Literal(snapshot_id)))
            _lock(conn, sorted(tables), lock_timeout_s)
        except (
            errors.UndefinedObject,
            errors.InvalidParameterValue,
            errors.ObjectNotInPrerequisiteState,
        ) as error:
            raise _lost(address, error) from None
        except psycopg.Error as error:
            raise translate(error, address) from None
        yield conn
        with suppress(psycopg.Error):
            conn.rollback()
    finally:
        conn.close()


def lock_timeout(
    conn: Connection[Any], seconds: float, tables: Iterable[TableName] | None = None
) -> LockTimeoutError:
    """The error for a lock that did not come within `seconds`, naming what is locked and by which process.

    `tables` are those that were waited for; None where any of the database may have been. Ends the
    connection's transaction. Who has let go meanwhile cannot be named.
    """
    sentence = f"Somebody else held a table locked for longer than {seconds:g} s."
    wanted = None if tables is None else set(tables)
    with suppress(psycopg.Error), conn.cursor(row_factory=tuple_row) as cursor:
        conn.rollback()
        for schema, name, process in cursor.execute(statements("snapshot.sql")["in_the_way"]):
            table = TableName(schema, name)
            if wanted is None or table in wanted:
                sentence = (
                    f"{table} was locked by somebody else (process {process}) for longer than {seconds:g} s."
                )
                break
    return LockTimeoutError(sentence)


def _take(
    conn: Connection[Any], address: Address, list_tables: Lister[Listed], lock_timeout_s: float
) -> Snapshot[Listed]:
    """Try until a listing stands still, a few times."""
    for _ in range(_ATTEMPTS):
        try:
            return _try(conn, address, list_tables, lock_timeout_s)
        except (_StartOverError, *_MOVED):
            conn.rollback()
        except psycopg.Error as error:
            raise translate(error, address) from None
    raise SnapshotLostError(
        f"Tables were created or dropped all the time while they were being locked ({_ATTEMPTS} tries).",
        next_step="Wait for the migration to end, then ask again.",
    )


def _try(
    conn: Connection[Any], address: Address, list_tables: Lister[Listed], lock_timeout_s: float
) -> Snapshot[Listed]:
    _, wanted = list_tables(conn)
    locked = frozenset(wanted)
    conn.execute(_BEGIN)
    _lock(conn, sorted(locked), lock_timeout_s)
    with conn.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(
            "select pg_catalog.pg_export_snapshot(), pg_catalog.clock_timestamp()"
        ).fetchone()
    assert row is not None  # a select without FROM gives one row
    listed, seen = list_tables(conn)
    if frozenset(seen) != locked:
        raise _StartOverError
    return Snapshot(row[0], row[1].astimezone(UTC), listed, locked, conn, address)


def _lock(conn: Connection[Any], tables: Sequence[TableName], lock_timeout_s: float) -> None:
    """ACCESS SHARE on each, without what inherits from it; LOCK TABLE takes no snapshot yet."""
    deadline = time.monotonic() + lock_timeout_s
    for start in range(0, len(tables), _TABLES_PER_LOCK):
        some = tables[start : start + _TABLES_PER_LOCK]
        _set_lock_timeout(conn, deadline - time.monotonic())
        names = ", ".join(f"only {table.quoted()}" for table in some)
        try:
            conn.execute(f"lock table {names} in access share mode".encode())
        except errors.LockNotAvailable:
            raise lock_timeout(conn, lock_timeout_s, some) from None


def _set_lock_timeout(conn: Connection[Any], seconds: float) -> None:
    # 0 would mean for ever.
    conn.execute(f"set lock_timeout = {max(int(seconds * 1000), 1)}".encode())


def _lost(address: Address, error: psycopg.Error | None) -> SnapshotLostError:
    return SnapshotLostError(
        "The session that held the snapshot ended before the work was done.",
        cause=translate(error, address).cause if error else "",
    )
