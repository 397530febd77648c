"""The worker's connection to the queue, which waits for a ledger that is away instead of giving up.

In procrastinate 3.10 a lost connection ends the listener or the heartbeat, and where no periodic task is
registered nobody notices (the monitor of these side tasks ends with the first of them, the idle deferrer):
the worker then works on, polling, until others take it for dead.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any, LiteralString, TypeVar

import psycopg
from procrastinate import App, PsycopgConnector
from procrastinate.connector import Notify
from procrastinate.exceptions import ConnectorException
from psycopg_pool import AsyncConnectionPool

from bot.ledger.connection import ledger_conninfo

log = logging.getLogger(__name__)

_PAUSE_SECONDS = 1.0
_POOL_SECONDS = 10.0

T = TypeVar("T")


class PatientConnector(PsycopgConnector):
    """Repeats what failed for want of a connection, until it works or `stopping` is set.

    A query whose answer was lost may have taken effect. For the worker's queries that is harmless: a
    heartbeat twice is one; a job finished twice is refused; a job fetched and never seen is found by the
    housekeeper.
    """

    def __init__(self, url: str, stopping: asyncio.Event, *, max_size: int) -> None:
        self._conninfo = ledger_conninfo(url, "sparewheel worker")
        self._stopping = stopping
        self._max_size = max_size
        super().__init__()

    @contextlib.asynccontextmanager
    async def opened(self, app: App) -> AsyncIterator[None]:
        """Have the app use a pool of ours, which connects when it can; closed at the end."""
        pool: AsyncConnectionPool[Any] = AsyncConnectionPool(
            self._conninfo,
            min_size=1,
            max_size=self._max_size,
            timeout=_POOL_SECONDS,
            check=AsyncConnectionPool.check_connection,
            name="sparewheel worker",
            open=False,
        )
        async with pool, app.open_async(pool):
            yield

    async def execute_query_async(self, query: LiteralString, **arguments: Any) -> None:
        """As the library's, patiently."""
        base = super().execute_query_async
        await self._patiently(lambda: base(query, **arguments))

    async def execute_query_one_async(self, query: LiteralString, **arguments: Any) -> dict[str, Any]:
        """As the library's, patiently."""
        base = super().execute_query_one_async
        return await self._patiently(lambda: base(query, **arguments))

    async def execute_query_all_async(self, query: LiteralString, **arguments: Any) -> list[dict[str, Any]]:
        """As the library's, patiently."""
        base = super().execute_query_all_async
        return await self._patiently(lambda: base(query, **arguments))

    async def listen_notify(self, on_notification: Notify, channels: Iterable[str]) -> None:
        """As the library's, patiently: between two connections the worker polls."""
        base, names = super().listen_notify, list(channels)
        await self._patiently(lambda: base(on_notification, names))

    async def _patiently(self, attempt: Callable[[], Awaitable[T]]) -> T:
        while True:
            try:
                return await attempt()
            except ConnectorException as error:
                if self._stopping.is_set() or not isinstance(error.__cause__, psycopg.OperationalError):
                    raise
                log.warning("the ledger does not answer (%s); trying again", type(error.__cause__).__name__)
            await asyncio.sleep(_PAUSE_SECONDS)
