from __future__ import annotations

import os
import resource
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.errors import (
    AlreadyExistsError,
    ObjectMissingError,
    StorageError,
    StorageFullError,
    StorageMismatchError,
    StorageMissingError,
    StorageRefusedError,
)
from bot.storage.filesystem import FolderStore
from bot.storage.interface import Store

MIB = 1024**2


def everything(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())


def test_files_and_folders_are_for_this_user_only(folder_store: Store, tmp_path: Path) -> None:
    folder_store.put("house/a/b", b"x")
    assert stat.S_IMODE((tmp_path / "house/a/b").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "house").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "house/a").stat().st_mode) == 0o700


def test_only_the_finished_file_stays(folder_store: Store, tmp_path: Path) -> None:
    upload = folder_store.start_upload("house/a")
    upload.write(b"x")
    assert everything(tmp_path) == [f"house/{upload.upload_id}"]
    assert list(folder_store.list("")) == []
    upload.complete()
    assert everything(tmp_path) == ["house/a"]
    second = folder_store.start_upload("house/a")
    with pytest.raises(AlreadyExistsError):
        second.complete()
    assert everything(tmp_path) == ["house/a"]


@pytest.mark.parametrize(
    "key",
    ["../out", "house/..", "house/../../out", "/etc/out", "house//a", "house/./a", "", "a\0b", "house/"],
)
def test_no_key_leads_out_of_the_folder(tmp_path: Path, key: str) -> None:
    folder = tmp_path / "store"
    folder.mkdir()
    store = FolderStore(folder)
    (tmp_path / "out").write_text("outside")
    for act in (store.put, lambda k, _: store.head(k), lambda k, _: store.delete(k, None)):
        with pytest.raises(StorageRefusedError, match="does not stay inside"):
            act(key, b"x")
    assert everything(tmp_path) == ["out"]


def test_no_link_leads_out_of_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    folder.mkdir()
    (tmp_path / "secret").write_text("outside")
    (folder / "link").symlink_to(tmp_path)
    (folder / "file").symlink_to(tmp_path / "secret")
    store = FolderStore(folder)
    with pytest.raises(StorageRefusedError):
        store.head("link/secret")
    with pytest.raises(ObjectMissingError):
        store.open("file").__enter__()
    with pytest.raises(ObjectMissingError):
        store.head("file")
    with pytest.raises(AlreadyExistsError):
        store.put("file", b"x")
    assert list(store.list("")) == []
    assert list(store.list("link/")) == []
    assert (tmp_path / "secret").read_text() == "outside"


def test_only_an_unfinished_uploads_name_can_be_aborted(folder_store: Store, tmp_path: Path) -> None:
    folder_store.put("house/a", b"x")
    for name in ("a", "../../out", ""):
        with pytest.raises(StorageError):
            folder_store.abort_upload("house/b", name)
    assert everything(tmp_path) == ["house/a"]


def test_a_file_that_lost_its_end_on_the_disk_is_a_mismatch(folder_store: Store, tmp_path: Path) -> None:
    upload = folder_store.start_upload("house/a")
    upload.write(b"12345")
    os.truncate(tmp_path / "house" / upload.upload_id, 4)
    with pytest.raises(StorageMismatchError, match="holds 4 bytes, and 5 were sent"):
        upload.complete()


def test_a_missing_folder_is_never_made(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "not mounted")
    for act in (store.verify_access, lambda: store.put("a", b""), lambda: list(store.list(""))):
        with pytest.raises(StorageMissingError, match="does not exist") as missing:
            act()
        assert "mkdir" in missing.value.next_step
    assert list(tmp_path.iterdir()) == []


def test_a_version_is_never_there(folder_store: Store) -> None:
    folder_store.put("house/a", b"x")
    with pytest.raises(ObjectMissingError):
        folder_store.head("house/a", "v1")
    with pytest.raises(ObjectMissingError):
        folder_store.open("house/a", "v1").__enter__()
    folder_store.delete("house/a", "v1")
    assert folder_store.head("house/a").size_bytes == 1


_AS_NOBODY = """
import os, sys
from pathlib import Path
from bot.errors import StorageRefusedError
from bot.storage.filesystem import FolderStore
if os.getuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
store = FolderStore(Path(sys.argv[1]))
for act in (store.verify_access, lambda: store.put("a", b"")):
    try:
        act()
    except StorageRefusedError as error:
        print(error.rule)
"""


def test_a_folder_that_may_not_be_written_is_refused() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _AS_NOBODY, "/usr"],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout.split() == ["storage-refused", "storage-refused"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MiB where mounting is allowed; else files of at most 2 MiB."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", tmp_path], check=False, capture_output=True
    )
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    if mounted.returncode != 0:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2 * MIB, hard))
    yield tmp_path
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    if mounted.returncode == 0:
        subprocess.run(["umount", tmp_path], check=True)


@pytest.mark.faults
def test_a_full_disk_is_said_to_be_full_and_nothing_stays(small_disk: Path) -> None:
    store = FolderStore(small_disk)
    upload = store.start_upload("house/a")
    with pytest.raises(StorageFullError):
        upload.write(os.urandom(3 * MIB))
    assert everything(small_disk) == []
    with pytest.raises(StorageError, match="given up"):
        upload.complete()
