"""Archives in a bucket of Amazon S3 or of any store that speaks it."""

from __future__ import annotations

import contextlib
import hashlib
import uuid
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from bot.errors import ObjectMissingError, StorageMissingError
from bot.settings import StorageSettings
from bot.storage.interface import ObjectInfo, StoredObject
from bot.storage.parts import MIB, plan_parts
from bot.storage.s3_bucket import MARK, Bucket, b64
from bot.storage.s3_errors import S3_FAILURES, S3Failure, translate
from bot.storage.s3_read import open_object
from bot.storage.s3_upload import S3Upload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class S3Store:
    """The Store of bot.storage.interface on S3. Its clients may be shared by threads."""

    def __init__(
        self, settings: StorageSettings, *, bucket: str, client: S3Client, quick_client: S3Client
    ) -> None:
        self._bucket = Bucket(bucket, client, quick_client, settings)

    def location(self, key: str) -> str:
        """`s3://bucket/key`."""
        return self._bucket.location(key)

    def verify_access(self) -> None:
        """Ask for the bucket itself; whether writing is allowed shows only in writing."""
        try:
            with self._bucket.errors("looking at the bucket"):
                self._bucket.client.head_bucket(Bucket=self._bucket.name)
        except ObjectMissingError as error:  # a HEAD has no body, so the code says only 404
            raise StorageMissingError(
                f"The bucket {self.location('')} does not exist.", cause=error.cause
            ) from None

    def start_upload(
        self, key: str, *, expected_bytes: int | None = None, metadata: Mapping[str, str] | None = None
    ) -> S3Upload:
        """Begin a multipart upload; parts are sized so that `expected_bytes` fit with room to spare.

        Raises:
            StorageFullError: the estimate is beyond what one object can hold (nothing was started).
            StorageError: the store refused.
        """
        plan = plan_parts(expected_bytes, self._bucket.settings.part_size_mib * MIB)
        self.verify_access()  # SeaweedFS makes a missing bucket on the first write, unasked
        return S3Upload(self._bucket, key, plan, metadata or {})

    def put(self, key: str, data: bytes) -> StoredObject:
        """Write a small object in one request, never overwriting."""
        mark = uuid.uuid4().hex
        digest = hashlib.sha256(data)
        options: dict[str, Any] = {
            **self._bucket.write_options({}, mark),
            **self._bucket.guard(data, digest.digest()),
        }
        version_id: str | None = None
        try:
            answer = self._bucket.client.put_object(
                Bucket=self._bucket.name, Key=key, Body=data, IfNoneMatch="*", **options
            )
            version_id = answer.get("VersionId")
        except S3_FAILURES as error:
            version_id = self._own_after_all(key, mark, error)
        with self._bucket.errors("looking at an object", key):
            info = self._bucket.info(key, self._bucket.head_of_written(key, version_id))
        self._bucket.compare(info, len(data), frozenset({b64(digest.digest())}))
        return StoredObject(
            key=key,
            location=self.location(key),
            version_id=info.version_id,
            size_bytes=len(data),
            sha256=digest.hexdigest(),
            composite_sha256=info.composite_sha256,
        )

    def head(self, key: str, version_id: str | None = None) -> ObjectInfo:
        """What is there. Raises ObjectMissingError."""
        with self._bucket.errors("looking at an object", key):
            return self._bucket.info(key, self._bucket.head(key, version_id))

    def open(self, key: str, version_id: str | None = None) -> AbstractContextManager[Iterator[bytes]]:
        """The object's bytes in chunks of at most 1 MiB, taken up again where a connection broke."""
        return open_object(self._bucket, key, version_id)

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Every current object under the prefix, in key order; `version_id` is not known here."""
        pages = self._bucket.client.get_paginator("list_objects_v2")
        with self._bucket.errors("listing", prefix):
            for page in pages.paginate(Bucket=self._bucket.name, Prefix=prefix):
                for item in page.get("Contents", []):
                    yield ObjectInfo(item["Key"], None, item["Size"], item["LastModified"])

    def delete(self, key: str, version_id: str | None) -> None:
        """Remove exactly this version. Gone already is fine."""
        options: dict[str, Any] = {} if version_id is None else {"VersionId": version_id}
        with (
            contextlib.suppress(ObjectMissingError),
            self._bucket.errors("deleting", key),
        ):
            self._bucket.client.delete_object(Bucket=self._bucket.name, Key=key, **options)

    def abort_upload(self, key: str, upload_id: str) -> None:
        """Abort a dead worker's upload. Gone already is fine; other failures are raised."""
        try:
            self._bucket.client.abort_multipart_upload(Bucket=self._bucket.name, Key=key, UploadId=upload_id)
        except S3_FAILURES as error:
            if "NoSuchUpload" not in str(error):
                raise translate(error, "ending an unfinished upload", self.location(key)) from None

    def _own_after_all(self, key: str, mark: str, error: S3Failure) -> str | None:
        """The version of our own object, where only the answer to its writing was lost."""
        try:
            answer = self._bucket.head(key, None)
        except S3_FAILURES:
            raise translate(error, "writing", self.location(key)) from None
        if answer.get("Metadata", {}).get(MARK) != mark:
            raise translate(error, "writing", self.location(key)) from None
        return answer.get("VersionId")
