"""What lies in storage is broken: the whole restore test says so, under the rule meant for it."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bot.app import House
from bot.core.backup import BackupRecord
from bot.core.finding import Finding, Severity
from bot.core.verdict import Verdict
from bot.sandbox.embedded.servers import LEDGER, EmbeddedServers
from tests.support.house import (
    Plan,
    back_up,
    folder_storage,
    note_manifest,
    open_house,
    prove,
    s3_environ,
    s3_storage,
)
from tests.support.s3 import S3Server
from tests.support.servers import Database, Server, empty_database

TOML = 'staging_url_env = "TEST_STAGING"\nfingerprints = "all"'
TABLES = "create table loads as select n, md5(n::text) as body from generate_series(1, 3000) n"


@dataclass(frozen=True)
class Stored:
    """Two healthy backups of one database, the older with fewer rows, and one of another database."""

    house: House
    folder: Path
    older: BackupRecord
    newer: BackupRecord
    other: BackupRecord

    def archive(self, record: BackupRecord) -> Path:
        (found,) = self.folder.rglob(f"*{record.id}.dump")
        return found

    def manifest(self, record: BackupRecord) -> Path:
        (found,) = self.folder.rglob(f"*{record.id}.json")
        return found


@pytest.fixture(scope="session")
def stored(
    embedded: EmbeddedServers,
    ledger_server: Server,
    migrated_ledger: str,
    postgres17: Server,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stored]:
    folder = tmp_path_factory.mktemp("stored")
    with (
        empty_database(postgres17) as source,
        empty_database(postgres17) as another,
        empty_database(ledger_server, LEDGER, like=migrated_ledger) as own,
    ):
        plan = Plan(
            {"small": source.url, "another": another.url},
            {"small": TOML, "another": TOML},
            folder_storage(folder / "store"),
            {"TEST_STAGING": embedded.staging_url},
        )
        run(source, TABLES)
        run(another, "create table trips (id int); insert into trips values (1)")
        with open_house(plan, own.url, folder) as house:
            older = back_up(house, "small")
            run(source, "insert into loads select 0, 'one more'")
            newer = back_up(house, "small")
            yield Stored(house, folder / "store", older, newer, back_up(house, "another"))


def run(database: Database, statements: str) -> None:
    with psycopg.connect(database.url) as customer:
        customer.execute(statements.encode())


def edited(stored: Stored, change: Callable[[dict[str, Any]], None]) -> bytes:
    manifest = json.loads(stored.manifest(stored.newer).read_bytes())
    change(manifest)
    return json.dumps(manifest).encode()


def put(key: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda manifest: manifest.__setitem__(key, value)


def fewer_rows(manifest: dict[str, Any]) -> None:
    manifest["tables"][0]["rows"] -= 1


def another_hash(manifest: dict[str, Any]) -> None:
    manifest["archives"][0]["sha256"] = "0" * 64


def leave_all_out(manifest: dict[str, Any]) -> None:
    """Compared with nothing, and so it would hide that everything is missing."""
    manifest["omitted"].append({"what": "schema", "name": "public", "reason": "not wanted"})


def in_a_table(key: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda manifest: manifest["tables"][0].__setitem__(key, value)


def ask_for_client(major: int) -> Callable[[dict[str, Any]], None]:
    return lambda manifest: manifest["client"].__setitem__("least_restore_major", major)


def flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


ARCHIVES: dict[str, tuple[Callable[[Stored], bytes | None], str]] = {
    "gone": (lambda _: None, "ARCHIVE_MISSING"),
    "zero bytes": (lambda _: b"", "ARCHIVE_SIZE_DIFFERS"),
    "cut off": (lambda s: s.archive(s.newer).read_bytes()[:-1], "ARCHIVE_SIZE_DIFFERS"),
    "cut off early": (lambda s: s.archive(s.newer).read_bytes()[:100], "ARCHIVE_SIZE_DIFFERS"),
    "something appended": (lambda s: s.archive(s.newer).read_bytes() + b"x", "ARCHIVE_SIZE_DIFFERS"),
    "a bit flipped": (lambda s: flipped(s.archive(s.newer).read_bytes()), "ARCHIVE_HASH_DIFFERS"),
    "an older one": (lambda s: s.archive(s.older).read_bytes(), "ARCHIVE_SIZE_DIFFERS"),
    "another database's": (lambda s: s.archive(s.other).read_bytes(), "ARCHIVE_SIZE_DIFFERS"),
}
MANIFESTS: dict[str, tuple[Callable[[Stored], bytes | None], str]] = {
    "gone": (lambda _: None, "MANIFEST_MISSING"),
    "zero bytes": (lambda _: b"", "MANIFEST_UNREADABLE"),
    "no JSON": (lambda _: b"PGDMP", "MANIFEST_UNREADABLE"),
    "no manifest": (lambda _: b"[1, 2, 3]", "MANIFEST_UNREADABLE"),
    "against its schema": (lambda s: edited(s, put("tables", [{}])), "MANIFEST_UNREADABLE"),
    "with a number for a name": (lambda s: edited(s, put("requested_by", 7)), "MANIFEST_UNREADABLE"),
    "of a later version": (lambda s: edited(s, put("version", 99)), "MANIFEST_FROM_THE_FUTURE"),
    "of an older backup": (lambda s: s.manifest(s.older).read_bytes(), "MANIFEST_DIFFERS"),
    "of another database": (lambda s: s.manifest(s.other).read_bytes(), "MANIFEST_DIFFERS"),
    "with fewer rows": (lambda s: edited(s, fewer_rows), "MANIFEST_DIFFERS"),
    "with another hash": (lambda s: edited(s, another_hash), "MANIFEST_DIFFERS"),
    # The ledger has no copy of these: only the manifest's own hash gives them away.
    "without a fingerprint": (lambda s: edited(s, in_a_table("fingerprint", None)), "MANIFEST_DIFFERS"),
    "with other roles": (lambda s: edited(s, put("roles_sql", "CREATE ROLE evil;")), "MANIFEST_DIFFERS"),
    "that leaves everything out": (lambda s: edited(s, leave_all_out), "MANIFEST_DIFFERS"),
    "with a NUL in a name": (lambda s: edited(s, in_a_table("name", "a\0b")), "MANIFEST_UNREADABLE"),
    "with half a character": (lambda s: edited(s, in_a_table("name", "\ud83d")), "MANIFEST_UNREADABLE"),
    "of a size beyond all disks": (
        lambda s: edited(s, in_a_table("size_bytes", 10**400)),
        "MANIFEST_UNREADABLE",
    ),
    "for a client that never comes": (lambda s: edited(s, ask_for_client(10**300)), "MANIFEST_UNREADABLE"),
    "with a list for a section": (
        lambda s: edited(s, lambda m: m["inventory"].__setitem__("triggers", ["x"])),
        "MANIFEST_UNREADABLE",
    ),
}


def test_what_is_whole_passes(stored: Stored) -> None:
    for record in (stored.older, stored.newer, stored.other):
        test = prove(stored.house, record.id).test
        assert (test.verdict, [f for f in test.findings if f.severity is not Severity.NOTE]) == (
            Verdict.PASS,
            [],
        )


@pytest.mark.parametrize("how", ARCHIVES)
def test_an_archive_in_storage_that_is_not_the_one(stored: Stored, how: str) -> None:
    content, rule = ARCHIVES[how]
    _breaks(stored, stored.archive(stored.newer), content(stored), rule)


@pytest.mark.parametrize("how", MANIFESTS)
def test_a_manifest_in_storage_that_is_not_the_one(stored: Stored, how: str) -> None:
    content, rule = MANIFESTS[how]
    _breaks(stored, stored.manifest(stored.newer), content(stored), rule)


def test_an_empty_mount_point_speaks_against_no_backup(stored: Stored) -> None:
    store, away = stored.folder, stored.folder.with_name("away")
    store.rename(away)
    store.mkdir()
    try:
        message = prove(stored.house, stored.other.id)
    finally:
        shutil.rmtree(store)
        away.rename(store)
    assert message.test.verdict is Verdict.COULD_NOT_VERIFY
    said = [f for f in message.test.findings if f.severity is not Severity.NOTE]
    assert [f.rule for f in said] == ["FETCH_FAILED"]
    assert "is it mounted" in said[0].sentence
    assert message.backup.doubt is None


def _breaks(stored: Stored, path: Path, content: bytes | None, rule: str) -> Finding:
    """Put this in its place (None: nothing), test, and put back what was there; what was said comes back."""
    before = path.read_bytes()
    path.unlink()
    try:
        if content is not None:
            path.write_bytes(content)
        test = prove(stored.house, stored.newer.id).test
    finally:
        path.write_bytes(before)
    said = [f for f in test.findings if f.severity is not Severity.NOTE]
    assert {f.rule for f in said} == {rule}
    assert test.verdict is not Verdict.PASS
    return said[0]


def newer(data: bytes) -> bytes:
    """The same archive as a later pg_dump would head it: "PGDMP", then the format's version in three bytes."""
    assert data[:5] == b"PGDMP"
    return data[:6] + bytes([data[6] + 1]) + data[7:]


@pytest.fixture
def from_a_newer_client(stored: Stored) -> Iterator[str]:
    """The newer backup's archive is of a later format; manifest and ledger say its hash. Put back after."""
    archive, manifest = stored.archive(stored.newer), stored.manifest(stored.newer)
    before = archive.read_bytes(), manifest.read_bytes()
    data = newer(before[0])
    sha256 = hashlib.sha256(data).hexdigest()
    archive.write_bytes(data)
    manifest.write_bytes(edited(stored, lambda m: m["archives"][0].__setitem__("sha256", sha256)))
    _note_hashes(stored, data, manifest.read_bytes())
    yield stored.newer.id
    archive.write_bytes(before[0])
    manifest.write_bytes(before[1])
    _note_hashes(stored, *before)


def _note_hashes(stored: Stored, archive: bytes, manifest: bytes) -> None:
    """Let the ledger say that this is what was written."""
    note_manifest(stored.house, stored.newer.id, manifest)
    sha256 = hashlib.sha256(archive).hexdigest()
    with stored.house.pool.connection() as connection:
        connection.execute(
            "update backup_log set sha256_checksum = %s where id = %s", [sha256, stored.newer.id]
        )


def test_an_archive_of_a_newer_client_says_which_one_it_needs(
    stored: Stored, from_a_newer_client: str
) -> None:
    test = prove(stored.house, from_a_newer_client).test
    (said,) = [f for f in test.findings if f.severity is not Severity.NOTE]
    assert (test.verdict, said.rule) == (Verdict.COULD_NOT_VERIFY, "CLIENT_TOO_OLD")
    assert "format 1.17 needs pg_restore newer than 17" in said.sentence


def test_a_manifest_that_asks_for_a_newer_client_says_which_one(stored: Stored) -> None:
    path = stored.manifest(stored.newer)
    archive, before = stored.archive(stored.newer).read_bytes(), path.read_bytes()
    asking = edited(stored, ask_for_client(99))
    _note_hashes(stored, archive, asking)
    said = _breaks(stored, path, asking, "CLIENT_TOO_OLD")
    _note_hashes(stored, archive, before)
    assert "needs pg_restore 99 or newer" in said.sentence
    assert "postgresql-client-99" in said.next_step


@pytest.mark.s3
def test_behind_a_delete_marker_and_under_another_object_the_version_is_found(
    fresh_database: Database,
    embedded: EmbeddedServers,
    ledger_url: str,
    s3: S3Server,
    bucket: str,
    tmp_path: Path,
) -> None:
    run(fresh_database, TABLES)
    plan = Plan(
        {"small": fresh_database.url},
        {"small": TOML},
        s3_storage(s3, bucket),
        {**s3_environ(s3), "TEST_STAGING": embedded.staging_url},
    )
    client = s3.client()
    try:
        with open_house(plan, ledger_url, tmp_path) as house:
            record = back_up(house, "small")
            client.delete_object(Bucket=bucket, Key=record.archive_key)
            assert prove(house, record.id).test.verdict is Verdict.PASS
            client.put_object(Bucket=bucket, Key=record.archive_key, Body=b"another object")
            assert prove(house, record.id).test.verdict is Verdict.PASS
            client.delete_object(Bucket=bucket, Key=record.archive_key, VersionId=record.version_id)
            test = prove(house, record.id).test
            assert (test.verdict, test.findings[0].rule) == (Verdict.FAIL, "ARCHIVE_MISSING")
    finally:
        client.close()
