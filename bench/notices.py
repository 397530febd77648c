"""A notice to 10,000 recipients over SMTP on loopback: messages a second, and the sender's peak memory.

`python -m bench.notices` prints Markdown; numbers behind it are other numbers of recipients. The mail server
and the sender each run in a process of their own, as they do in life.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection

from bot.ledger.connection import borrowed, open_pool
from bot.ledger.migrate import migrate
from bot.ledger.queue import Queue
from bot.sandbox.embedded.servers import LEDGER, EmbeddedServers
from bot.services.access import Gate
from bot.services.deliveries import Deliveries
from bot.services.run_deliveries import DeliveryRunner
from tests.support.deliver_child import channels
from tests.support.mail import mail_server
from tests.support.outgoing import dispatch
from tests.support.servers import Server, empty_database, traversable_folder

SIZES = (2_000, 10_000)  # the sender's memory is to be the same for both
_MB = 1_000_000
_PROCESSES = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Row:
    """What one notice came to: seconds to write it down and to hand it over, and what the sender took."""

    recipients: int
    planned: float
    handed_over: float
    cpu: float
    peak_mb: float


def measure(ledger_url: str, sizes: Sequence[int] = SIZES) -> list[Row]:
    """One notice of each size on a migrated ledger."""
    return [_one(ledger_url, number, size) for number, size in enumerate(sizes, 1)]


def lines(rows: Sequence[Row]) -> list[str]:
    """The results as a table in Markdown."""
    return [
        "| recipients by mail | written down, s | handed over, s | a second | CPU each, ms | memory |",
        "| --- | --- | --- | --- | --- | --- |",
        *(
            f"| {row.recipients:,} | {row.planned:.2f} | {row.handed_over:.1f} "
            f"| {row.recipients / row.handed_over:.0f} | {1000 * row.cpu / row.recipients:.2f} "
            f"| {row.peak_mb:.0f} MB |"
            for row in rows
        ),
    ]


def _one(ledger_url: str, revision: int, recipients: int) -> Row:
    people = tuple(f"customer{number}@example.com" for number in range(recipients))
    with open_pool(ledger_url) as pool, _mail(recipients) as port:
        service = Deliveries(pool, Queue(), Gate(pool))
        begun = time.monotonic()
        with borrowed(pool) as connection:
            made = service.plan(connection, dispatch(revision=revision), {"mail": people})
        planned = time.monotonic() - begun
        handed_over, cpu, peak = _told(_send, ledger_url, port, made.id)
        summary = service.summary(made.notice_id, made.revision)
    assert summary is not None
    assert summary.all_sent
    return Row(recipients, planned, handed_over, cpu, peak)


def _told(work: object, *arguments: object) -> tuple[float, float, float]:
    """What a process of its own sends back."""
    ours, theirs = _PROCESSES.Pipe()
    process = _PROCESSES.Process(target=work, args=(*arguments, theirs))  # type: ignore[arg-type]  # a function
    process.start()
    found: tuple[float, float, float] = ours.recv()
    process.join()
    return found


def _send(ledger_url: str, port: int, dispatch_id: str, answer: Connection) -> None:
    """Hand it over to everybody: seconds, seconds of a core, and the peak of memory in MB."""
    with open_pool(ledger_url) as pool:
        runner = DeliveryRunner(pool, channels(port))
        begun, worked = time.monotonic(), time.process_time()
        runner.run(dispatch_id, "mail")
        taken = time.monotonic() - begun, time.process_time() - worked
    answer.send((*taken, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / _MB))


@contextmanager
def _mail(recipients: int) -> Iterator[int]:
    """The port of a mail server that must take exactly so many messages."""
    ours, theirs = _PROCESSES.Pipe()
    server = _PROCESSES.Process(target=_serve, args=(theirs,))
    server.start()
    yield ours.recv()
    ours.send("stop")
    arrived = ours.recv()
    server.join()
    assert arrived == recipients


def _serve(pipe: Connection) -> None:
    with mail_server() as box:
        pipe.send(box.port)
        pipe.recv()
        pipe.send(sum(box.counts.values()))


def main(sizes: Sequence[int]) -> None:
    """Measure on servers of its own, and print."""
    with (
        traversable_folder() as folder,
        EmbeddedServers(folder / "home", samples=False) as servers,
        empty_database(Server(servers.main, servers._passwords[f"main/{LEDGER}"]), LEDGER) as ledger,  # noqa: SLF001 - as the other benches do
    ):
        migrate(ledger.url)
        print("\n".join(lines(measure(ledger.url, sizes))))


if __name__ == "__main__":
    main([int(each) for each in sys.argv[1:]] or SIZES)
