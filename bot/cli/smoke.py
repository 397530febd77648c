"""`sparewheel smoke`: what a newcomer would do, done by a program that believes nothing it cannot see."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import click

from bot import app
from bot.app import House
from bot.cli.backup import say
from bot.core.backup import BackupRecord, Kind, State
from bot.core.units import plural, size_text
from bot.errors import SandboxError, SparewheelError
from bot.ledger import backups
from bot.sandbox.embedded.accounts import Account
from bot.sandbox.embedded.children import end, spawn
from bot.sandbox.slack.client import SandboxClient
from bot.settings import read_environment
from bot.supervisor import attach

_START_SECONDS, _WORK_SECONDS, _STOP_SECONDS = 240.0, 180.0, 60.0
_LOOK_SECONDS = 0.2
_T = TypeVar("_T")


class SmokeError(SparewheelError):
    """Something that a newcomer would have seen go wrong."""


@click.command()
def smoke() -> None:
    """Start everything in a folder of its own, take a backup in the sandbox, check and prove it, stop.

    The last line is `smoke: PASS`, or `smoke: FAIL` with the reason.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="sparewheel-smoke-", ignore_cleanup_errors=True) as folder:
            home = Path(folder)
            home.chmod(0o711)  # as root the servers run as nobody, who must be able to pass through
            facts = _try_it(home)
    except SparewheelError as error:
        say(f"smoke: FAIL {' '.join(error.sentence.split())}")
        sys.exit(1)
    except Exception as error:  # noqa: BLE001 - the last line says why, whatever it was
        say(f"smoke: FAIL {type(error).__name__}: {' '.join(str(error).split())}")
        sys.exit(1)
    say(facts)
    say("smoke: PASS")


def _try_it(home: Path) -> str:
    with _product(home) as (process, variables):
        person = SandboxClient(home)
        house = app.build(read_environment(variables), variables)
        try:
            return _conversation(process, person, house)
        finally:
            say(person.read())
            house.close()


def _conversation(process: subprocess.Popen[bytes], person: SandboxClient, house: House) -> str:
    _type(person, "/backup now full cruzonic")
    record = _wait(process, "a backup in the ledger", lambda: _newest(house))
    if (record.database, record.kind, record.requested_user) != ("cruzonic", Kind.FULL, "U0OMAR"):
        raise SmokeError(f"the ledger holds another backup than was asked for: {record.requested_by}")
    record = _wait(process, "the backup's end", lambda: _ended(house, record.id))
    if record.state is not State.STORED:
        raise SmokeError(f"the backup ended as {record.state.value}: {record.error_sentence}")
    _wait(process, "the verdict in the channel", lambda: _says(person, record.id, (record.sha256 or "?")[:8]))
    _compare_with_storage(house, record)
    _type(person, f"/backup check {record.id}")
    record = _wait(process, "the check's end", lambda: _checked(house, record.id))
    if record.check_ok is not True:
        raise SmokeError(f"the check did not pass: {record.check_sentence}")
    _wait(process, "the check's verdict in the channel", lambda: _says(person, "Checked: full backup"))
    _type(person, f"/restore-test {record.id}")
    record = _wait(process, "the restore test's end", lambda: _tested(house, record.id))
    if record.goodness != "proved":
        raise SmokeError(f"the restore test says {record.test_result}")
    _wait(process, "the restore test's verdict", lambda: _says(person, "PASS: restore test", "Issues: None"))
    rows, tables = record.row_count or 0, record.table_count or 0
    return (
        f"Seen in the ledger and in storage: {plural(rows, 'row')} in {plural(tables, 'table')}, "
        f"{size_text(record.size_bytes or 0)}, SHA-256 {record.sha256}"
    )


def _type(person: SandboxClient, words: str) -> None:
    if complaint := person.say("omar", words):
        raise SmokeError(f"Slack answered {words!r} with: {complaint}")


def _newest(house: House) -> BackupRecord | None:
    with house.pool.connection() as connection:
        records, _ = backups.recent(connection, database=None, kind=None, limit=1)
    return records[0] if records else None


def _ended(house: House, backup_id: str) -> BackupRecord | None:
    record = house.backups.message(backup_id).record
    return record if record.state.is_final else None


def _checked(house: House, backup_id: str) -> BackupRecord | None:
    record = house.backups.message(backup_id).record
    return record if record.checked_at else None


def _tested(house: House, backup_id: str) -> BackupRecord | None:
    record = house.backups.message(backup_id).record
    return record if record.tested else None


def _says(person: SandboxClient, *words: str) -> bool:
    seen = person.read()
    return all(word in seen for word in words)


def _compare_with_storage(house: House, record: BackupRecord) -> None:
    """Read the archive and the manifest back without the product's own check."""
    assert record.archive_key is not None
    digest, size = hashlib.sha256(), 0
    with house.store.open(record.archive_key, record.version_id) as chunks:
        for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
    if (digest.hexdigest(), size) != (record.sha256, record.size_bytes):
        raise SmokeError("what lies in storage is not what the ledger says")
    manifest = house.backups.details(record).manifest
    if manifest is None or manifest.rows != record.row_count or not manifest.rows:
        raise SmokeError("the manifest is missing, or counts other rows than the ledger")


def _wait(process: subprocess.Popen[bytes], what: str, look: Callable[[], _T | None]) -> _T:
    until = time.monotonic() + _WORK_SECONDS
    while not (found := look()):
        if process.poll() is not None:
            raise SmokeError(f"the product ended (exit code {process.returncode}) before {what} came")
        if time.monotonic() > until:
            raise SmokeError(f"{what} did not come within {_WORK_SECONDS:.0f} s")
        time.sleep(_LOOK_SECONDS)
    return found


@contextmanager
def _product(home: Path) -> Iterator[tuple[subprocess.Popen[bytes], Mapping[str, str]]]:
    """`sparewheel run` on embedded parts, and the variables that lead to them; stopped in the end."""
    given = {k: v for k, v in os.environ.items() if not k.startswith(("SPAREWHEEL_", "SLACK_"))}
    environ = given | {"SPAREWHEEL_HOME": str(home)}
    log = home / "run.log"
    with log.open("wb") as output:
        process = spawn(
            [sys.executable, "-m", "bot", "run"],
            account=Account(os.getuid(), os.getgid()),
            environ=environ,
            output=output,
            death_signal=signal.SIGTERM,
            cwd=Path.cwd(),
        )
    try:
        ours = _wait_for_start(process, home, log)
        yield process, environ | ours
    finally:
        end(process, (signal.SIGTERM, _STOP_SECONDS))
    if process.returncode != 0:
        raise SmokeError(f"the product did not stop cleanly (exit code {process.returncode})")


def _wait_for_start(process: subprocess.Popen[bytes], home: Path, log: Path) -> dict[str, str]:
    until = time.monotonic() + _START_SECONDS
    while not (ours := attach.read(home)):
        if process.poll() is not None or time.monotonic() > until:
            said = " | ".join(log.read_text(errors="replace").splitlines()[-6:])
            raise SandboxError(f"the product did not start: {said}")
        time.sleep(_LOOK_SECONDS)
    return ours
