"""Counting whom a draft reaches: never while somebody waits for a form, and nothing is asked without it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from bot.app import House
from bot.core.notices import Reach, RevisionState
from bot.errors import NotAllowedError, UserError
from bot.ledger.connection import borrowed
from bot.settings.channels import AudienceSettings
from tests.support.notices import (
    OLGA,
    VERA,
    actions,
    approve,
    confirm,
    count,
    notice_house,
    now_of,
    works,
)
from tests.support.servers import Database

MANY = 100_000


@pytest.fixture
def house(migrated_url: str, tmp_path: Path) -> Iterator[House]:
    with notice_house(migrated_url, tmp_path) as opened:
        yield opened


@pytest.fixture
def slow(house: House, fresh_database: Database) -> Callable[[str], None]:
    """`slow(sql)`: the audience is what this query gives."""

    def asking(sql: str) -> None:
        recipients = house.recipients
        changed = AudienceSettings(channels=("mail",), sql=sql, url_env="CUSTOMERS_URL")
        recipients.__dict__["audiences"] = {"customers": changed}
        recipients.__dict__["environ"] = {"CUSTOMERS_URL": fresh_database.url}

    return asking


def jobs(house: House) -> list[dict[str, object]]:
    with borrowed(house.pool) as connection:
        rows = connection.execute(
            "select args, queue_name from procrastinate_jobs where task_name = 'count_recipients' order by id"
        ).fetchall()
    return [dict(row) for row in rows]


def test_a_draft_is_there_before_anybody_is_counted_however_many_there_are(
    house: House, tmp_path: Path
) -> None:
    people = "".join(f"customer{number}@example.com\n" for number in range(MANY))
    (tmp_path / "customers.csv").write_text(f"email\n{people}nobody\n", encoding="utf-8")
    message = house.notices.writing.draft(OLGA, works(follow_ups=("reminder",)), "k1")
    assert (message.reach, message.current.recipients) == (None, None)
    assert jobs(house) == [{"args": {"notice_id": message.notice.id, "number": 1}, "queue_name": "fast"}]
    with pytest.raises(UserError, match="being counted still"):
        house.notices.writing.submit(OLGA, message.notice.id, 1)
    message = count(house, message)
    assert message.reach == Reach(MANY, (("mail", MANY),), 1)
    assert {text.recipients for text in message.covered} == {MANY}
    asked = house.notices.writing.submit(OLGA, message.notice.id, 1).approval
    assert asked is not None
    assert "To 100,000 recipients: customers" in asked.what


def test_a_database_that_sleeps_holds_up_the_number_and_not_the_form(
    house: House, slow: Callable[[str], None], fresh_database: Database
) -> None:
    slow("select 'ann@example.com' from pg_sleep(0.5), pg_advisory_xact_lock(7)")
    with psycopg.connect(fresh_database.url) as holder:
        holder.execute("select pg_advisory_lock(7)")  # whoever asks this audience now waits
        message = house.notices.writing.draft(OLGA, works(), "k1")
        message = house.notices.writing.edit(OLGA, message.notice.id, 1, works(), "k2")
    assert (message.current.number, message.current.recipients) == (2, None)
    assert count(house, message).current.recipients == 1


def test_why_there_is_no_number_stands_in_the_draft_until_it_is_counted_anew(
    house: House, tmp_path: Path
) -> None:
    file = tmp_path / "customers.csv"
    kept = file.read_text()
    file.write_text("name\nAnn\n")
    message = count(house, house.notices.writing.draft(OLGA, works(), "k1"))
    assert "has no column email" in message.current.count_problem
    with pytest.raises(UserError, match="could not be counted"):
        house.notices.writing.submit(OLGA, message.notice.id, 1)
    file.write_text(kept)
    with pytest.raises(NotAllowedError):
        house.notices.counting.again(VERA, message.notice.id, 1)
    assert house.notices.counting.again(OLGA, message.notice.id, 1).said == "counting"
    assert now_of(house, message).current.count_problem == ""
    assert len(jobs(house)) == 2
    assert count(house, message).current.recipients == 3
    assert approve(house, message).waits_for == "confirm"
    with pytest.raises(UserError, match="cannot be counted again"):
        house.notices.counting.again(OLGA, message.notice.id, 1)


def test_a_count_that_comes_late_changes_nothing_that_has_gone_on(house: House, tmp_path: Path) -> None:
    message = confirm(house, approve(house, house.notices.writing.draft(OLGA, works(), "k1")))
    (tmp_path / "customers.csv").write_text("email\n")
    house.notices.counting.run(message.notice.id, 1)
    assert now_of(house, message).current.recipients == 3


def test_nobody_is_asked_to_read_what_nobody_would_receive(house: House, tmp_path: Path) -> None:
    (tmp_path / "customers.csv").write_text("email\n")
    message = count(house, house.notices.writing.draft(OLGA, works(), "k1"))
    assert message.current.recipients == 0
    with pytest.raises(UserError, match="the audience is empty"):
        house.notices.writing.submit(OLGA, message.notice.id, 1)
    assert now_of(house, message).current.state is RevisionState.DRAFT
    assert actions(house) == ["notice.drafted"]


def test_the_ledger_keeps_no_request_for_what_nobody_has_counted(house: House) -> None:
    message = approve(house, house.notices.writing.draft(OLGA, works(), "k1"))
    with (
        pytest.raises(psycopg.errors.CheckViolation, match="revision_was_counted"),
        borrowed(house.pool) as connection,
    ):
        connection.execute(
            "update notice_revision set recipients = null where notice_id = %s", [message.notice.id]
        )
