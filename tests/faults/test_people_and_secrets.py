"""Who may not is refused and written down, and no password comes out anywhere."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bot.app import House
from bot.core.backup import Kind, State
from bot.errors import NotAllowedError
from bot.ledger import audit, outbox
from bot.services.backups import manifest_bytes
from tests.support.aftermath import argument_lists, everything_seen, secrets_of
from tests.support.faults import execute, expire_leases, running
from tests.support.house import CARL, OMAR, VERA, Plan, back_up, s3_environ, s3_storage
from tests.support.s3 import S3Server
from tests.support.servers import Database

pytestmark = pytest.mark.faults


@pytest.mark.parametrize("actor", [VERA, CARL])
def test_who_may_not_is_refused_and_written_down(house: House, actor: Any) -> None:
    with pytest.raises(NotAllowedError):
        house.backups.request(actor, kind=Kind.FULL, database="shop")
    with house.pool.connection() as connection:
        events = audit.recent(connection)
        assert events[0].action == "access.refused"
        assert audit.verify(connection).whole
    assert not house.backups.recent(OMAR).records


def test_a_request_that_cannot_be_audited_is_not_made(house: House, ledger_url: str) -> None:
    with refused_by_the_audit(ledger_url, "backup.requested"), pytest.raises(psycopg.errors.CheckViolation):
        house.backups.request(OMAR, kind=Kind.FULL, database="shop")
    assert not house.backups.recent(OMAR).records
    with house.pool.connection() as connection:
        assert not outbox.waiting(connection)
        assert not connection.execute("select from procrastinate_jobs").rowcount


def test_an_end_that_cannot_be_audited_is_not_written(house: House, ledger_url: str) -> None:
    with refused_by_the_audit(ledger_url, "backup.stored"), pytest.raises(psycopg.errors.CheckViolation):
        back_up(house, "shop")
    assert house.backups.recent(OMAR).records[0].state is State.RUNNING
    with house.pool.connection() as connection:
        assert [message.stage for message in outbox.waiting(connection)] == ["opened"]
    expire_leases(ledger_url)
    assert house.reaper.sweep() == 1
    assert house.backups.recent(OMAR).records[0].state is State.STORED


@contextmanager
def refused_by_the_audit(ledger_url: str, action: str) -> Iterator[None]:
    """As when the audit trail's disk is full: an event of this action cannot be written."""
    execute(
        ledger_url,
        f"alter table sparewheel.audit_event add constraint refused check (action <> '{action}') not valid",
    )
    yield
    execute(ledger_url, "alter table sparewheel.audit_event drop constraint refused")


def test_no_password_anywhere(
    some_rows: Database, make_house: Callable[..., House], ledger_url: str, tmp_path: Path, s3: S3Server,
    bucket: str, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    """`make_house` looks after every fault; here it is seen that each place is really looked at."""
    caplog.set_level("DEBUG", logger="botocore.endpoint")
    house = make_house(some_rows.url, storage=s3_storage(s3, bucket), environ=s3_environ(s3))
    plan = Plan({"shop": some_rows.url}, {}, "", s3_environ(s3))
    secrets = secrets_of(plan, ledger_url)
    assert len(secrets) == 3
    with argument_lists() as started, running(house) as (_, record, ended):
        processes = subprocess.run(["ps", "axww", "-o", "args"], capture_output=True, text=True, check=True)
    assert ended[0].state is State.STORED
    check = house.backups.begin_check(OMAR, record.id)
    assert house.checker.run(check.check_id, lambda _: None).verdict == "PASS"
    places = {
        "argument lists": "\n".join(started),
        "processes": processes.stdout,
        "log": "\n".join(one.getMessage() for one in caplog.records),
        "manifest": manifest_bytes(house.store, ended[0]).decode(),
        "ledger and messages": "\n".join(everything_seen(house, ledger_url, tmp_path)),
    }
    looked_at = {
        "argument lists": ("pg_dump'", "pg_dumpall'", "pg_restore'"),
        "processes": ("pg_dump",),
        "log": ("CreateMultipartUpload",),
        "manifest": ('"sha256"',),
        "ledger and messages": (record.id, "backup.stored", "Stored at", "outbox"),
    }
    for place, words in looked_at.items():
        assert [word for word in words if word not in places[place]] == [], place
    assert {place for place, text in places.items() if any(secret in text for secret in secrets)} == set()
