"""Where archives live."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, model_validator

from bot.settings.fields import Part, Seconds


class ReaderSettings(Part):
    """Credentials that may read archives and nothing else, for restore tests."""

    access_key_env: str
    secret_key_env: str


class StorageSettings(Part):
    """One place for archives: an S3 bucket or a folder."""

    url: str
    root: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]*$")] = "sparewheel"
    encryption: Literal["AES256", "aws:kms", "none"] = "AES256"
    kms_key_id: str | None = None
    endpoint_url: str | None = None
    region: str | None = None
    access_key_env: str | None = None
    secret_key_env: str | None = None
    checksums: Literal["when_supported", "when_required"] = "when_supported"
    addressing: Literal["auto", "path", "virtual"] = "auto"
    read_timeout: Seconds = 20.0
    part_size_mib: Annotated[int, Field(ge=5, le=64)] = 8
    reader: ReaderSettings | None = None

    @model_validator(mode="after")
    def _known_scheme(self) -> StorageSettings:
        if not re.match(r"^(s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/?$|file:///)", self.url):
            raise ValueError("url must be s3://BUCKET or file:///FOLDER")
        return self
