"""A ledger, the service, and a runner whose channels only keep what they are handed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.ledger.connection import LedgerPool, open_pool
from bot.ledger.queue import Queue
from bot.services.access import Gate
from bot.services.deliveries import Deliveries
from bot.services.run_deliveries import DeliveryRunner
from tests.support.book import Book


@pytest.fixture
def pool(migrated_url: str) -> Iterator[LedgerPool]:
    with open_pool(migrated_url) as opened:
        yield opened


@pytest.fixture
def service(pool: LedgerPool) -> Deliveries:
    return Deliveries(pool, Queue(), Gate(pool))


@pytest.fixture
def book() -> Book:
    return Book()


@pytest.fixture
def runner(pool: LedgerPool, book: Book) -> DeliveryRunner:
    return DeliveryRunner(pool, book)
