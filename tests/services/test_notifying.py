"""Messages that matter are delivered, even when nobody comes for them any more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.app import House
from bot.core.backup import Kind
from bot.ledger import outbox
from bot.ledger.connection import borrowed
from tests.support.house import OMAR, Plan, folder_storage, open_house


@pytest.fixture
def house(ledger_url: str, tmp_path: Path) -> Iterator[House]:
    plan = Plan(
        {"shop": "postgresql://nobody@127.0.0.1:1/none"}, {"shop": ""}, folder_storage(tmp_path / "s")
    )
    with open_house(plan, ledger_url, tmp_path) as opened:
        yield opened


def jobs(house: House) -> int:
    with borrowed(house.pool) as connection:
        row = connection.execute(
            "select count(*) as n from procrastinate_jobs where task_name = 'deliver' and status = 'todo'"
        ).fetchone()
    assert row is not None
    return int(row["n"])


def lose_the_job(house: House) -> None:
    """What is left when retries ran out, an hour later."""
    with borrowed(house.pool) as connection:
        connection.execute("update procrastinate_jobs set status = 'failed' where task_name = 'deliver'")
        connection.execute("update outbox set created_at = created_at - interval '1 hour'")


def send_again(house: House) -> int:
    with borrowed(house.pool) as connection:
        return house.notifier.send_again(connection)


def test_a_message_without_a_job_is_queued_again_once(house: House) -> None:
    house.backups.request(OMAR, kind=Kind.FULL, database="shop")
    assert (jobs(house), send_again(house)) == (1, 0)
    lose_the_job(house)
    assert (send_again(house), jobs(house)) == (1, 1)
    assert send_again(house) == 0


def test_what_is_delivered_or_given_up_stays_so(house: House) -> None:
    house.backups.request(OMAR, kind=Kind.FULL, database="shop")
    with borrowed(house.pool) as connection:
        outbox.mark_delivered(connection, outbox.waiting(connection)[0].id)
    lose_the_job(house)
    assert send_again(house) == 0
