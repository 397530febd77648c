"""kill -9 in the middle of a notice: nobody gets it twice, and at most one a kill is unknown."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator

import pytest

from bot.core.delivery import DeliveryState
from bot.ledger import dispatches
from bot.ledger.connection import LedgerPool, borrowed, open_pool
from bot.ledger.queue import Queue
from bot.services.access import Gate
from bot.services.deliveries import Deliveries
from tests.support import deliver_child
from tests.support.forked import processes
from tests.support.mail import mail_server
from tests.support.outgoing import dispatch

KILLS = 10
PEOPLE = tuple(f"c{number:04}@example.com" for number in range(1000))


@pytest.fixture
def pool(ledger_url: str) -> Iterator[LedgerPool]:
    with open_pool(ledger_url) as opened:
        yield opened


@pytest.mark.faults
def test_killed_ten_times_nobody_gets_it_twice(pool: LedgerPool, ledger_url: str) -> None:
    service = Deliveries(pool, Queue(), Gate(pool))
    with borrowed(pool) as connection:
        made = service.plan(connection, dispatch(), {"mail": PEOPLE})
    pause, chance = threading.Event(), random.Random(7)  # noqa: S311 - to kill at different moments
    with mail_server() as box:
        for _ in range(KILLS):
            arguments = (ledger_url, box.port, made.id)
            child = processes().Process(target=deliver_child.deliver, args=arguments)
            child.start()
            enough = len(box.messages) + chance.randrange(30, 90)
            while len(box.messages) < enough and child.is_alive():
                pause.wait(0.001)
            pause.wait(chance.random() * 0.01)
            child.kill()
            child.join()
            assert child.exitcode == -9
        deliver_child.deliver(ledger_url, box.port, made.id)
        counts = box.counts
    assert max(counts.values()) == 1
    with borrowed(pool) as connection:
        summary = dispatches.summary(connection, made)
    assert summary.count(DeliveryState.UNKNOWN) <= KILLS
    assert summary.count(DeliveryState.SENT) + summary.count(DeliveryState.UNKNOWN) == len(PEOPLE)
    # Whoever counts as sent has it, and whoever has it not is among the unknown.
    assert len(counts) >= summary.count(DeliveryState.SENT)
    missed = set(PEOPLE) - set(counts)
    with borrowed(pool) as connection:
        rows = connection.execute("select recipient from delivery where state = 'unknown'").fetchall()
    assert missed <= {row["recipient"] for row in rows}
