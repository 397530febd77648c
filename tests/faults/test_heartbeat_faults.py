"""An outside watcher whose address hangs for ever: what it watches over goes on as if it were not there."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psycopg
import pytest

from bot.app import House
from bot.cli.worker import Hands
from bot.core.backup import State
from bot.jobs import Handlers, Scheduled, Worker, WorkerSettings
from bot.ledger import backups
from bot.ledger.connection import borrowed
from bot.services import alert_ticks, heartbeats
from bot.wiring.clock import clock_of
from bot.wiring.deliveries import delivery_runner_of
from tests.support.clocks import ago, jobs, last_fired
from tests.support.house import Plan, folder_storage, open_house
from tests.support.servers import Database

pytestmark = pytest.mark.faults

# Two pings each: with two of them the fast jobs that a worker does at once would all hang.
SCHEDULES = 3
HOURLY = "\n".join(
    f'[databases.fleet.schedules.s{n}]\nkind = "schema"\ncron = "0 * * * *"\nheartbeat_url_env = "HANGS"'
    for n in range(SCHEDULES)
)


@dataclass
class Hanging:
    """An address that takes every request and ends no answer before it is `over`; what was asked there."""

    url: str
    asked: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def answer(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            self.asked.append(connection.recv(4096).split(b" ")[1].decode())
            connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while not self.over.wait(0.5):  # a letter now and then: no timeout of a single read is reached
                connection.sendall(b"a")


@contextmanager
def hanging() -> Iterator[Hanging]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        made = Hanging(f"http://127.0.0.1:{server.getsockname()[1]}/uuid")

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    threading.Thread(target=made.answer, args=[connection], daemon=True).start()

        door = threading.Thread(target=accept)
        door.start()
        try:
            yield made
        finally:
            made.over.set()
            server.shutdown(socket.SHUT_RDWR)
            door.join(30)


@contextmanager
def at_work(house: House, watcher: Hanging) -> Iterator[None]:
    """A clock and a worker of this house, stopped at the end; the watcher lets them go then."""
    hands = Hands(house, None, None, delivery_runner_of(house))
    handlers = Handlers(
        hands.run_backup,
        hands.run_check,
        hands.run_restore_test,
        hands.deliver,
        hands.sweep,
        scheduled=Scheduled(hands.run_fire, house.follow_ups.test_backup, hands.ping),
    )
    worker, stop = (
        Worker(house.ledger_url, house.pool, handlers, WorkerSettings(poll_every=0.2)),
        threading.Event(),
    )
    threads = [
        threading.Thread(target=worker.run),
        threading.Thread(target=clock_of(house).run, args=[stop]),
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        watcher.over.set()
        stop.set()
        worker.stop()
        for thread in threads:
            thread.join(60)


@pytest.fixture
def watched(
    fresh_database: Database, ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[House, Hanging]]:
    with psycopg.connect(fresh_database.url) as connection:
        connection.execute("CREATE TABLE drivers (id integer)")
    # So patient that whoever waits for a ping here waits for ever.
    monkeypatch.setattr(heartbeats, "ping", partial(heartbeats.ping, longest_seconds=600.0))
    monkeypatch.setattr(alert_ticks, "ping", heartbeats.ping)
    extra = f'{HOURLY}\n[heartbeats]\nprocess_url_env = "HANGS"\n'
    with hanging() as watcher:
        environ = {"HANGS": watcher.url}
        plan = Plan(
            {"fleet": fresh_database.url}, {"fleet": extra}, folder_storage(tmp_path / "store"), environ
        )
        with open_house(plan, ledger_url, tmp_path) as house:
            yield house, watcher


def are_stored(house: House, number: int) -> bool:
    with borrowed(house.pool) as connection:
        _, found = backups.recent(connection, database="fleet", state=State.STORED)
    return found == number


def until(look: Callable[[], object]) -> None:
    """Wait for something that must come; the suite's own timeout bounds it."""
    while not look():
        time.sleep(0.1)


def test_a_watcher_that_hangs_delays_neither_fires_nor_backups(watched: tuple[House, Hanging]) -> None:
    house, watcher = watched
    clock = clock_of(house).firing
    clock.remember()
    for n in range(SCHEDULES - 1):
        last_fired(house.pool, f"fleet/s{n}", ago(hours=2))
    with at_work(house, watcher):
        until(lambda: are_stored(house, SCHEDULES - 1))
        until(lambda: {"/uuid/start", "/uuid"} <= set(watcher.asked))  # a run's, and the process's own
        last_fired(house.pool, f"fleet/s{SCHEDULES - 1}", ago(hours=2))
        clock.catch_up()
        clock.fire()
        until(lambda: are_stored(house, SCHEDULES))
        pings = [job["status"] for job in jobs(house.pool, "ping")]
        assert pings.count("succeeded") == 0
        assert pings.count("doing") <= 2
