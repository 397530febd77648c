"""The example configurations load, and say what the two written procedures say."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.core.people import Role
from bot.settings import Configuration, load_configuration

EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.stem)
def test_every_example_loads(path: Path) -> None:
    configuration = load_configuration(path)
    assert path.stem in configuration.databases
    assert {contact.level for contact in configuration.contacts} == {1, 2, 3}
    assert configuration.roles[Role.OPERATOR]


def cruzonic() -> Configuration:
    return load_configuration(EXAMPLES / "cruzonic.toml")


def test_cruzonic_backs_up_every_table_of_its_procedure() -> None:
    database = cruzonic().databases["cruzonic"]
    assert (len(database.critical), len(database.important), len(database.supporting)) == (6, 9, 4)


def test_cruzonic_keeps_six_calendar_months_not_180_days() -> None:
    database = cruzonic().databases["cruzonic"]
    taken = datetime(2026, 8, 1, tzinfo=UTC)
    for name in ("weekly", "daily"):
        keep = database.schedules[name].keep
        assert keep is not None
        assert keep.until(taken) == datetime(2027, 2, 1, tzinfo=UTC)  # 184 days


def test_cruzonic_targets_and_times() -> None:
    database = cruzonic().databases["cruzonic"]
    # Its 24 h are those between two daily backups; held to the second they would break every day.
    assert (database.rpo, database.rto) == (26 * 3600, 4 * 3600)
    assert database.schedules["weekly"].cron == "0 2 * * sun"
    assert database.schedules["daily"].cron == "0 3 * * *"
    assert database.schedules["daily"].stale_after == 48 * 3600
    assert database.schedules["monthly-test"].cron == "first monday 09:00"


def test_fleetnest_critical_tables_are_those_of_its_procedure() -> None:
    database = load_configuration(EXAMPLES / "fleetnest.toml").databases["fleetnest"]
    assert set(database.critical) == {
        "companies",
        "user_company_roles",
        "company_payment_periods",
        "driver_period_calculations",
        "loads",
        "fuel_expenses",
    }
    assert database.schedules["daily"].kind == "full"
