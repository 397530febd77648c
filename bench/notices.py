"""A notice to 10,000 recipients over SMTP on loopback: messages a second, and the sender's peak memory.

`python -m bench.notices` prints JSON; the mail server runs in a process of its own, as it does in life.
"""

from __future__ import annotations

import json
import multiprocessing
import resource
import sys
import time
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

RECIPIENTS = 10_000


def serve(pipe: Connection) -> None:
    """Take mail until told to stop; then say how many arrived."""
    with mail_server() as box:
        pipe.send(box.port)
        pipe.recv()
        pipe.send(sum(box.counts.values()))


def deliver(ledger_url: str, port: int, recipients: int) -> dict[str, float]:
    """Hand one notice over to so many, and tell how it went."""
    people = tuple(f"customer{number}@example.com" for number in range(recipients))
    with open_pool(ledger_url) as pool:
        service = Deliveries(pool, Queue(), Gate(pool))
        begun = time.monotonic()
        with borrowed(pool) as connection:
            made = service.plan(connection, dispatch(), {"mail": people})
        planned = time.monotonic()
        DeliveryRunner(pool, channels(port)).run(made.id, "mail")
        ended = time.monotonic()
        summary = service.summary(made.notice_id, made.revision)
    assert summary is not None
    assert summary.finished_at is not None
    return {
        "recipients": recipients,
        "planned_seconds": planned - begun,
        "handed_over_seconds": ended - planned,
        "messages_a_second": recipients / (ended - planned),
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def main(recipients: int = RECIPIENTS) -> dict[str, float]:
    """Measure on servers of its own."""
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,))
    server.start()
    port = ours.recv()
    with (
        traversable_folder() as folder,
        EmbeddedServers(folder / "home", samples=False) as servers,
        empty_database(Server(servers.main, servers._passwords[f"main/{LEDGER}"]), LEDGER) as ledger,  # noqa: SLF001 - as the other benches do
    ):
        migrate(ledger.url)
        found = deliver(ledger.url, port, recipients)
    ours.send("stop")
    arrived = ours.recv()
    server.join()
    assert arrived == recipients
    return found


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]) if len(sys.argv) > 1 else RECIPIENTS), indent=2))
