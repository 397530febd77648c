"""Archives that are broken as files: nothing of them may pass, whichever way they are compressed."""

from __future__ import annotations

import hashlib
import subprocess
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from bot.checks.archive_integrity import compare_file
from bot.core.finding import Finding, verdict_of
from bot.core.verdict import Verdict
from bot.postgres import address
from tests.corpus.workbench import Backup, Bench, newest, restore, scratch, serious

COMPRESSIONS = ("zstd:3", "gzip:6", "lz4:1", "none")
BROKEN_FILE = {"ARCHIVE_UNREADABLE", "RESTORE_FAILED", "RESTORE_ERROR", "UNEXPLAINED_LINE"}


@pytest.fixture(scope="session", params=COMPRESSIONS)
def packed(request: pytest.FixtureRequest, bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """The healthy database dumped anew in one of the compressions, with a manifest that fits."""
    path = tmp_path_factory.mktemp("packed") / "archive.dump"
    to = address.parse(bench.server.url(bench.database, bench.server.cluster.superuser))
    subprocess.run(
        [str(newest().program("pg_dump")), "-Fc", f"--compress={request.param}", f"--file={path}"],
        env=to.child_environment(),
        check=True,
    )
    return replace(bench, backup=as_stored(bench.backup, path))


def as_stored(backup: Backup, path: Path) -> Backup:
    """The same manifest for another file, as if it had been stored so."""
    data = path.read_bytes()
    archive = replace(
        backup.manifest.archives[0], size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest()
    )
    return Backup(replace(backup.manifest, archives=(archive,)), path)


def brought_back(bench: Bench, path: Path) -> list[Finding]:
    """What is said of a file that is believed to be the right one, and restored as far as it goes."""
    believed = replace(bench, backup=as_stored(bench.backup, path))
    with scratch(bench.server) as name:
        log = restore(bench.server, name, path)
        return believed.look(name, log=log)


def test_each_compression_comes_back_whole(packed: Bench) -> None:
    assert serious(brought_back(packed, packed.backup.archive)) == set()


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.7, 0.95])
def test_an_archive_that_is_cut_off(packed: Bench, tmp_path: Path, share: float) -> None:
    whole = packed.backup.archive.read_bytes()
    cut = tmp_path / "cut.dump"
    cut.write_bytes(whole[: int(len(whole) * share)])
    said = compare_file(cut, packed.backup.manifest.archives[0])
    assert serious(said) == {"ARCHIVE_SIZE_DIFFERS"}
    findings = brought_back(packed, cut)
    assert serious(findings) & BROKEN_FILE, findings
    assert verdict_of(findings) is Verdict.FAIL


@pytest.mark.parametrize("share", [0.4, 0.6, 0.8])
def test_bits_that_were_flipped(packed: Bench, tmp_path: Path, share: float) -> None:
    data = bytearray(packed.backup.archive.read_bytes())
    place = int(len(data) * share)
    for byte in range(place, place + 40):
        data[byte] ^= 0x04
    flipped = tmp_path / "flipped.dump"
    flipped.write_bytes(data)
    said = compare_file(flipped, packed.backup.manifest.archives[0])
    assert serious(said) == {"ARCHIVE_HASH_DIFFERS"}
    findings = brought_back(packed, flipped)
    assert serious(findings), "a damaged archive passed"
    assert verdict_of(findings) is Verdict.FAIL


def test_another_file_of_the_right_size_and_hash_is_nothing_to_say(packed: Bench) -> None:
    assert compare_file(packed.backup.archive, packed.backup.manifest.archives[0]) == []


def dumped(bench: Bench, statements: str, path: Path) -> Path:
    """An archive of a copy of the database after some statements."""
    with bench.copy() as name:
        with psycopg.connect(bench.server.cluster.conninfo(name), autocommit=True) as admin:
            admin.execute(statements.encode())
        to = address.parse(bench.server.url(name, bench.server.cluster.superuser))
        subprocess.run(
            [str(newest().program("pg_dump")), "-Fc", f"--file={path}"],
            env=to.child_environment(),
            check=True,
        )
    return path


def test_an_older_archive_than_claimed(bench: Bench, tmp_path: Path) -> None:
    older = dumped(bench, "delete from orders where id > 1900", tmp_path / "older.dump")
    assert serious(brought_back(bench, older)) == {"ROWS_MISSING"}


def test_the_archive_of_another_database(bench: Bench, tmp_path: Path) -> None:
    with scratch(bench.server) as name:
        with psycopg.connect(bench.server.cluster.conninfo(name), autocommit=True) as admin:
            admin.execute("create table loads (id int); insert into loads values (1)")
        other = dumped(replace(bench, database=name), "select 1", tmp_path / "other.dump")
    said = serious(brought_back(bench, other))
    assert {"ARCHIVE_LACKS_ROWS", "ARCHIVE_HOLDS_MORE", "EMPTY_RESTORE", "STRUCTURE_MISSING"} <= said


def test_a_table_left_out_of_the_archive(bench: Bench, tmp_path: Path) -> None:
    """pg_dump exits with 0 although a table is missing: the archive's own list tells."""
    path = tmp_path / "without.dump"
    to = address.parse(bench.server.url(bench.database, bench.server.cluster.superuser))
    subprocess.run(
        [
            str(newest().program("pg_dump")),
            "-Fc",
            "--exclude-table-data=public.notes",
            f"--file={path}",
        ],
        env=to.child_environment(),
        check=True,
    )
    assert serious(brought_back(bench, path)) == {"ARCHIVE_LACKS_ROWS", "ROWS_MISSING"}
