"""Whose look counts while plans of a schedule change: what people are called for stays until it is mended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.app import House
from bot.core.alerts import Condition, Severity
from bot.ledger import alerts
from bot.ledger.connection import borrowed
from bot.ledger.schedule_plans import Replanned
from bot.services import due
from bot.services.alert_facts import count_anew, since_mark
from bot.services.alerts import Seen
from tests.support import history
from tests.support.clocks import firing
from tests.support.house import Plan, folder_storage, open_house

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
STALE = "stale:shop/daily"


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def houses(ledger_url: str, tmp_path: Path, now: datetime) -> Iterator[tuple[House, House]]:
    """One ledger; in the second configuration the backup is due a minute later."""
    first, folder = planned_at(tmp_path / "first", now - timedelta(hours=3))
    second, other_folder = planned_at(tmp_path / "second", now - timedelta(hours=3) + MINUTE)
    with open_house(first, ledger_url, folder) as one, open_house(second, ledger_url, other_folder) as two:
        yield one, two


def planned_at(folder: Path, at: datetime) -> tuple[Plan, Path]:
    line = f'kind = "full"\ncron = "{at.minute} {at.hour} * * *"\ngrace = "1h"'
    nowhere = "postgresql://nobody@127.0.0.1:1/none"
    database = f'time_zone = "UTC"\n[databases.shop.schedules.daily]\n{line}'
    return Plan({"shop": nowhere}, {"shop": database}, folder_storage(folder / "store")), folder


def begin(house: House) -> None:
    """As a clock begins: from now on its plans rule."""
    firing(house.pool, *due.schedules(house.configuration))


def look(house: House, since: datetime, minutes: range) -> set[str]:
    """The open alerts after a look each minute."""
    for minute in minutes:
        house.alerts.evaluate(since + minute * MINUTE)
    return {alert.key for alert in house.alert_desk.open_alerts()}


def known_since(house: House, at: datetime) -> None:
    with borrowed(house.pool) as connection:
        for key in ("shop", "shop/daily"):
            alerts.mark(connection, since_mark(key), at)


def stop_backups(house: House, now: datetime) -> None:
    """The newest backup is of four days ago, and people are called."""
    begin(house)
    history.stored(house, now - 4 * DAY, lying=True)
    known_since(house, now - 10 * DAY)
    assert STALE in look(house, now, range(-1, 1))


def test_a_clock_whose_plan_does_not_rule_ends_nothing(houses: tuple[House, House], now: datetime) -> None:
    ruling, other = houses
    stop_backups(ruling, now)
    assert STALE in look(other, now, range(1, 9))


def test_another_line_ends_nothing_before_a_backup_comes(houses: tuple[House, House], now: datetime) -> None:
    before, after = houses
    stop_backups(before, now)
    begin(after)
    assert STALE in look(after, now, range(1, 9))
    history.stored(after, now, lying=True)
    assert STALE not in look(after, now, range(9, 17))


@pytest.mark.parametrize("key", [STALE, "unproved:shop/daily", "no-backup:shop"])
def test_a_changed_schedule_counts_anew_unless_something_is_wrong_with_it(
    houses: tuple[House, House], now: datetime, key: str
) -> None:
    house, _ = houses
    seen_in = (key.partition(":")[0], "shop")
    wrong = Condition(key, seen_in[0], Severity.CRITICAL, "shop", "Too old.", "Back up.")
    known_since(house, now - 10 * DAY)
    house.alerts.apply(Seen([wrong], {seen_in}), now)
    assert counted_anew(house, now) == now - 10 * DAY
    house.alerts.apply(Seen([], {seen_in}), now)  # its end, though that must last a while
    assert counted_anew(house, now) == now


def counted_anew(house: House, now: datetime) -> datetime:
    with borrowed(house.pool) as connection:
        count_anew(connection, [Replanned("shop/daily", "before", "now", now)])
        return alerts.marks(connection)[since_mark("shop/daily")]
