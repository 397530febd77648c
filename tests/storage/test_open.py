from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import ConfigurationError
from bot.settings import StorageSettings
from bot.storage.filesystem import FolderStore
from bot.storage.open import open_store
from bot.storage.s3 import S3Store


def test_a_folders_address_opens_a_folder_spaces_and_all(tmp_path: Path) -> None:
    folder = tmp_path / "my archives"
    folder.mkdir()
    store = open_store(StorageSettings(url=folder.as_uri()), {})
    assert isinstance(store, FolderStore)
    store.put("house/a", b"x")
    assert (folder / "house/a").read_bytes() == b"x"
    assert store.location("house/a") == (folder / "house/a").as_uri()


def test_a_buckets_address_opens_s3_and_contacts_nobody() -> None:
    store = open_store(StorageSettings(url="s3://archives/", region="us-east-1"), {})
    assert isinstance(store, S3Store)
    assert store.location("a/b") == "s3://archives/a/b"


def test_an_empty_credential_is_named() -> None:
    settings = StorageSettings(url="s3://archives", access_key_env="THE_KEY")
    with pytest.raises(ConfigurationError, match="THE_KEY"):
        open_store(settings, {"THE_KEY": ""})
