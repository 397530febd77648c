"""Clocks on a migrated ledger, with schedules that come every other second."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.ledger.connection import LedgerPool, open_pool


@pytest.fixture
def pool(migrated_url: str) -> Iterator[LedgerPool]:
    with open_pool(migrated_url) as opened:
        yield opened
