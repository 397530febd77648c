"""One backup from request to verdict, on real PostgreSQL and real storage."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import jsonschema
import pytest

from bot.app import House
from bot.core.backup import Format, Kind, State
from bot.services.backups import read_manifest
from bot.services.describing import manifest_schema
from tests.support.house import Plan, back_up, open_house, s3_environ, s3_storage
from tests.support.s3 import S3Server

TIERS = """
platform = "supabase"
critical = ["eld_events", "audit_log"]
important = ["drivers"]
fingerprints = "all"
"""


@pytest.fixture
def house(
    sample_url: Callable[..., str], ledger_url: str, s3: S3Server, bucket: str, tmp_path: Path
) -> Iterator[House]:
    plan = Plan(
        {"cruzonic": sample_url("cruzonic")}, {"cruzonic": TIERS}, s3_storage(s3, bucket), s3_environ(s3)
    )
    with open_house(plan, ledger_url, tmp_path) as opened:
        yield opened


def test_a_full_backup_is_stored_described_and_checked(house: House) -> None:
    record = back_up(house, "cruzonic")
    assert (record.state, record.error_sentence, record.error_detail) == (State.STORED, None, None)
    manifest = read_manifest(house.store, record)
    jsonschema.validate(json.loads(manifest.to_json()), manifest_schema())
    assert manifest.archives[0].sha256 == record.sha256
    assert manifest.archives[0].version_id
    events = next(t for t in manifest.tables if t.name == "eld_events")
    leaves = [t for t in manifest.tables if t.root == '"public"."eld_events"' and t.kind == "table"]
    assert events.rows == sum(t.rows or 0 for t in leaves) > 0
    assert events.fingerprint is not None
    assert all(t.tier == "critical" for t in (events, *leaves))
    assert manifest.roles_sql is not None
    assert "PASSWORD" not in manifest.roles_sql


@pytest.mark.parametrize("kind", [Kind.CRITICAL, Kind.SCHEMA])
def test_the_other_kinds(house: House, kind: Kind) -> None:
    record = back_up(house, "cruzonic", kind)
    assert record.state is State.STORED, (record.error_sentence, record.error_detail)
    manifest = read_manifest(house.store, record)
    dumped = {t.name for t in manifest.tables if t.data_dumped}
    assert ("audit_log" in dumped) is (kind is Kind.CRITICAL)
    assert "drivers" not in dumped


def test_plain_sql(house: House) -> None:
    record = back_up(house, "cruzonic", Kind.TABLE, tables=("drivers",), archive_format=Format.PLAIN)
    assert record.state is State.STORED, (record.error_sentence, record.error_detail)
    with house.store.open(str(record.archive_key), record.version_id) as chunks:
        assert b"PostgreSQL database dump complete" in b"".join(chunks)[-200:]


def test_a_check_passes_on_what_was_stored(house: House) -> None:
    record = back_up(house, "cruzonic")
    from tests.support.house import OMAR

    asked = house.backups.request_check(OMAR, record.id)
    done = house.checker.run(asked.check_id, lambda _: None)
    assert (done.verdict, list(done.findings)) == ("PASS", [])
    assert done.bytes_read == record.size_bytes
    assert house.backups.message(record.id).record.goodness == "checked"
