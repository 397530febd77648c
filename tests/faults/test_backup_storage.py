"""A store that is not there, refuses, is full or fails: nothing that looks like a backup."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.app import House
from bot.core.backup import State
from bot.storage.interface import StoredObject
from bot.storage.s3_upload import S3Upload
from tests.support.faults import child_of_ours, running, unfinished
from tests.support.house import back_up, s3_environ, s3_storage
from tests.support.proxy import Fault, Proxy
from tests.support.s3 import S3Server
from tests.support.servers import Database

pytestmark = pytest.mark.faults


@pytest.mark.parametrize(
    ("fault", "rule"), [(Fault.SERVER_ERROR, "storage-unavailable"), (Fault.FULL, "storage-full")]
)
def test_storage_that_fails_under_the_upload(
    some_rows: Database, make_house: Callable[..., House], s3: S3Server, bucket: str, proxied: Proxy,
    fault: Fault, rule: str,
) -> None:  # fmt: skip
    house = make_house(
        some_rows.url, storage=s3_storage(s3, bucket, proxied.endpoint), environ=s3_environ(s3)
    )
    proxied.decide = lambda method, path: fault if method == "PUT" and "partNumber" in path else Fault.NONE
    record = back_up(house, "shop")
    assert (record.state, record.error_rule) == (State.FAILED, rule)
    assert not unfinished(s3, bucket)


def test_a_bucket_that_is_not_there(
    some_rows: Database, make_house: Callable[..., House], s3: S3Server
) -> None:
    house = make_house(some_rows.url, storage=s3_storage(s3, "no-such-bucket"), environ=s3_environ(s3))
    record = back_up(house, "shop")
    assert (record.state, record.error_rule) == (State.FAILED, "storage-missing")


def test_refused_credentials(
    some_rows: Database, make_house: Callable[..., House], s3: S3Server, bucket: str
) -> None:
    environ = {**s3_environ(s3), "TEST_SECRET_KEY": "wrong-hunter2"}
    record = back_up(make_house(some_rows.url, storage=s3_storage(s3, bucket), environ=environ), "shop")
    assert (record.state, record.error_rule) == (State.FAILED, "storage-refused")
    assert "hunter2" not in repr(record)


def test_an_archive_whose_manifest_cannot_be_written_is_removed(
    some_rows: Database, make_house: Callable[..., House], s3: S3Server, bucket: str, proxied: Proxy
) -> None:
    house = make_house(
        some_rows.url, storage=s3_storage(s3, bucket, proxied.endpoint), environ=s3_environ(s3)
    )
    proxied.decide = lambda method, path: (
        Fault.SERVER_ERROR if method == "PUT" and "/manifests/" in path else Fault.NONE
    )
    record = back_up(house, "shop")
    assert (record.state, record.error_rule) == (State.FAILED, "storage-unavailable")
    assert not unfinished(s3, bucket)


def test_an_archive_that_the_store_says_is_another_is_no_backup_and_stays_to_be_looked_into(
    some_rows: Database, make_house: Callable[..., House], s3: S3Server, bucket: str, proxied: Proxy
) -> None:
    house = make_house(
        some_rows.url, storage=s3_storage(s3, bucket, proxied.endpoint), environ=s3_environ(s3)
    )
    proxied.decide = lambda method, path: (
        Fault.OTHER_CHECKSUM if method == "HEAD" and ".dump" in path else Fault.NONE
    )
    record = back_up(house, "shop")
    assert (record.state, record.error_rule) == (State.FAILED, "storage-mismatch")
    assert "Do not trust this archive" in str(record.error_next_step)
    assert f"left to be looked into ({record.archive_key}). It is no backup" in str(record.error_detail)
    assert [one["Key"] for one in unfinished(s3, bucket)] == [record.archive_key]


def test_a_store_that_took_fewer_bytes_than_were_sent_has_no_backup(
    some_rows: Database,
    make_house: Callable[..., House],
    s3: S3Server,
    bucket: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = make_house(some_rows.url, storage=s3_storage(s3, bucket), environ=s3_environ(s3))
    real = S3Upload.complete

    def short(self: S3Upload) -> StoredObject:
        stored = real(self)
        return replace(stored, size_bytes=stored.size_bytes - 1)

    monkeypatch.setattr(S3Upload, "complete", short)
    record = back_up(house, "shop")
    assert (record.state, record.error_rule) == (State.FAILED, "storage-mismatch")
    assert record.manifest_key not in [one["Key"] for one in unfinished(s3, bucket)]


def test_what_a_dump_had_sent_before_it_was_killed_is_not_kept_and_not_billed(
    some_rows: Database, make_house: Callable[..., House], s3: S3Server, bucket: str
) -> None:
    house = make_house(some_rows.url, storage=s3_storage(s3, bucket), environ=s3_environ(s3))
    with running(house) as (_, _, ended):
        assert len(unfinished(s3, bucket)) == 1
        os.kill(child_of_ours("pg_dump"), signal.SIGKILL)
    assert (ended[0].state, ended[0].error_rule) == (State.FAILED, "dump-failed")
    assert not unfinished(s3, bucket)
