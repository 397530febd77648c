"""Jobs, deferred by name inside the caller's transaction: visible to workers when it commits."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import psycopg
from procrastinate import App, SyncPsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.types import JSONValue

from bot.ledger.connection import LedgerConnection

FAST = "fast"  # messages: never behind a dump
SLOW = "slow"  # what reads or writes archives
NOTICES = "notices"  # minutes of mail: neither behind a dump nor before a message

RUN_BACKUP = "run_backup"
RUN_CHECK = "run_check"
RUN_RESTORE_TEST = "run_restore_test"
DELIVER = "deliver"
RUN_DELIVERIES = "run_deliveries"
COUNT_RECIPIENTS = "count_recipients"
RUN_FIRE = "run_fire"
FOLLOW_UP = "follow_up"
PING = "ping"
# Pings take turns in so many rows: watchers that hang hold up no more of the fast jobs than that.
_PING_LANES = 2


class Queue:
    """Where services leave work. It needs no connection of its own."""

    def __init__(self) -> None:
        self._app = App(connector=SyncPsycopgConnector())

    def backup(self, conn: LedgerConnection, backup_id: str, database: str) -> int:
        """Have a worker run a backup; backups of one database take turns. Answers the job's number."""
        return self._defer(
            conn, RUN_BACKUP, queue=SLOW, lock=f"database:{database}", arguments={"backup_id": backup_id}
        )

    def check(self, conn: LedgerConnection, check_id: str, database: str) -> int:
        """Have a worker check a stored backup; it only reads storage, so it waits for no backup."""
        del database  # a check does not touch the database: no lock
        return self._defer(conn, RUN_CHECK, queue=SLOW, lock=None, arguments={"check_id": check_id})

    def restore_test(self, conn: LedgerConnection, test_id: str) -> int:
        """Have a worker run a restore test. It uses storage and staging only, so it waits for no backup."""
        return self._defer(conn, RUN_RESTORE_TEST, queue=SLOW, lock=None, arguments={"test_id": test_id})

    def deliver(self, conn: LedgerConnection, outbox_id: str, topic: str, subject: str) -> int:
        """Have a worker post a message; messages on one subject keep their order."""
        return self._defer(
            conn,
            DELIVER,
            queue=FAST,
            lock=f"message:{topic}:{subject}",
            arguments={"outbox_id": outbox_id},
        )

    def fires(self, conn: LedgerConnection, due: Sequence[tuple[str, datetime]]) -> None:
        """Have workers begin what schedules' due times ask for, one job each."""
        if not due:
            return
        arguments: list[dict[str, JSONValue]] = [
            {"schedule": key, "fire_time": at.isoformat()} for key, at in due
        ]
        with _drivers_errors():
            self._app.configure_task(RUN_FIRE, queue=FAST, connection=conn).batch_defer(*arguments)

    def follow_up(self, conn: LedgerConnection, backup_id: str) -> int:
        """Have a worker begin what its schedule wants after a stored backup."""
        return self._defer(conn, FOLLOW_UP, queue=FAST, lock=None, arguments={"backup_id": backup_id})

    def ping(self, conn: LedgerConnection, schedule: str, beat: str) -> int:
        """Have a worker tell a schedule's outside watcher, in the order of asking."""
        lane = zlib.crc32(schedule.encode()) % _PING_LANES
        arguments = {"schedule": schedule, "beat": beat}
        return self._defer(conn, PING, queue=FAST, lock=f"heartbeat:{lane}", arguments=arguments)

    def deliveries(self, conn: LedgerConnection, dispatch_id: str, channel: str) -> int:
        """Have a worker hand a notice over on one channel. Its own lease, not a lock, keeps two apart."""
        arguments = {"dispatch_id": dispatch_id, "channel": channel}
        return self._defer(conn, RUN_DELIVERIES, queue=NOTICES, lock=None, arguments=arguments)

    def recipients(self, conn: LedgerConnection, notice_id: str, number: int) -> int:
        """Have a worker count whom a text reaches; one at a time, so that messages never wait behind them."""
        with _drivers_errors():
            task = self._app.configure_task(COUNT_RECIPIENTS, queue=FAST, lock="recipients", connection=conn)
            return task.defer(notice_id=notice_id, number=number)

    def _defer(
        self, conn: LedgerConnection, task: str, *, queue: str, lock: str | None, arguments: dict[str, str]
    ) -> int:
        with _drivers_errors():
            return self._app.configure_task(task, queue=queue, lock=lock, connection=conn).defer(**arguments)


@contextmanager
def _drivers_errors() -> Iterator[None]:
    """The driver's own error is what callers know how to translate."""
    try:
        yield
    except ConnectorException as error:
        if isinstance(error.__cause__, psycopg.Error):
            raise error.__cause__ from None
        raise
