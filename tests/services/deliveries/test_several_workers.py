"""Workers that die, are slow, stop, or come at the same time."""

from __future__ import annotations

import threading
from collections import Counter

import pytest

from bot.channels.interface import Outgoing
from bot.core.delivery import DeliveryState
from bot.errors import (
    DeliveryWaitsError,
)
from bot.ledger import deliveries
from bot.ledger.connection import LedgerPool, borrowed
from bot.ledger.deliveries import Run
from bot.services.deliveries import Deliveries
from bot.services.run_deliveries import DeliveryRunner
from tests.support.book import PEOPLE, Book, planned, states


def test_what_a_dead_process_had_begun_is_unknown(service: Deliveries, pool: LedgerPool, book: Book) -> None:
    made = planned(service)
    dead = Run(made.id, "mail", "dead")
    with borrowed(pool) as connection:
        assert deliveries.take(connection, dead, 0.0)
        claimed = deliveries.claim(connection, dead, 0.0).delivery
    assert claimed is not None
    DeliveryRunner(pool, book).run(made.id, "mail")
    assert claimed.recipient not in book.counts
    assert states(service, made) == {DeliveryState.SENT: 19, DeliveryState.UNKNOWN: 1}
    # It was not dead but slow: it may still say how it went, and may claim nobody any more.
    with borrowed(pool) as connection:
        assert not deliveries.claim(connection, dead, 30.0).alive
        assert deliveries.settle_sent(connection, dead, claimed.id, "<late>")
    assert states(service, made) == {DeliveryState.SENT: 20}


def test_a_living_run_is_not_taken_over(
    service: Deliveries, pool: LedgerPool, runner: DeliveryRunner
) -> None:
    made = planned(service)
    with borrowed(pool) as connection:
        assert deliveries.take(connection, Run(made.id, "mail", "alive"), 30.0)
    with pytest.raises(DeliveryWaitsError, match="Another process"):
        runner.run(made.id, "mail")


def test_two_workers_at_once_send_it_once(service: Deliveries, pool: LedgerPool, book: Book) -> None:
    made = planned(service)
    gate = threading.Barrier(4)

    def work() -> None:
        gate.wait(30)
        try:
            DeliveryRunner(pool, book).run(made.id, "mail")
        except DeliveryWaitsError:
            return

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert book.counts == Counter(PEOPLE)


def test_a_stopped_worker_leaves_the_rest_to_another(
    service: Deliveries, runner: DeliveryRunner, book: Book
) -> None:
    def script(_: Outgoing) -> None:
        if len(book.got) == 4:
            runner.stopping.set()

    book.script = script
    made = planned(service)
    with pytest.raises(DeliveryWaitsError):
        runner.run(made.id, "mail")
    assert states(service, made) == {DeliveryState.SENT: 5, DeliveryState.WAITING: 15}
    runner.stopping.clear()
    book.script = lambda _: None
    runner.run(made.id, "mail")
    assert book.counts == Counter(PEOPLE)
