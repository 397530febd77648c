"""When a database is in order, and when somebody has to look."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.app import House
from bot.core.backup import Kind, State
from bot.errors import NotFoundError
from bot.gallery.samples import STORED
from bot.services.views import DatabaseStatus, KindStatus
from tests.support.house import OMAR, Plan, back_up, folder_storage, open_house
from tests.support.servers import Database

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def taken(age: timedelta, kind: Kind = Kind.FULL) -> KindStatus:
    return KindStatus(kind, replace(STORED, kind=kind, snapshot_at=NOW - age), None)


def status(*kinds: KindStatus, rpo: timedelta | None = DAY) -> DatabaseStatus:
    return DatabaseStatus("shop", rpo, kinds, (), None)


@pytest.mark.parametrize(
    ("found", "needs_a_look"),
    [
        (status(taken(DAY / 2)), False),
        (status(taken(DAY * 2)), True),
        (status(taken(DAY * 2), taken(DAY / 2, Kind.CRITICAL)), False),
        (status(taken(DAY / 2, Kind.SCHEMA)), True),  # definitions alone save nobody's data
        (status(taken(DAY * 2), rpo=None), False),
        (status(taken(DAY / 2), KindStatus(Kind.CRITICAL, None, None)), True),  # scheduled and never taken
        (status(), True),
        (status(rpo=None), True),  # no backup at all is nothing to be calm about
        (replace(status(taken(DAY / 2)), last_failure=STORED), True),
    ],
)
def test_who_has_to_look(found: DatabaseStatus, needs_a_look: bool) -> None:
    assert found.needs_a_look(NOW) is needs_a_look


@pytest.fixture
def house(fresh_database: Database, ledger_url: str, tmp_path: Path) -> Iterator[House]:
    plan = Plan(
        {"shop": fresh_database.url, "yard": fresh_database.url},
        {"shop": "", "yard": ""},
        folder_storage(tmp_path / "store"),
    )
    with open_house(plan, ledger_url, tmp_path) as opened:
        yield opened


def test_latest_is_the_one_that_can_be_meant(house: House, fresh_database: Database) -> None:
    import psycopg

    with pytest.raises(NotFoundError, match="no stored backup of shop"):
        house.backups.request_check(OMAR, "latest", database="shop")
    failed = back_up(house, "shop")
    assert failed.state is State.FAILED
    with psycopg.connect(fresh_database.url, autocommit=True) as connection:
        connection.execute("create table one as select 1 as one")
    stored = back_up(house, "shop")
    other = back_up(house, "yard")
    assert house.backups.request_check(OMAR, "latest", database="shop").record.id == stored.id
    assert house.backups.show(OMAR, "latest").record.id == other.id
    with pytest.raises(NotFoundError, match="runs or waits"):
        house.backups.cancel(OMAR, "latest")
    waiting = house.backups.request(OMAR, kind=Kind.FULL, database="shop")
    assert house.backups.cancel(OMAR, "latest", "shop").record.id == waiting.record.id
