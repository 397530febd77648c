from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.errors import (
    AlreadyExistsError,
    ConfigurationError,
    ObjectMissingError,
    StorageFullError,
    StorageMismatchError,
    StorageMissingError,
    StorageRefusedError,
)
from bot.storage.interface import Store, StoredObject
from bot.storage.parts import LARGEST_OBJECT
from tests.support.s3 import S3Server

pytestmark = pytest.mark.s3
MIB = 1024**2


def store_bytes(store: Store, key: str, data: bytes) -> StoredObject:
    upload = store.start_upload(key)
    upload.write(data)
    return upload.complete()


def unfinished(s3: S3Server, bucket: str) -> list[object]:
    client = s3.client()
    try:
        return list(client.list_multipart_uploads(Bucket=bucket).get("Uploads", []))
    finally:
        client.close()


def test_the_composite_checksum_is_the_hash_of_the_parts_hashes(s3_store: Store) -> None:
    data = os.urandom(11 * MIB)
    stored = store_bytes(s3_store, "house/a.dump", data)
    digests = [hashlib.sha256(data[at : at + 5 * MIB]).digest() for at in range(0, len(data), 5 * MIB)]
    composite = base64.b64encode(hashlib.sha256(b"".join(digests)).digest()).decode() + "-3"
    assert stored.composite_sha256 == composite
    assert stored.part_sha256s == tuple(base64.b64encode(digest).decode() for digest in digests)
    assert s3_store.head(stored.key, stored.version_id).composite_sha256 == composite


def test_a_forged_object_under_the_same_name_is_not_what_we_read(
    s3_store: Store, s3: S3Server, bucket: str
) -> None:
    stored = store_bytes(s3_store, "house/a.dump", b"ours")
    client = s3.client()
    client.delete_object(Bucket=bucket, Key=stored.key)
    with pytest.raises(ObjectMissingError):
        s3_store.head(stored.key)
    client.put_object(Bucket=bucket, Key=stored.key, Body=b"forgery", IfNoneMatch="*")
    client.close()
    assert s3_store.head(stored.key, stored.version_id).size_bytes == len(b"ours")
    with s3_store.open(stored.key, stored.version_id) as chunks:
        assert b"".join(chunks) == b"ours"
    with s3_store.open(stored.key) as chunks:
        assert b"".join(chunks) == b"forgery"


def test_a_cut_off_or_refused_upload_leaves_no_unfinished_one(
    s3_store: Store, s3: S3Server, bucket: str
) -> None:
    upload = s3_store.start_upload("house/a.dump")
    upload.write(os.urandom(12 * MIB))
    assert len(unfinished(s3, bucket)) == 1
    upload.abort()
    assert unfinished(s3, bucket) == []
    store_bytes(s3_store, "house/a.dump", b"first")
    with pytest.raises(AlreadyExistsError):
        store_bytes(s3_store, "house/a.dump", b"second")
    assert unfinished(s3, bucket) == []


def test_too_large_an_estimate_starts_nothing(s3_store: Store, s3: S3Server, bucket: str) -> None:
    with pytest.raises(StorageFullError):
        s3_store.start_upload("house/a.dump", expected_bytes=LARGEST_OBJECT + 1)
    assert unfinished(s3, bucket) == []


def test_a_wrong_secret_is_refused_in_a_sentence_that_does_not_show_it(
    make_s3_store: Callable[..., Store],
) -> None:
    store = make_s3_store(secret="this-is-a-wrong-secret")
    for act in (
        store.verify_access,
        lambda: store.put("house/a", b""),
        lambda: store.start_upload("house/a"),
        lambda: store.head("house/a"),
        lambda: list(store.list("house/")),
        lambda: store.open("house/a").__enter__(),
        lambda: store.delete("house/a", None),
        lambda: store.abort_upload("house/a", "x"),
    ):
        with pytest.raises(StorageRefusedError) as refused:
            act()
        assert "this-is-a-wrong-secret" not in f"{refused.value} {refused.value.cause}"


def test_a_missing_bucket_is_named_and_never_made(make_s3_store: Callable[..., Store], s3: S3Server) -> None:
    store = make_s3_store(url="s3://no-such-bucket")
    with pytest.raises(StorageMissingError, match="no-such-bucket"):
        store.verify_access()
    with pytest.raises(StorageMissingError, match="no-such-bucket"):
        store.start_upload("house/a")
    client = s3.client()
    assert "no-such-bucket" not in [b["Name"] for b in client.list_buckets()["Buckets"]]
    client.close()


def test_a_store_without_the_newer_checksums_is_guarded_by_md5(make_s3_store: Callable[..., Store]) -> None:
    store = make_s3_store(checksums="when_required")
    stored = store_bytes(store, "house/a.dump", b"x" * 6 * MIB)
    assert stored.composite_sha256 is None
    assert len(stored.part_sha256s) == 2
    assert store.put("house/m.json", b"{}").composite_sha256 is None


@pytest.mark.parametrize("encryption", ["AES256", "none"])
def test_encryption_is_what_the_settings_say(
    make_s3_store: Callable[..., Store], s3: S3Server, bucket: str, encryption: str
) -> None:
    store = make_s3_store(encryption=encryption)
    store_bytes(store, "house/a.dump", b"x")
    store.put("house/m.json", b"{}")
    client = s3.client()
    for key in ("house/a.dump", "house/m.json"):
        found = client.head_object(Bucket=bucket, Key=key).get("ServerSideEncryption", "none")
        assert found == encryption
    client.close()


def test_a_stored_object_of_another_size_is_a_mismatch(s3_store: Store) -> None:
    stored = store_bytes(s3_store, "house/a.dump", b"12345")
    info = s3_store.head(stored.key)
    with pytest.raises(StorageMismatchError, match="6 were sent"):
        s3_store._bucket.compare(info, 6, frozenset({info.composite_sha256 or ""}))
    with pytest.raises(StorageMismatchError, match="checksum"):
        s3_store._bucket.compare(info, 5, frozenset())


def test_a_credential_variable_that_is_not_set_is_named(make_s3_store: Callable[..., Store]) -> None:
    with pytest.raises(ConfigurationError, match="NOT_SET"):
        make_s3_store(secret_key_env="NOT_SET")
    with pytest.raises(ConfigurationError):
        make_s3_store(endpoint_url="not an address")


_STREAM = """
import json, resource, sys
from bot.settings import StorageSettings
from bot.storage.open import open_store
settings, environ = json.loads(sys.stdin.read())
store = open_store(StorageSettings.model_validate(settings), environ)
warm = store.start_upload("house/warm"); warm.write(b"x"); warm.complete()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
block = bytes(range(256)) * 1024
upload = store.start_upload("house/big.dump")
for _ in range(1024**3 // len(block)):
    upload.write(block)
stored = upload.complete()
print(stored.size_bytes, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_a_gigabyte_takes_no_more_memory_than_four_parts(s3: S3Server, bucket: str) -> None:
    settings = {
        "url": f"s3://{bucket}",
        "endpoint_url": s3.endpoint,
        "region": s3.region,
        "access_key_env": "KEY",
        "secret_key_env": "SECRET",
    }
    done = subprocess.run(
        [sys.executable, "-c", _STREAM],
        input=json.dumps([settings, {"KEY": s3.access_key, "SECRET": s3.secret_key}]),
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    size, grown_kib = map(int, done.stdout.split())
    assert size == 1024**3
    assert grown_kib <= 4 * 8 * 1024  # three parts of 8 MiB, and the buffers' slack
