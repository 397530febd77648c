"""What both stores promise, held against each of them."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import AlreadyExistsError, ObjectMissingError, StorageError
from bot.storage.interface import Store, StoredObject

MIB = 1024**2


def read(store: Store, key: str, version_id: str | None = None) -> bytes:
    with store.open(key, version_id) as chunks:
        return b"".join(chunks)


def write(store: Store, key: str, data: bytes) -> None:
    upload = store.start_upload(key)
    upload.write(data)
    upload.complete()


@pytest.mark.parametrize("size", [0, 1, 5 * MIB, 10 * MIB, 17 * MIB + 3])
def test_what_was_written_comes_back(store: Store, size: int) -> None:
    data = os.urandom(size)
    upload = store.start_upload("house/a.dump", expected_bytes=size, metadata={"id": "abc"})
    assert upload.upload_id
    for start in range(0, size, 700_001):
        upload.write(data[start : start + 700_001])
    assert upload.bytes_in == size
    stored = upload.complete()
    assert (stored.key, stored.size_bytes) == ("house/a.dump", size)
    assert stored.sha256 == hashlib.sha256(data).hexdigest()
    assert stored.location == store.location("house/a.dump")
    with store.open(stored.key, stored.version_id) as chunks:
        pieces = list(chunks)
    assert b"".join(pieces) == data
    assert all(len(piece) <= MIB for piece in pieces)


def test_a_small_object_is_put_at_once_and_never_overwritten(store: Store) -> None:
    stored = store.put("house/m.json", b"{}")
    assert stored.sha256 == hashlib.sha256(b"{}").hexdigest()
    with pytest.raises(AlreadyExistsError):
        store.put("house/m.json", b"other")
    assert read(store, "house/m.json") == b"{}"


def test_head_says_what_is_there(store: Store) -> None:
    stored = store.put("house/m.json", b"12345")
    info = store.head("house/m.json", stored.version_id)
    assert (info.key, info.size_bytes, info.version_id) == ("house/m.json", 5, stored.version_id)
    assert abs(info.modified_at - datetime.now(UTC)) < timedelta(days=1)


def test_what_is_not_there_is_said_to_be_missing(store: Store) -> None:
    with pytest.raises(ObjectMissingError):
        store.head("house/none")
    with pytest.raises(ObjectMissingError):
        read(store, "house/none")
    store.delete("house/none", None)


def test_a_list_holds_what_is_under_the_prefix_in_key_order(store: Store) -> None:
    for key in ("house/b/2", "house/a-1", "house/a/1", "house/b.json", "other/x"):
        store.put(key, key.encode())
    assert [info.key for info in store.list("house/")] == [
        "house/a-1",
        "house/a/1",
        "house/b.json",
        "house/b/2",
    ]
    assert [info.key for info in store.list("house/b")] == ["house/b.json", "house/b/2"]
    assert list(store.list("nothing/here/")) == []


def test_nothing_is_visible_before_it_is_complete(store: Store) -> None:
    upload = store.start_upload("house/cut.dump")
    upload.write(os.urandom(12 * MIB))
    assert list(store.list("")) == []
    with pytest.raises(ObjectMissingError):
        store.head("house/cut.dump")
    upload.abort()
    upload.abort()
    assert list(store.list("")) == []


def test_after_an_abort_nothing_is_taken_any_more(store: Store) -> None:
    upload = store.start_upload("house/cut.dump")
    upload.abort()
    with pytest.raises(StorageError, match="given up"):
        upload.complete()
    assert list(store.list("")) == []


def test_an_abort_after_completion_harms_nothing(store: Store) -> None:
    upload = store.start_upload("house/a")
    upload.write(b"kept")
    upload.complete()
    upload.abort()
    store.abort_upload("house/a", upload.upload_id)
    assert read(store, "house/a") == b"kept"


def test_a_dead_workers_upload_can_be_aborted_by_its_id_and_twice(store: Store) -> None:
    upload = store.start_upload("house/dead.dump")
    upload.write(b"x" * 6 * MIB)
    store.abort_upload("house/dead.dump", upload.upload_id)
    store.abort_upload("house/dead.dump", upload.upload_id)
    with pytest.raises(StorageError):
        upload.complete()
    assert list(store.list("")) == []


def test_an_upload_never_overwrites(store: Store) -> None:
    write(store, "house/a", b"first")
    with pytest.raises(AlreadyExistsError):
        write(store, "house/a", b"second")
    assert read(store, "house/a") == b"first"


def race_of_twenty(act: Callable[[int], StoredObject]) -> dict[int, StoredObject]:
    """Everybody who was told that they won, with what they were told."""

    def one(number: int) -> tuple[int, StoredObject | None]:
        try:
            return number, act(number)
        except AlreadyExistsError:
            return number, None

    with ThreadPoolExecutor(20) as threads:
        return {number: stored for number, stored in threads.map(one, range(20)) if stored}


def test_of_twenty_who_put_the_same_key_one_wins(store: Store) -> None:
    gate = threading.Barrier(20)

    def put(number: int) -> StoredObject:
        gate.wait()
        return store.put("house/race", str(number).encode())

    winners = race_of_twenty(put)
    assert [read(store, "house/race")] == [str(number).encode() for number in winners]


def test_of_twenty_who_upload_the_same_key_nobody_loses_what_they_were_promised(store: Store) -> None:
    gate = threading.Barrier(20)

    def upload(number: int) -> StoredObject:
        upload = store.start_upload("house/race")
        upload.write(str(number).encode())
        gate.wait()
        return upload.complete()

    winners = race_of_twenty(upload)
    assert winners
    for number, stored in winners.items():
        assert read(store, stored.key, stored.version_id) == str(number).encode()


def test_a_deleted_object_is_gone_and_deleting_it_again_is_fine(store: Store) -> None:
    stored = store.put("house/m.json", b"{}")
    store.delete(stored.key, stored.version_id)
    store.delete(stored.key, stored.version_id)
    with pytest.raises(ObjectMissingError):
        store.head(stored.key)


def test_a_store_that_is_there_is_found_accessible(store: Store) -> None:
    store.verify_access()
