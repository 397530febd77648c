"""Stores on real parts: a folder, and a fresh bucket of the S3 server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.settings import StorageSettings
from bot.storage.interface import Store
from bot.storage.open import open_store
from tests.support.proxy import Proxy, faulty_proxy
from tests.support.s3 import S3Server


@pytest.fixture
def make_s3_store(s3: S3Server, bucket: str) -> Callable[..., Store]:
    """`make_s3_store(secret=…, **settings)` -> a store in the test's bucket."""

    def make(*, secret: str = s3.secret_key, **settings: object) -> Store:
        values = {
            "url": f"s3://{bucket}",
            "endpoint_url": s3.endpoint,
            "region": s3.region,
            "access_key_env": "KEY",
            "secret_key_env": "SECRET",
            "part_size_mib": 5,
            **settings,
        }
        return open_store(StorageSettings.model_validate(values), {"KEY": s3.access_key, "SECRET": secret})

    return make


@pytest.fixture
def s3_store(make_s3_store: Callable[..., Store]) -> Store:
    return make_s3_store()


@pytest.fixture
def folder_store(tmp_path: Path) -> Store:
    return open_store(StorageSettings(url=tmp_path.as_uri()), {})


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.s3)])
def store(request: pytest.FixtureRequest) -> Store:
    """Each real implementation in turn."""
    made: Store = request.getfixturevalue(f"{request.param}_store")
    return made


@pytest.fixture
def proxy(s3: S3Server) -> Iterator[Proxy]:
    """A proxy in front of the S3 server that breaks what the test tells it to."""
    with faulty_proxy(s3.endpoint) as proxy:
        yield proxy
