"""The ledger against the storage: what one says and the other does not is told; what nobody saw is not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from bot.app import House
from bot.core.backup import BackupRecord
from bot.ledger import alerts as ledger
from bot.ledger import backups
from bot.ledger.connection import borrowed
from bot.platforms.interface import NOT_KNOWN, OwnBackups
from bot.platforms.supabase import Supabase
from bot.services.witnesses import Subject, own_backups
from tests.ledger import support
from tests.support.house import Plan, back_up, folder_storage, open_house, s3_environ, s3_storage
from tests.support.proxy import Fault, Proxy, faulty_proxy
from tests.support.s3 import S3Server
from tests.support.servers import Database

NOW = datetime.now(UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
ARCHIVE, MANIFEST = b"archive" * 100, b"{}"


@pytest.fixture(autouse=True)
def of_this_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ledger's own times are of now, and the suite may have been collected long ago."""
    monkeypatch.setitem(globals(), "NOW", datetime.now(UTC))


@pytest.fixture
def proxy(s3: S3Server) -> Iterator[Proxy]:
    with faulty_proxy(s3.endpoint) as listening:
        yield listening


@pytest.fixture
def house(s3: S3Server, bucket: str, proxy: Proxy, ledger_url: str, tmp_path: Path) -> Iterator[House]:
    plan = Plan(
        {"shop": "postgresql://nobody@127.0.0.1:1/none"},
        {"shop": ""},
        s3_storage(s3, bucket, proxy.endpoint),
        s3_environ(s3),
    )
    with open_house(plan, ledger_url, tmp_path) as opened:
        yield opened


@dataclass(frozen=True)
class Kept:
    """A backup that lies in the bucket and stands in the ledger."""

    record: BackupRecord
    bucket: str
    s3: S3Server

    def delete(self, key: str | None, version: str | None = None) -> None:
        assert key is not None
        client = self.s3.client()
        more = {"VersionId": version} if version else {}
        client.delete_object(Bucket=self.bucket, Key=key, **more)
        client.close()


@pytest.fixture
def kept(house: House, s3: S3Server, bucket: str) -> Kept:
    archive = house.store.put("sparewheel/manual/shop/full/x.dump", ARCHIVE)
    manifest = house.store.put("sparewheel/manifests/shop/x.json", MANIFEST)
    facts = replace(
        support.facts(len(ARCHIVE), NOW),
        archive_key=archive.key,
        manifest_key=manifest.key,
        version_id=archive.version_id,
        manifest_version_id=manifest.version_id,
    )
    with borrowed(house.pool) as connection:
        record = support.running(connection, database="shop")
        assert backups.mark_stored(connection, record.id, "a1", facts)
        return Kept(backups.get(connection, record.id), bucket, s3)


def told(house: House, at: datetime | None = None) -> dict[str, str]:
    """Key -> sentence of what storage has to do with, after a look."""
    house.alerts.evaluate(at or NOW)
    found = house.alert_desk.open_alerts()
    return {a.key: a.sentence for a in found if a.rule in ("witness", "storage-away", "no-tier")}


@pytest.mark.s3
def test_what_is_whole_is_left_in_peace(house: House, kept: Kept) -> None:
    assert kept.record.version_id
    assert told(house) == {}


@pytest.mark.s3
@pytest.mark.parametrize(
    ("which", "by_version", "said"),
    [
        ("archive_key", True, "its archive is not in the storage"),
        ("manifest_key", True, "its manifest is not in the storage"),
        ("archive_key", False, "somebody deleted its archive"),
        ("manifest_key", False, "somebody deleted its manifest"),
    ],
)
def test_what_was_deleted_behind_our_back(
    house: House, kept: Kept, which: str, by_version: bool, said: str
) -> None:
    record = kept.record
    version = record.version_id if which == "archive_key" else record.manifest_version_id
    kept.delete(getattr(record, which), version if by_version else None)
    found = told(house)
    assert list(found) == [f"witness:shop/{record.id}"]
    assert said in found[f"witness:shop/{record.id}"]


@pytest.mark.s3
def test_another_size_than_the_ledger_has(house: House, kept: Kept) -> None:
    with borrowed(house.pool) as connection:
        connection.execute("update backup_log set file_size_bytes = file_size_bytes + 1")
    assert "700 bytes there instead of 701" in told(house)[f"witness:shop/{kept.record.id}"]


@pytest.mark.s3
def test_a_storage_that_is_away_says_nothing_about_what_lies_there(
    house: House, kept: Kept, proxy: Proxy
) -> None:
    kept.delete(kept.record.archive_key, kept.record.version_id)
    key = f"witness:shop/{kept.record.id}"
    assert set(told(house)) == {key}
    proxy.decide = lambda _method, _path: Fault.SERVER_ERROR
    assert set(told(house, NOW + 16 * MINUTE)) == {key}  # one lost answer is no news
    found = told(house, NOW + 20 * MINUTE)
    assert set(found) == {key, "storage-away"}
    assert found["storage-away"].startswith("Could not look whether the backups are there")
    assert set(told(house, NOW + 23 * MINUTE)) == {key, "storage-away"}  # longer than any hold
    proxy.decide = lambda _method, _path: Fault.NONE
    told(house, NOW + 24 * MINUTE)
    assert set(told(house, NOW + 30 * MINUTE)) == {key}


@pytest.mark.s3
def test_storage_is_looked_at_as_often_as_configured(house: House, kept: Kept, proxy: Proxy) -> None:
    assert kept
    told(house)
    seen = len(proxy.seen)
    told(house, NOW + 14 * MINUTE)
    assert len(proxy.seen) == seen
    told(house, NOW + 15 * MINUTE)
    assert len(proxy.seen) > seen


def test_tables_in_no_tier_are_named(fresh_database: Database, ledger_url: str, tmp_path: Path) -> None:
    plan = Plan(
        {"shop": fresh_database.url}, {"shop": 'critical = ["orders"]'}, folder_storage(tmp_path / "store")
    )
    with psycopg.connect(fresh_database.url, autocommit=True) as connection:
        connection.execute("create table orders as select 1 as one")
        connection.execute("create table tolls as select 1 as one")
        connection.execute("create materialized view sums as select count(*) from tolls")
        connection.execute("create table days (at date) partition by range (at)")
        connection.execute("create table days_1 partition of days default")
    with open_house(plan, ledger_url, tmp_path) as house:
        back_up(house, "shop")
        assert told(house) == {
            "no-tier:shop": "`shop` has 2 tables in no tier: `public.days`, `public.tolls`."
        }
        with borrowed(house.pool) as connection:
            assert {alert.severity for alert in ledger.told(connection, "shop")} == {"warning"}


@pytest.mark.parametrize(
    ("own", "wrong"),
    [
        (NOT_KNOWN, False),
        (OwnBackups(known=True, newest=NOW - DAY), False),
        (OwnBackups(known=True, newest=NOW - 3 * DAY), True),
        (OwnBackups(known=True), True),
    ],
)
def test_the_platforms_own_backups_are_a_witness_where_they_can_be_asked_for(
    own: OwnBackups, wrong: bool
) -> None:
    subject = Subject("shop", [], Supabase(), has_tiers=False, own=own)
    assert bool(list(own_backups(subject, NOW))) is wrong
