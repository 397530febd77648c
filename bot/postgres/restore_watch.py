"""Keeps an eye on a restore from a session of its own: time, size, and whether anybody said stop."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg import Connection

from bot.core.finding import Severity
from bot.errors import SparewheelError
from bot.postgres.address import Address, connect
from bot.postgres.restore_log import LogLine, line

_LOOK_EVERY_S = 0.5
_SIZE = """
select pg_catalog.pg_database_size(%(database)s)
    + case when pg_catalog.has_function_privilege('pg_catalog.pg_ls_tmpdir()', 'EXECUTE')
        then (select coalesce(pg_catalog.sum(size), 0) from pg_catalog.pg_ls_tmpdir()) else 0 end
"""
_END_SESSIONS = """
select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity
where datname = %s and pid <> pg_catalog.pg_backend_pid() and pg_catalog.pg_has_role(usesysid, 'USAGE')
"""


@dataclass(frozen=True)
class Limits:
    """What a restore may take: seconds for all of it, bytes on the staging server. None: no bound.

    `on_size` hears how many bytes there are, at each look and from another thread.
    """

    seconds: float | None = None
    bytes: int | None = None
    on_size: Callable[[int], None] | None = None


class Watch:
    """Looks every half second, as a context manager; `stopped` says why the restore was ended, if it was.

    The size counts what is in the database, committed or not, and (where the role may look) temporary files.
    """

    def __init__(
        self, staging: Address, database: str, limits: Limits, should_stop: Callable[[], bool] | None
    ) -> None:
        self._staging = staging
        self._database = database
        self._limits = limits
        self._should_stop = should_stop
        self._began = time.monotonic()
        self._over = threading.Event()
        self._end_child: Callable[[], None] | None = None
        self._thread = threading.Thread(target=self._look, name="restore watch", daemon=True)
        self.stopped: LogLine | None = None
        self.cancelled = False
        self.largest_bytes = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def guards(self, end_child: Callable[[], None] | None) -> None:
        """What to end, besides the sessions, when the restore has to stop; None between two programs."""
        self._end_child = end_child
        if end_child and self.stopped:
            end_child()

    @property
    def ended(self) -> bool:
        """Whether the restore was told to stop."""
        return self.stopped is not None

    def _look(self) -> None:
        session: Connection[Any] | None = None
        try:
            while not self._over.wait(_LOOK_EVERY_S):
                session, size = self._size(session)
                self.largest_bytes = max(self.largest_bytes, size)
                if self._limits.on_size is not None:
                    self._limits.on_size(size)
                if self.stopped is None:
                    self.stopped = self._reason(size)
                if self.stopped is not None:
                    self._end(session)
        finally:
            if session is not None:
                session.close()

    def _size(self, session: Connection[Any] | None) -> tuple[Connection[Any] | None, int]:
        """The size now; 0 while staging does not answer, which the restore itself will notice."""
        with contextlib.suppress(SparewheelError, psycopg.Error):
            if session is None or session.closed:
                session = connect(self._staging, application_name="sparewheel restore watch")
            row = session.execute(_SIZE, {"database": self._database}).fetchone()
            return session, int(str(row[0])) if row else 0
        return session, 0

    def _reason(self, size: int) -> LogLine | None:
        if self._should_stop is not None and self._should_stop():
            self.cancelled = True
            return line(
                "RESTORE_STOPPED", Severity.UNVERIFIED, "the restore was stopped because somebody asked"
            )
        if self._limits.bytes is not None and size > self._limits.bytes:
            text = f"the restore grew beyond {self._limits.bytes} bytes on staging, and was stopped"
            return line("RESTORE_TOO_LARGE", Severity.FAIL, text)
        took = time.monotonic() - self._began
        if self._limits.seconds is not None and took > self._limits.seconds:
            text = f"the restore took longer than {self._limits.seconds:.0f} s, and was stopped"
            return line("RESTORE_TOO_SLOW", Severity.FAIL, text)
        return None

    def _end(self, session: Connection[Any] | None) -> None:
        end_child = self._end_child
        if end_child:
            end_child()
        if session is not None and not session.closed:
            with contextlib.suppress(psycopg.Error):
                session.execute(_END_SESSIONS, [self._database])
