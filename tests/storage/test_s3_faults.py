"""The store answers badly, or not at all, while the product writes and reads."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

import pytest

from bot.errors import (
    ObjectMissingError,
    StorageError,
    StorageFullError,
    StorageMismatchError,
    StorageUnavailableError,
)
from bot.storage.interface import Store
from tests.support.proxy import Fault, Proxy
from tests.support.s3 import S3Server

pytestmark = [pytest.mark.s3, pytest.mark.faults]
MIB = 1024**2


@pytest.fixture
def proxied(make_s3_store: Callable[..., Store], proxy: Proxy) -> Store:
    return make_s3_store(endpoint_url=proxy.endpoint, read_timeout="2s")


def times(proxy: Proxy, count: int, fault: Fault, method: str, part: str) -> None:
    """The first so many requests of this method with this in their path meet the fault."""
    left = iter(range(count))
    lock = threading.Lock()

    def decide(seen: str, path: str) -> Fault:
        with lock:
            hit = seen == method and part in path and next(left, None) is not None
        return fault if hit else Fault.NONE

    proxy.decide = decide


@pytest.fixture
def left_over(s3: S3Server, bucket: str) -> Callable[[], list[object]]:
    """What lies in the bucket, finished or not; asked past the proxy."""

    def look() -> list[object]:
        client = s3.client()
        uploads = client.list_multipart_uploads(Bucket=bucket).get("Uploads", [])
        versions = client.list_object_versions(Bucket=bucket).get("Versions", [])
        client.close()
        return [*uploads, *versions]

    return look


def read(store: Store, key: str) -> bytes:
    with store.open(key) as chunks:
        return b"".join(chunks)


@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR, Fault.CUT, Fault.LOSE_ANSWER, Fault.STALL])
def test_a_part_that_fails_twice_is_sent_again(proxied: Store, proxy: Proxy, fault: Fault) -> None:
    data = os.urandom(12 * MIB)
    times(proxy, 2, fault, "PUT", "partNumber=2")
    upload = proxied.start_upload("house/a.dump")
    upload.write(data)
    upload.complete()
    assert read(proxied, "house/a.dump") == data
    assert proxy.count("PUT", "partNumber=2") == 3


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.SERVER_ERROR, StorageUnavailableError),
        (Fault.CUT, StorageUnavailableError),
        (Fault.FULL, StorageFullError),
        (Fault.CORRUPT, StorageMismatchError),
    ],
)
def test_a_part_that_keeps_failing_ends_the_upload_and_leaves_nothing(
    proxied: Store,
    proxy: Proxy,
    left_over: Callable[[], list[object]],
    fault: Fault,
    error: type[StorageError],
) -> None:
    times(proxy, 1000, fault, "PUT", "partNumber=2")
    upload = proxied.start_upload("house/a.dump")

    def send() -> None:
        for _ in range(60):
            upload.write(os.urandom(MIB))
        upload.complete()

    with pytest.raises(error):
        send()
    with pytest.raises(StorageError):
        upload.complete()
    assert left_over() == []


@pytest.mark.parametrize("size", [3, 12 * MIB])
def test_a_completion_whose_answer_was_lost_is_recognised_as_ours(
    proxied: Store, proxy: Proxy, size: int
) -> None:
    times(proxy, 1, Fault.LOSE_ANSWER, "POST", "uploadId=")
    upload = proxied.start_upload("house/a.dump")
    upload.write(b"x" * size)
    stored = upload.complete()
    assert proxy.count("POST", "uploadId=") == 2
    assert stored.version_id
    assert proxied.head("house/a.dump", stored.version_id).size_bytes == size


def test_a_put_whose_answer_was_lost_is_recognised_as_ours(proxied: Store, proxy: Proxy) -> None:
    times(proxy, 1, Fault.LOSE_ANSWER, "PUT", "m.json")
    stored = proxied.put("house/m.json", b"{}")
    assert proxy.count("PUT", "m.json") == 2
    assert read(proxied, "house/m.json") == b"{}"
    assert stored.version_id


def test_a_completion_that_keeps_failing_leaves_nothing(
    proxied: Store, proxy: Proxy, left_over: Callable[[], list[object]]
) -> None:
    times(proxy, 1000, Fault.SERVER_ERROR, "POST", "uploadId=")
    upload = proxied.start_upload("house/a.dump")
    upload.write(b"x")
    with pytest.raises(StorageUnavailableError):
        upload.complete()
    assert left_over() == []


@pytest.mark.parametrize("fault", [Fault.OTHER_CHECKSUM, Fault.OTHER_SIZE])
def test_an_object_that_is_said_to_be_something_else_is_a_mismatch(
    proxied: Store, proxy: Proxy, left_over: Callable[[], list[object]], fault: Fault
) -> None:
    proxy.decide = lambda method, path: fault if method == "HEAD" and "house/" in path else Fault.NONE
    upload = proxied.start_upload("house/a.dump")
    upload.write(b"x" * 6 * MIB)
    with pytest.raises(StorageMismatchError):
        upload.complete()
    with pytest.raises(StorageMismatchError):
        proxied.put("house/m.json", b"{}")
    assert len(left_over()) == 2  # what is wrong with them can be looked into


@pytest.mark.parametrize(
    ("method", "part", "error"),
    [("POST", "uploadId=", StorageMismatchError), ("PUT", "partNumber=2", StorageError)],
)
def test_a_store_that_says_yes_and_keeps_nothing_is_caught(
    proxied: Store,
    proxy: Proxy,
    left_over: Callable[[], list[object]],
    method: str,
    part: str,
    error: type[StorageError],
) -> None:
    times(proxy, 1000, Fault.SAY_YES, method, part)
    upload = proxied.start_upload("house/a.dump")
    upload.write(os.urandom(12 * MIB))
    with pytest.raises(error):
        upload.complete()
    assert left_over() == []


def test_a_store_that_says_yes_to_a_small_object_and_keeps_nothing_is_caught(
    proxied: Store, proxy: Proxy
) -> None:
    times(proxy, 1000, Fault.SAY_YES, "PUT", "m.json")
    with pytest.raises(StorageMismatchError, match="said that it took"):
        proxied.put("house/m.json", b"{}")


def test_a_read_that_breaks_off_goes_on_where_it_stopped(proxied: Store, proxy: Proxy) -> None:
    data = os.urandom(7 * MIB)
    upload = proxied.start_upload("house/a.dump")
    upload.write(data)
    upload.complete()
    times(proxy, 3, Fault.CUT_ANSWER, "GET", "a.dump")
    assert read(proxied, "house/a.dump") == data
    assert proxy.count("GET", "a.dump") == 4


def test_a_read_does_not_go_on_in_another_object_that_took_the_name(
    proxied: Store, proxy: Proxy, s3: S3Server, bucket: str
) -> None:
    first, other = os.urandom(5 * MIB), os.urandom(5 * MIB)
    client = s3.client()
    client.put_object(Bucket=bucket, Key="house/a.dump", Body=first)
    faults = iter([Fault.CUT_ANSWER])

    def decide(method: str, _path: str) -> Fault:
        if method != "GET":
            return Fault.NONE
        if (fault := next(faults, None)) is None:
            client.put_object(Bucket=bucket, Key="house/a.dump", Body=other)
        return fault or Fault.NONE

    proxy.decide = decide
    with pytest.raises(StorageMismatchError, match="while it was read"):
        read(proxied, "house/a.dump")
    client.close()


def test_a_read_that_keeps_breaking_off_ends_with_an_error_and_never_early(
    proxied: Store, proxy: Proxy
) -> None:
    proxied.put("house/m.json", b"12345678")
    times(proxy, 1000, Fault.STALL, "GET", "m.json")
    with pytest.raises(StorageUnavailableError):
        read(proxied, "house/m.json")


def test_an_abort_from_another_thread_wakes_a_writer_that_waits(
    proxied: Store, proxy: Proxy, left_over: Callable[[], list[object]]
) -> None:
    stalled = threading.Event()

    def decide(method: str, path: str) -> Fault:
        if method == "PUT" and "partNumber" in path:
            stalled.set()
            return Fault.STALL
        return Fault.NONE

    proxy.decide = decide
    upload = proxied.start_upload("house/a.dump")
    outcome: list[BaseException] = []

    def write() -> None:
        try:
            upload.write(b"x" * 30 * MIB)
        except StorageError as error:
            outcome.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    assert stalled.wait(30)
    upload.abort()
    writer.join(30)
    assert [type(error) for error in outcome] == [StorageError]
    assert left_over() == []


def test_an_abort_gives_up_on_a_store_that_does_not_answer(proxied: Store, proxy: Proxy) -> None:
    upload = proxied.start_upload("house/a.dump")
    upload.write(b"x")
    proxy.decide = lambda _method, _path: Fault.STALL
    upload.abort()
    assert proxy.count("DELETE") == 2
    proxy.decide = lambda _method, _path: Fault.NONE
    proxied.abort_upload("house/a.dump", upload.upload_id)
    with pytest.raises(ObjectMissingError):
        proxied.head("house/a.dump")


def test_an_upload_that_somebody_else_ended_says_so(proxied: Store) -> None:
    upload = proxied.start_upload("house/a.dump")
    proxied.abort_upload("house/a.dump", upload.upload_id)
    upload.write(b"x")
    with pytest.raises(StorageUnavailableError, match="ended by somebody else"):
        upload.complete()
