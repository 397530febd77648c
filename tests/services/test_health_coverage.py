"""Coverage counts what was planned, since it was known; a full backup in a smaller one's place is said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.app import House
from bot.core.backup import Kind
from bot.ledger import alerts
from bot.ledger.connection import borrowed
from bot.services import health
from bot.services.alert_facts import since_mark
from bot.services.health_views import KindCoverage
from bot.services.views import DatabaseStatus
from tests.support.history import stored
from tests.support.house import Plan, folder_storage, open_house

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SHOP = """
[databases.shop.schedules.weekly]
kind = "full"
cron = "0 2 * * sun"
[databases.shop.schedules.daily]
kind = "critical"
cron = "0 3 * * *"
"""


@pytest.fixture
def house(ledger_url: str, tmp_path: Path) -> Iterator[House]:
    nowhere = {"shop": "postgresql://postgres@127.0.0.1:1/none"}
    plan = Plan(nowhere, {"shop": SHOP}, folder_storage(tmp_path / "store"))
    with open_house(plan, ledger_url, tmp_path) as opened:
        yield opened


def known(house: House, since: datetime) -> None:
    keys = [since_mark(f"shop/{name}") for name in ("weekly", "daily")]
    with borrowed(house.pool) as connection:
        alerts.mark_once(connection, keys, since)


def status(house: House, now: datetime = NOW) -> DatabaseStatus:
    with borrowed(house.pool) as connection:
        return health.standing(connection, house.sources, ["shop"], now)[0]


def coverage(house: House) -> dict[Kind, KindCoverage]:
    facts = status(house).facts
    assert facts is not None
    return {found.kind: found for found in facts.coverage}


def test_a_fresh_installation_owes_nothing_yet(house: House) -> None:
    assert {kind: found.coverage.due for kind, found in coverage(house).items()} == {
        Kind.FULL: 0,
        Kind.CRITICAL: 0,
    }


def test_nothing_is_missing_from_before_the_schedule_was_known(house: House) -> None:
    known(house, NOW - 4 * DAY)
    stored(house, NOW - 2 * DAY - 16 * HOUR, kind=Kind.CRITICAL)
    found = coverage(house)[Kind.CRITICAL]
    assert (found.coverage.due, found.coverage.covered, found.known_since) == (4, 1, NOW - 4 * DAY)
    assert [gap.missed for gap in found.coverage.gaps] == [1, 2]


def test_six_months_are_enough(house: House) -> None:
    known(house, NOW - 300 * DAY)
    found = coverage(house)[Kind.CRITICAL]
    assert (found.known_since, found.coverage.due) == (None, 184)


def test_a_full_backup_in_a_critical_ones_place_is_said_on_both_sides(house: House) -> None:
    known(house, NOW - 4 * DAY)
    stored(house, NOW - 16 * HOUR - 3 * DAY, kind=Kind.CRITICAL)
    full = stored(house, NOW - 16 * HOUR)
    found = coverage(house)[Kind.CRITICAL]
    assert (found.coverage.covered, found.by_full) == (2, 1)
    late = {kind.kind: kind for kind in status(house).kinds}
    assert late[Kind.CRITICAL].is_stale(NOW)
    assert late[Kind.CRITICAL].covered_by == full
    assert late[Kind.FULL].covered_by is None


def test_a_full_backup_that_is_too_old_itself_stands_in_for_nothing(house: House) -> None:
    known(house, NOW - 4 * DAY)
    stored(house, NOW - 3 * DAY)
    late = {kind.kind: kind for kind in status(house).kinds}
    assert late[Kind.CRITICAL].is_stale(NOW)
    assert late[Kind.CRITICAL].covered_by is None
