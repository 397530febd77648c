"""boto3 clients with the time limits, retries and checksums that the product relies on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from bot.errors import ConfigurationError
from bot.settings import StorageSettings

if TYPE_CHECKING:
    from botocore.config import _S3Dict
    from mypy_boto3_s3 import S3Client

_CONNECT_TIMEOUT_S = 10.0
_ATTEMPTS = 5
_QUICK_TIMEOUT_S = 3.0


def make_client(settings: StorageSettings, environ: Mapping[str, str]) -> S3Client:
    """A client for everything but clearing up: five attempts with backoff.

    `endpoint_url` may be plain http: the product does not forbid it, and it is meant for loopback and
    for a trusted network (archives would travel readable).

    Raises:
        ConfigurationError: a named credential variable is empty, or the address or region is malformed.
    """
    return _client(settings, environ, _CONNECT_TIMEOUT_S, settings.read_timeout, _ATTEMPTS)


def make_quick_client(settings: StorageSettings, environ: Mapping[str, str]) -> S3Client:
    """A client that gives up after seconds: clearing up must not hold a cancelled run."""
    return _client(settings, environ, _QUICK_TIMEOUT_S, _QUICK_TIMEOUT_S, 1)


def _client(
    settings: StorageSettings, environ: Mapping[str, str], connect_s: float, read_s: float, attempts: int
) -> S3Client:
    access_key = _secret(environ, settings.access_key_env, "access_key_env")
    secret_key = _secret(environ, settings.secret_key_env, "secret_key_env")
    config = Config(
        connect_timeout=connect_s,
        read_timeout=read_s,
        retries={"mode": "standard", "total_max_attempts": attempts},
        request_checksum_calculation=settings.checksums,
        response_checksum_validation=settings.checksums,
        s3=_s3_options(settings),
        tcp_keepalive=True,
        signature_version="s3v4",
    )
    try:
        return boto3.session.Session().client(
            "s3",
            endpoint_url=settings.endpoint_url,
            region_name=settings.region,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            config=config,
        )
    except (ValueError, BotoCoreError) as error:
        raise ConfigurationError(
            "The storage settings are wrong: endpoint_url, region or credentials cannot be used "
            f"({type(error).__name__})."
        ) from None


def _s3_options(settings: StorageSettings) -> _S3Dict:
    options: _S3Dict = {"addressing_style": settings.addressing}
    if settings.checksums == "when_supported":
        # Every part carries its SHA-256 in a signed header. Signing the body too would hash all of it a
        # third time: a quarter of the processor time of an upload (measured).
        options["payload_signing_enabled"] = False
    return options


def _secret(environ: Mapping[str, str], name: str | None, key: str) -> str | None:
    """The value of a named variable; None where boto3's own chain is to look for itself."""
    if name is None:
        return None
    value = environ.get(name)
    if not value:
        raise ConfigurationError(
            f"The environment variable {name}, named by storage.{key}, is empty or not set.",
            next_step=f"Set {name}, or take the line {key} out to use the machine's own credentials.",
        )
    return value
