"""Reads an object of S3 in chunks, and goes on where a broken connection stopped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError, ReadTimeoutError

from bot.errors import StorageMismatchError
from bot.storage.parts import MIB
from bot.storage.s3_bucket import Bucket
from bot.storage.s3_errors import S3Failure, is_another, translate

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef

# botocore retries a request, but not a body that breaks off while it is read (a body shorter than its
# announced length is an IncompleteReadError).
_BROKEN = (HTTPClientError, IncompleteReadError, ReadTimeoutError)
_TRIES_WITHOUT_PROGRESS = 4


@contextmanager
def open_object(bucket: Bucket, key: str, version_id: str | None) -> Iterator[Iterator[bytes]]:
    """The object's bytes in chunks of at most 1 MiB.

    Raises:
        ObjectMissingError: on entering; other StorageError subclasses also while reading.
    """
    reader = _Reader(bucket, key, version_id)
    try:
        yield reader.chunks()
    finally:
        reader.close()


class _Reader:
    """One object at one version, with the place that reading has reached."""

    def __init__(self, bucket: Bucket, key: str, version_id: str | None) -> None:
        self._bucket = bucket
        self._key = key
        self._options: dict[str, Any] = {} if version_id is None else {"VersionId": version_id}
        self._place = 0
        self._answer = self._get()
        # Going on inside another object that took the name meanwhile would mix the two.
        self._options["IfMatch"] = self._answer["ETag"]

    def chunks(self) -> Iterator[bytes]:
        """The bytes, each place of the object once."""
        tries = 0
        while True:
            try:
                chunk = self._answer["Body"].read(MIB)
            except _BROKEN as error:
                tries += 1
                if tries > _TRIES_WITHOUT_PROGRESS:
                    raise self._translated(error) from None
                self.close()
                self._answer = self._get()
                continue
            if not chunk:
                return
            tries = 0
            self._place += len(chunk)
            yield chunk

    def close(self) -> None:
        """Give the connection up."""
        self._answer["Body"].close()

    def _get(self) -> GetObjectOutputTypeDef:
        options = dict(self._options)
        if self._place:
            options["Range"] = f"bytes={self._place}-"
        try:
            return self._bucket.client.get_object(Bucket=self._bucket.name, Key=self._key, **options)
        except (ClientError, HTTPClientError) as error:
            raise self._translated(error) from None

    def _translated(self, error: S3Failure) -> Exception:
        if is_another(error):
            place = self._bucket.location(self._key)
            return StorageMismatchError(f"Something else took the place of {place} while it was read.")
        return translate(error, "reading", self._bucket.location(self._key))
