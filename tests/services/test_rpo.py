"""An RPO that the schedules cannot meet is told before it breaks every night."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.core.schedules import Schedule
from bot.errors import ConfigurationError
from bot.ledger.connection import borrowed
from bot.services.rpo import longest_apart, refuse_unreachable
from tests.support.history import stored
from tests.support.house import Plan, folder_storage, open_house

NOW = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def planned(*lines: str, zone: str = "UTC") -> list[Schedule]:
    return [Schedule(f"shop/s{n}", "full", cron, zone) for n, cron in enumerate(lines)]


@pytest.mark.parametrize(
    ("schedules", "apart"),
    [
        (planned("0 3 * * *"), DAY),
        (planned("0 2 * * sun", "0 3 * * mon-sat"), 25 * HOUR),
        (planned("15 * * * *"), HOUR),
        (planned("* * * * *"), HOUR / 60),
        (planned("0 8,18 * * mon-fri"), 62 * HOUR),
        (planned("first monday 09:00"), 35 * DAY),
        (planned("0 3 * * *", zone="America/New_York"), 25 * HOUR),  # the clocks are moved on 1 November
    ],
)
def test_how_far_apart_backups_come(schedules: list[Schedule], apart: timedelta) -> None:
    assert longest_apart(schedules, NOW) == apart


def said(rpo: str, ledger_url: str, folder: Path, took: timedelta | None) -> str:
    shop = f'rpo = "{rpo}"\n[databases.shop.schedules.daily]\nkind = "full"\ncron = "0 3 * * *"\n'
    plan = Plan(
        {"shop": "postgresql://nobody@127.0.0.1:1/none"}, {"shop": shop}, folder_storage(folder / "s")
    )
    with open_house(plan, ledger_url, folder) as house:
        if took:
            stored(house, NOW - DAY, took=took)
        with borrowed(house.pool) as connection:
            return refuse_unreachable(connection, house.sources, "shop", NOW)


@pytest.mark.parametrize(
    ("rpo", "took", "step"), [("24h", None, "25h"), ("25h", 2 * HOUR, "27h"), ("20h", HOUR, "26h")]
)
def test_one_that_cannot_be_kept_is_refused_with_one_that_can(
    rpo: str, took: timedelta | None, step: str, ledger_url: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match="cannot be kept: backups come up to 1 d apart") as refused:
        said(rpo, ledger_url, tmp_path, took)
    assert f'rpo = "{step}"' in refused.value.next_step


def test_one_that_leaves_time_for_the_run_is_fine(ledger_url: str, tmp_path: Path) -> None:
    assert said("26h", ledger_url, tmp_path, HOUR) == (
        "backups come up to 1 d apart and take about 1 h; at most 1 d 2 h may be lost"
    )
