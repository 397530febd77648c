"""Remembered or worked out: the last due time is the same, wherever the clock stands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.schedules import Schedule
from bot.services import due
from bot.services.due_memory import last_due

NOW = datetime(2026, 10, 31, 22, 0, tzinfo=UTC)


@pytest.mark.parametrize("cron", ["*/30 * * * *", "0 3 * * *", "30 1 * * *", "first monday 09:00"])
def test_it_is_what_is_worked_out(cron: str) -> None:
    schedule = Schedule("shop/s", "full", cron, "America/New_York")
    for minutes in (
        0,
        10,
        29,
        30,
        31,
        45,
        300,
        320,
        1440,
        5,
        0,
        40_000,
    ):  # the clocks are moved, and step back
        at = NOW + timedelta(minutes=minutes)
        assert last_due(schedule, at) == due.last_due(schedule, at), at
