"""What boto3 raises, said as one of the product's own storage errors."""

from __future__ import annotations

from botocore import exceptions as boto
from botocore.exceptions import BotoCoreError, ClientError

from bot.errors import (
    AlreadyExistsError,
    ObjectMissingError,
    StorageError,
    StorageFullError,
    StorageMismatchError,
    StorageMissingError,
    StorageRefusedError,
    StorageUnavailableError,
)

S3_FAILURES = (BotoCoreError, ClientError)
S3Failure = BotoCoreError | ClientError

_MISSING_OBJECT = {"NoSuchKey", "NoSuchVersion", "404", "MethodNotAllowed", "405"}
_ANOTHER = {"PreconditionFailed", "412"}
_TAKEN = {*_ANOTHER, "ConditionalRequestConflict", "409"}
_CHANGED = {"BadDigest", "InvalidDigest", "XAmzContentChecksumMismatch", "XAmzContentSHA256Mismatch"}
_BUSY = {"SlowDown", "Throttling", "ThrottlingException", "RequestTimeout", "RequestLimitExceeded", "429"}

# Codes or HTTP statuses; the error; its sentence; what to do (None: the class's own next step).
_STORE_ERRORS: tuple[tuple[frozenset[str], type[StorageError], str, str | None], ...] = (
    (frozenset({"NoSuchBucket"}), StorageMissingError, "The bucket of {place} does not exist.", None),
    (
        frozenset({"PermanentRedirect", "TemporaryRedirect", "IllegalLocationConstraintException", "301"}),
        StorageMissingError,
        "The bucket of {place} lies in another region than the configured one.",
        "Put the bucket's region into `[storage] region`.",
    ),
    (
        frozenset({"RequestTimeTooSkewed", "RequestExpired"}),
        StorageRefusedError,
        "The store refused access while {doing}: this machine's clock is wrong.",
        "Set the clock (NTP), then ask again.",
    ),
    (
        frozenset({
            "BucketQuotaExceeded", "EntityTooLarge", "InsufficientCapacity", "InsufficientStorage",
            "QuotaExceeded", "ServiceQuotaExceeded", "StorageFull", "XMinioAdminBucketQuotaExceeded",
            "XMinioStorageFull", "507",
        }),
        StorageFullError,
        "The store has no space or quota left for {place}.",
        None,
    ),
    (
        frozenset({
            "AccessDenied", "AllAccessDisabled", "AuthorizationHeaderMalformed", "ExpiredToken",
            "InvalidAccessKeyId", "InvalidToken", "KMS", "SignatureDoesNotMatch", "401", "403",
        }),
        StorageRefusedError,
        "The store refused access while {doing} at {place}.",
        None,
    ),
    (
        frozenset({"InvalidArgument", "InvalidRequest", "MalformedTrailerError", "NotImplemented", "501"}),
        StorageError,
        "The store does not know how to do this: {doing} at {place}.",
        'Try `checksums = "when_required"` or `encryption = "none"` under `[storage]`.',
    ),
)  # fmt: skip

_HTTP_SERVER_ERROR = 500
_HTTP_SPEAKS_FOR_ITSELF = {501, 507}
_LONGEST_CAUSE = 300


def code_of(error: S3Failure) -> str:
    """The error code that the store gave, or the name of the client library's error."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", ""))
    return type(error).__name__


def is_missing(error: S3Failure) -> bool:
    """Whether the store says that there is no such object or version."""
    return code_of(error) in _MISSING_OBJECT


def is_another(error: S3Failure) -> bool:
    """Whether what was asked for by its ETag is not there any more, and something else is."""
    return code_of(error) in _ANOTHER


def translate(error: S3Failure, doing: str, place: str) -> StorageError:
    """One error of boto3 -> the product's own. The cause holds the store's words, never a credential.

    Args:
        error: what boto3 raised, its retries being over.
        doing: what was tried, as in "While {doing}".
        place: the bucket's or object's address, for the sentence.
    """
    if isinstance(error, ClientError):
        return _answered(error, doing, place)
    return _unanswered(error, doing, place)


def _answered(error: ClientError, doing: str, place: str) -> StorageError:
    code = code_of(error)
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    message = str(error.response.get("Error", {}).get("Message", ""))
    cause = f"HTTP {status} {code}: {message}"[:_LONGEST_CAUSE]
    return _object_error(code, place, cause) or _store_error(code, status, doing, place, cause)


def _object_error(code: str, place: str, cause: str) -> StorageError | None:
    """What concerns one object only."""
    if code in _MISSING_OBJECT:
        return ObjectMissingError(f"There is nothing at {place} (any more).", cause=cause)
    if code in _TAKEN:
        return AlreadyExistsError(f"Something lies at {place} already; it was not touched.", cause=cause)
    if code in _CHANGED:
        return StorageMismatchError(f"What reached {place} is not what was sent.", cause=cause)
    if code == "NoSuchUpload":
        return StorageUnavailableError(
            f"The unfinished upload to {place} was ended by somebody else or by the store's own rules.",
            cause=cause,
        )
    if code == "InvalidObjectState":
        return StorageUnavailableError(
            f"{place} lies in a cold storage class and has to be thawed before it can be read.",
            next_step="Start its restore in the store's console, wait until it is done, and ask again.",
            cause=cause,
        )
    return None


def _store_error(code: str, status: int, doing: str, place: str, cause: str) -> StorageError:
    """What concerns the bucket, the credentials or the store as a whole."""
    if code in _BUSY or (status >= _HTTP_SERVER_ERROR and status not in _HTTP_SPEAKS_FOR_ITSELF):
        return _unavailable(doing, place, cause)
    name = "KMS" if code.startswith("KMS.") else code
    for codes, error_class, sentence, next_step in _STORE_ERRORS:
        if name in codes or str(status) in codes:
            return error_class(sentence.format(doing=doing, place=place), next_step=next_step, cause=cause)
    return StorageError(
        f"The store did not accept this: {doing} at {place}.",
        next_step="Read the detail in the thread and look at the store's settings.",
        cause=cause,
    )


def _unanswered(error: BotoCoreError, doing: str, place: str) -> StorageError:
    # Messages of these errors may carry whole URLs; the name of the class says enough.
    cause = type(error).__name__
    credentials = (
        boto.NoCredentialsError,
        boto.PartialCredentialsError,
        boto.CredentialRetrievalError,
        boto.NoAuthTokenError,
        boto.TokenRetrievalError,
    )
    if isinstance(error, credentials):
        return StorageRefusedError(
            f"No usable credentials for {place} were found.",
            next_step="Put them into the environment variables that `[storage]` names.",
            cause=cause,
        )
    if isinstance(error, boto.SSLError):
        return StorageUnavailableError(
            f"The TLS connection failed while {doing} at {place}.",
            next_step="Look at the store's certificate and at `[storage] endpoint_url`.",
            cause=cause,
        )
    if isinstance(error, boto.FlexibleChecksumError):
        return StorageMismatchError(f"What came back from {place} is not what was stored.", cause=cause)
    if isinstance(error, boto.ParamValidationError | boto.InvalidRegionError | boto.DataNotFoundError):
        return StorageError(f"The storage settings do not fit: {doing} at {place}.", cause=cause)
    return _unavailable(doing, place, cause)


def _unavailable(doing: str, place: str, cause: str) -> StorageError:
    return StorageUnavailableError(
        f"The store did not answer, or failed, again and again while {doing} at {place}.", cause=cause
    )
