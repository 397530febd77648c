"""A store that is not there, refuses, is full or fails: nothing that looks like a backup."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.app import House
from bot.core.backup import State
from tests.support.faults import unfinished
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
