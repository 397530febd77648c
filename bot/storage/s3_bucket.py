"""One bucket with what is needed to talk to it, shared by the store, its uploads and its readers."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from bot.errors import StorageMismatchError
from bot.settings import StorageSettings
from bot.storage.interface import ObjectInfo
from bot.storage.s3_errors import S3_FAILURES, is_missing, translate

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef

# Every write carries a mark of its own in the metadata: it tells our object from a stranger's when a
# write succeeded but its answer was lost.
MARK = "sparewheel-write"


def b64(digest: bytes) -> str:
    """A digest the way S3 writes it."""
    return base64.b64encode(digest).decode("ascii")


@dataclass(frozen=True)
class Bucket:
    """A bucket, the two clients and the options of every write."""

    name: str
    client: S3Client
    quick_client: S3Client
    settings: StorageSettings

    @property
    def knows_sha256(self) -> bool:
        """Whether the store may be sent S3's newer checksums; if not, MD5 guards the way there."""
        return self.settings.checksums == "when_supported"

    def location(self, key: str) -> str:
        """`s3://bucket/key`."""
        return f"s3://{self.name}/{key}"

    @contextmanager
    def errors(self, doing: str, key: str = "") -> Iterator[None]:
        """Translate what boto3 raises inside."""
        try:
            yield
        except S3_FAILURES as error:
            raise translate(error, doing, self.location(key)) from None

    def write_options(self, metadata: Mapping[str, str], mark: str) -> dict[str, Any]:
        """Metadata and encryption for a new object."""
        options: dict[str, Any] = {"Metadata": {**metadata, MARK: mark}}
        if self.settings.encryption != "none":
            options["ServerSideEncryption"] = self.settings.encryption
        if self.settings.encryption == "aws:kms" and self.settings.kms_key_id:
            options["SSEKMSKeyId"] = self.settings.kms_key_id
        return options

    def guard(self, data: bytes | bytearray, digest: bytes) -> dict[str, Any]:
        """The checksum by which the server refuses what changed on its way. `digest` is data's SHA-256."""
        if self.knows_sha256:
            return {"ChecksumSHA256": b64(digest)}
        return {"ContentMD5": b64(hashlib.md5(data, usedforsecurity=False).digest())}

    def head(self, key: str, version_id: str | None) -> HeadObjectOutputTypeDef:
        """HEAD with the stored checksum. boto3's own errors come through untranslated."""
        options: dict[str, Any] = {"ChecksumMode": "ENABLED"} if self.knows_sha256 else {}
        if version_id is not None:
            options["VersionId"] = version_id
        return self.client.head_object(Bucket=self.name, Key=key, **options)

    def head_of_written(self, key: str, version_id: str | None) -> HeadObjectOutputTypeDef:
        """head() of what the store has just said it took.

        Raises:
            StorageMismatchError: there is nothing.
        """
        try:
            return self.head(key, version_id)
        except ClientError as error:
            if not is_missing(error):
                raise
            sentence = f"The store said that it took {self.location(key)}, and there is nothing."
            raise StorageMismatchError(sentence) from None

    def info(self, key: str, answer: HeadObjectOutputTypeDef) -> ObjectInfo:
        """A HEAD's answer in the product's words."""
        return ObjectInfo(
            key=key,
            version_id=answer.get("VersionId"),
            size_bytes=answer["ContentLength"],
            modified_at=answer["LastModified"],
            composite_sha256=answer.get("ChecksumSHA256"),
        )

    def compare(self, info: ObjectInfo, size_bytes: int, accepted: frozenset[str]) -> None:
        """Hold what the store reports against what was sent.

        Raises:
            StorageMismatchError: another size, or a checksum that is not among the accepted ones.
        """
        if info.size_bytes != size_bytes:
            raise StorageMismatchError(
                f"{self.location(info.key)} holds {info.size_bytes} bytes, and {size_bytes} were sent."
            )
        if info.composite_sha256 is not None and info.composite_sha256 not in accepted:
            raise StorageMismatchError(f"{self.location(info.key)} has another checksum than what was sent.")
