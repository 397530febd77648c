"""A migrated ledger, its pool, and words to fill it with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.core.people import Actor, Source
from bot.ledger.connection import LedgerPool, open_pool


@pytest.fixture
def pool(migrated_url: str) -> Iterator[LedgerPool]:
    """Connections to it, enough for the tests that race."""
    with open_pool(migrated_url, max_size=25) as opened:
        yield opened


@pytest.fixture
def ann() -> Actor:
    return Actor("T1", "UANN", Source.SLACK)
