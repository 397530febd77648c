"""One object written to S3 as its bytes come: hashed, in parts, and visible only when complete."""

from __future__ import annotations

import contextlib
import hashlib
import threading
import uuid
from collections.abc import Mapping
from typing import Any

from bot.errors import AlreadyExistsError, SparewheelError
from bot.storage.interface import ObjectInfo, StoredObject
from bot.storage.parts import LARGEST_OBJECT, PartPlan, too_large
from bot.storage.s3_bucket import MARK, Bucket, b64
from bot.storage.s3_errors import S3_FAILURES, S3Failure, translate
from bot.storage.s3_parts import PartSender, SentPart

_PATIENCE_S = 2.0


class S3Upload:
    """The multipart loop. Memory: the part being filled and two in flight, whatever the stream's length.

    s3transfer is not used: it completes an upload at the end of the stream, also when the stream was
    cut off, refuses IfNoneMatch, and takes ten times the memory.
    """

    def __init__(self, bucket: Bucket, key: str, plan: PartPlan, metadata: Mapping[str, str]) -> None:
        self._bucket = bucket
        self._key = key
        self._plan = plan
        self._mark = uuid.uuid4().hex
        self._upload_id = self._start(metadata)
        self._sender = PartSender(self._send)
        self._aborting = threading.Lock()
        self._whole = hashlib.sha256()
        self._bytes_in = 0
        self._number = 1
        self._part = bytearray()

    @property
    def upload_id(self) -> str:
        """S3's own id of the multipart upload."""
        return self._upload_id

    @property
    def bytes_in(self) -> int:
        """Bytes taken by write() so far."""
        return self._bytes_in

    def write(self, data: bytes) -> None:
        """Hash and hand on; blocks while two parts are in flight.

        Raises:
            StorageError: a part failed; the upload has been aborted then.
        """
        with self._aborted_on_failure():
            self._whole.update(data)
            self._bytes_in += len(data)
            if self._bytes_in > LARGEST_OBJECT:
                raise too_large()
            view = memoryview(data)
            while view:
                size = self._plan.size_of(self._number)
                room = size - len(self._part)
                self._part += view[:room]
                view = view[room:]
                if len(self._part) == size:
                    self._send_on()

    def complete(self) -> StoredObject:
        """Send the rest, make the object appear without overwriting, compare it with what was sent.

        Raises:
            AlreadyExistsError: something lies under the key already.
            StorageMismatchError: the store reports another size or checksum.
            StorageError: anything else; the upload has been aborted then.
        """
        with self._aborted_on_failure():
            if self._part or self._number == 1:
                self._send_on()
            sent = self._sender.drain()
            composite = composite_sha256([part.sha256 for part in sent])
            info = self._appear(sent, composite)
        # From here on the object exists: there is nothing to abort any more.
        self._bucket.compare(info, self._bytes_in, self._accepted(composite))
        return StoredObject(
            key=self._key,
            location=self._bucket.location(self._key),
            version_id=info.version_id,
            size_bytes=self._bytes_in,
            sha256=self._whole.hexdigest(),
            part_sha256s=tuple(b64(part.sha256) for part in sent),
            composite_sha256=info.composite_sha256,
        )

    def abort(self) -> None:
        """Leave nothing behind, within about ten seconds. From any thread; never raises.

        A part in flight may still arrive after an abort (S3's documentation of AbortMultipartUpload), so
        it is sent again once all is quiet. What a store that does not answer keeps, abort_upload() or
        the bucket's own rule for unfinished uploads removes.
        """
        with self._aborting:
            self._abort_once()
            self._sender.stop(_PATIENCE_S)
            self._abort_once()

    def _abort_once(self) -> None:
        with contextlib.suppress(*S3_FAILURES):
            self._bucket.quick_client.abort_multipart_upload(
                Bucket=self._bucket.name, Key=self._key, UploadId=self._upload_id
            )

    @contextlib.contextmanager
    def _aborted_on_failure(self) -> Any:
        try:
            yield
        except S3_FAILURES as error:
            self.abort()
            raise translate(error, "uploading", self._bucket.location(self._key)) from None
        except SparewheelError:
            self.abort()
            raise

    def _start(self, metadata: Mapping[str, str]) -> str:
        options = self._bucket.write_options(metadata, self._mark)
        if self._bucket.knows_sha256:
            options["ChecksumAlgorithm"] = "SHA256"
        with self._bucket.errors("starting an upload", self._key):
            answer = self._bucket.client.create_multipart_upload(
                Bucket=self._bucket.name, Key=self._key, **options
            )
        return answer["UploadId"]

    def _send_on(self) -> None:
        part, self._part = self._part, bytearray()
        self._sender.submit(self._number, part)
        self._number += 1

    def _send(self, number: int, data: bytearray) -> SentPart:
        digest = hashlib.sha256(data).digest()
        answer = self._bucket.client.upload_part(
            Bucket=self._bucket.name,
            Key=self._key,
            UploadId=self._upload_id,
            PartNumber=number,
            Body=data,  # type: ignore[arg-type]  # boto3 takes a bytearray; a copy as bytes would cost memory
            **self._bucket.guard(data, digest),
        )
        return SentPart(number, answer["ETag"], digest)

    def _appear(self, sent: list[SentPart], composite: str) -> ObjectInfo:
        """Complete the upload and look at the result; an answer that was lost is looked up."""
        try:
            answer = self._bucket.client.complete_multipart_upload(
                Bucket=self._bucket.name,
                Key=self._key,
                UploadId=self._upload_id,
                MultipartUpload={"Parts": [self._named(part) for part in sent]},
                IfNoneMatch="*",
            )
        except S3_FAILURES as error:
            return self._own_after_all(error, composite)
        found = self._bucket.head_of_written(self._key, answer.get("VersionId"))
        # SeaweedFS looks for the name first and writes afterwards: of several that complete at the same
        # instant more than one is told that it won (measured). Without versions the last one stays.
        if found.get("Metadata", {}).get(MARK, self._mark) != self._mark:
            raise AlreadyExistsError(
                f"Somebody else wrote to {self._bucket.location(self._key)} at the same instant."
            )
        return self._bucket.info(self._key, found)

    def _named(self, part: SentPart) -> Any:
        named: dict[str, Any] = {"PartNumber": part.number, "ETag": part.etag}
        if self._bucket.knows_sha256:
            named["ChecksumSHA256"] = b64(part.sha256)
        return named

    def _own_after_all(self, error: S3Failure, composite: str) -> ObjectInfo:
        """A retried completion is refused when the first try had succeeded: recognise our own object."""
        doing = "completing the upload"
        try:
            answer = self._bucket.head(self._key, None)
        except S3_FAILURES:
            raise translate(error, doing, self._bucket.location(self._key)) from None
        info = self._bucket.info(self._key, answer)
        same = info.size_bytes == self._bytes_in and answer.get("Metadata", {}).get(MARK) == self._mark
        if same and info.composite_sha256 in {None, *self._accepted(composite)}:
            return info
        raise translate(error, doing, self._bucket.location(self._key)) from None

    def _accepted(self, composite: str) -> frozenset[str]:
        """Stores report the parts' checksum, or (some) the whole's."""
        return frozenset({composite, b64(self._whole.digest())})


def composite_sha256(digests: list[bytes]) -> str:
    """What S3 reports for a multipart object: SHA-256 over the parts' raw digests, and their number."""
    return f"{b64(hashlib.sha256(b''.join(digests)).digest())}-{len(digests)}"
