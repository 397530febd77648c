"""One restore test from request to proof, on real PostgreSQL servers and a real store."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import jsonschema
import psycopg
import pytest

from bot.app import House
from bot.core.backup import Kind
from bot.core.verdict import Verdict
from bot.ledger import audit
from bot.ledger.connection import borrowed
from bot.sandbox.embedded.servers import EmbeddedServers
from bot.services import proofs
from tests.support.house import OMAR, Plan, back_up, open_house, prove, s3_environ, s3_storage
from tests.support.s3 import S3Server

TIERS = """
staging_url_env = "TEST_STAGING"
platform = "supabase"
rto = "4h"
critical = ["eld_events", "audit_log"]
important = ["drivers"]
fingerprints = "all"
"""


def scratch_databases(embedded: EmbeddedServers) -> list[str]:
    """What restore tests left on staging, roles included."""
    with psycopg.connect(embedded.staging.conninfo("postgres")) as connection:
        rows = connection.execute(
            "select datname from pg_database where datname like 'sparewheel_test_%'"
            " union all select rolname from pg_roles where rolname like 'sparewheel_test_%'"
        ).fetchall()
    return [name for (name,) in rows]


@pytest.fixture
def house(
    sample_url: Callable[..., str],
    embedded: EmbeddedServers,
    ledger_url: str,
    s3: S3Server,
    bucket: str,
    tmp_path: Path,
) -> Iterator[House]:
    plan = Plan(
        {"cruzonic": sample_url("cruzonic")},
        {"cruzonic": TIERS},
        s3_storage(s3, bucket),
        {**s3_environ(s3), "TEST_STAGING": embedded.staging_url},
    )
    with open_house(plan, ledger_url, tmp_path) as opened:
        yield opened


def test_a_healthy_backup_is_proved_and_nothing_is_left(house: House, embedded: EmbeddedServers) -> None:
    record = back_up(house, "cruzonic")
    message = prove(house, database="cruzonic")
    test = message.test
    assert (test.verdict, [f for f in test.findings if f.severity != "note"]) == (Verdict.PASS, [])
    assert (test.asked_for, test.backup_id, test.archive_sha256) == ("latest full", record.id, record.sha256)
    assert (test.scratch, scratch_databases(embedded)) == (None, [])
    assert message.backup.goodness == "proved"
    proof = json.loads(_read(house, str(test.proof_key)))
    jsonschema.validate(proof, proofs.schema())
    assert (proof["verdict"], proof["archive"]["version_id"]) == ("PASS", record.version_id)
    assert "fingerprints" in proof["checks"]
    status = house.backups.status(OMAR, "cruzonic").databases[0]
    assert status.proved_at == test.finished_at
    assert status.recovery is not None
    assert timedelta(0) < status.recovery.expected < timedelta(hours=4)
    with borrowed(house.pool) as connection:
        actions = [event.action for event in audit.recent(connection, subject=f"backup:{record.id}")]
    assert {"restore-test.requested", "restore-test.pass"} <= set(actions)


@pytest.mark.parametrize("kind", [Kind.CRITICAL, Kind.SCHEMA, Kind.TABLE])
def test_the_other_kinds_come_back_too(house: House, kind: Kind) -> None:
    record = back_up(house, "cruzonic", kind, tables=("drivers",) if kind is Kind.TABLE else ())
    message = prove(house, record.id)
    serious = [(f.rule, f.sentence) for f in message.test.findings if f.severity != "note"]
    assert (message.test.verdict, serious) == (Verdict.PASS, [])


def _read(house: House, key: str) -> bytes:
    with house.store.open(key) as chunks:
        return b"".join(chunks)


def test_latest_is_the_newest_of_the_kind_that_was_asked_for(house: House) -> None:
    full = back_up(house, "cruzonic")
    back_up(house, "cruzonic", Kind.CRITICAL)
    asked = house.restore_tests.request(OMAR, database="cruzonic")
    assert asked.test.backup_id == full.id
    assert asked.age is not None
