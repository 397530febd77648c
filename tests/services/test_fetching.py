"""An archive that is fetched back: into a folder of one's own, and never more of it than there should be."""

from __future__ import annotations

import hashlib
import logging
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.finding import Finding
from bot.core.manifest import Archive
from bot.errors import CancelledError
from bot.services import fetching
from bot.settings import StorageSettings
from bot.storage.filesystem import FolderStore
from bot.storage.interface import Store
from bot.storage.open import open_store

MIB = 1024**2
DATA = b"an archive" * 1000


@pytest.fixture
def store(tmp_path: Path) -> Store:
    folder = tmp_path / "store"
    folder.mkdir()
    return open_store(StorageSettings(url=f"file://{folder}"), {})


@pytest.fixture
def archive(store: Store) -> Archive:
    stored = store.put("house/a.dump", DATA)
    return Archive(
        key=stored.key,
        location=stored.location,
        version_id=stored.version_id,
        size_bytes=len(DATA),
        sha256=hashlib.sha256(DATA).hexdigest(),
        part_sha256s=(),
        composite_sha256=None,
        format="custom",
        compression="none",
    )


def lies_at(store: Store, archive: Archive) -> Path:
    assert isinstance(store, FolderStore)
    return Path(archive.location.removeprefix("file://"))


def rule(said: object) -> str:
    assert isinstance(said, Finding)
    return said.rule


def test_the_right_bytes_are_written(store: Store, archive: Archive, tmp_path: Path) -> None:
    heard: list[int] = []
    fetched = fetching.fetch(store, archive, tmp_path / "a", on_bytes=heard.append)
    assert isinstance(fetched, fetching.Fetched)
    assert fetched.path.read_bytes() == DATA
    assert (sum(heard), fetched.path.stat().st_mode & 0o777) == (len(DATA), 0o600)


def test_what_is_longer_than_it_may_be_does_not_fill_the_disk(
    store: Store, archive: Archive, tmp_path: Path
) -> None:
    with lies_at(store, archive).open("r+b") as file:
        file.truncate(64 * MIB)
    target, heard = tmp_path / "a", list[int]()
    assert rule(fetching.fetch(store, archive, target, on_bytes=heard.append)) == "ARCHIVE_SIZE_DIFFERS"
    assert target.stat().st_size <= archive.size_bytes
    assert sum(heard) <= archive.size_bytes + MIB


def test_other_bytes_of_the_same_length(store: Store, archive: Archive, tmp_path: Path) -> None:
    lies_at(store, archive).write_bytes(DATA[::-1])
    said = fetching.fetch(store, archive, tmp_path / "a", on_bytes=lambda _: None)
    assert rule(said) == "ARCHIVE_HASH_DIFFERS"


def test_nothing_there(store: Store, archive: Archive, tmp_path: Path) -> None:
    gone = replace(archive, key="house/b.dump")
    assert rule(fetching.fetch(store, gone, tmp_path / "a", on_bytes=lambda _: None)) == "ARCHIVE_MISSING"


def test_a_file_that_is_there_is_not_written_over(store: Store, archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"somebody's")
    assert rule(fetching.fetch(store, archive, tmp_path / "a", on_bytes=lambda _: None)) == "FETCH_FAILED"
    assert (tmp_path / "a").read_bytes() == b"somebody's"


def test_a_stop_goes_through(store: Store, archive: Archive, tmp_path: Path) -> None:
    def stop(_: int) -> None:
        raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        fetching.fetch(store, archive, tmp_path / "a", on_bytes=stop)


def test_what_a_dead_test_left_is_no_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left = fetching._parent() / "left"
    left.mkdir(parents=True)
    (left / "lock").touch()
    with caplog.at_level(logging.INFO):
        assert fetching.sweep() == 1
    assert not left.exists()
    assert [(one.levelname, str(left) in one.getMessage()) for one in caplog.records] == [("INFO", True)]
