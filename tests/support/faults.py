"""What the tests of faults share: statements, states of a store and of a ledger, a backup held mid-dump."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

import psycopg
import pytest

from bot.app import House
from bot.core.backup import BackupRecord, Format, Kind
from tests.support.gates import Gate, gated_runner
from tests.support.house import OMAR
from tests.support.s3 import S3Server
from tests.support.servers import Database

# Their dump is several pipes long, so that pg_dump still writes when its reader stands still.
ROWS = 60_000


def execute(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def nothing_is_there(folder: Path) -> bool:
    """No archive, no manifest, no temporary."""
    return not [path for path in folder.rglob("*") if path.is_file()]


def archives(folder: Path) -> list[Path]:
    return list(folder.rglob("*.dump"))


def unfinished(s3: S3Server, bucket: str) -> list[Any]:
    uploads = s3.client().list_multipart_uploads(Bucket=bucket).get("Uploads", [])
    objects = s3.client().list_objects_v2(Bucket=bucket).get("Contents", [])
    return [*uploads, *objects]


@contextmanager
def running(
    house: House, kind: Kind = Kind.FULL, archive_format: Format = Format.CUSTOM
) -> Iterator[tuple[Gate, BackupRecord, list[BackupRecord]]]:
    """A backup held in the middle of its dump; the list has its end once the block is left."""
    gate, ended = Gate(), []
    asked = house.backups.request(OMAR, kind=kind, database="shop", format=archive_format)
    runner = gated_runner(house, gate)
    thread = threading.Thread(target=lambda: ended.append(runner.run(asked.record.id, lambda _: None)))
    thread.start()
    try:
        assert gate.reached.wait(60), "the dump never began"
        yield gate, asked.record, ended
    finally:
        gate.opened.set()
        thread.join(60)
    assert not thread.is_alive()


def waits_for_a_lock(database: Database, mode: str = "AccessShareLock") -> bool:
    with psycopg.connect(database.admin_url) as connection:
        row = connection.execute(
            "select count(*) from pg_locks where not granted and mode = %s", [mode]
        ).fetchone()
    return bool(row and row[0])


def expire_leases(ledger_url: str) -> None:
    execute(
        ledger_url,
        "update sparewheel.backup_log set lease_until = now() - interval '1 second' where state = 'running'",
    )


def child_of_ours(program: str) -> int:
    """The process id of the one child of this process that runs the program."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
            name = (folder / "cmdline").read_bytes().partition(b"\0")[0].decode()
            if int(parent) == os.getpid() and Path(name).name == program:
                found.append(int(folder.name))
    (process,) = found
    return process


class PowerCutError(BaseException):
    """Ends a run as kill -9 does: no handler of ours runs."""


def cut(*_: object) -> NoReturn:
    """Stands where a run shall end so."""
    raise PowerCutError


@contextmanager
def power_cut(monkeypatch: pytest.MonkeyPatch, place: str) -> Iterator[None]:
    """What is done here ends at this place of the product, and with it the block."""
    with monkeypatch.context() as patch:
        patch.setattr(place, cut)
        with pytest.raises(PowerCutError):
            yield
