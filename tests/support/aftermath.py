"""What holds after every fault: nothing half-done that looks done, and no password in anything anybody sees."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from bot.app import House
from bot.core.backup import BackupRecord, State
from bot.ledger import audit
from bot.ledger.connection import borrowed
from bot.slack.views import Surroundings, render
from tests.support.house import OMAR, Plan

_listening: dict[int, list[str]] = {}


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "subprocess.Popen":
        for heard in list(_listening.values()):
            heard.append(repr(arguments[1]))


sys.addaudithook(_hear)  # cannot be taken back, so it is set once, and hears nobody while nobody listens


@contextmanager
def argument_lists() -> Iterator[list[str]]:
    """The argument list of every child that this process starts meanwhile, however short it lives."""
    heard: list[str] = []
    _listening[id(heard)] = heard
    try:
        yield heard
    finally:
        del _listening[id(heard)]


def secrets_of(plan: Plan, ledger_url: str) -> set[str]:
    """Every password and secret key that a house was given."""
    urls = [ledger_url, *plan.urls.values(), *(v for v in plan.environ.values() if "://" in v)]
    keys = {value for name, value in plan.environ.items() if "SECRET" in name}
    return keys | {password for url in urls if url and (password := urlsplit(url).password)}


def nothing_half_done(house: House, folder: Path) -> None:
    """What lies in a store's folder belongs to stored backups, their checks and proofs; the audit is whole."""
    records = house.backups.recent(OMAR, limit=25).records
    assert [r for r in records if r.state is State.STORED and not (r.sha256 and r.manifest_key)] == []
    with borrowed(house.pool) as connection:
        assert audit.verify(connection).whole
        written = {(event.subject, event.action) for event in audit.recent(connection, limit=500)}
    ended = [(f"backup:{r.id}", _how_it_ended(r)) for r in records if r.state.is_final]
    assert [one for one in ended if one not in written] == []
    rightful = {key for r in records if r.state is State.STORED for key in (r.archive_key, r.manifest_key)}
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert there - rightful == set()


def _how_it_ended(record: BackupRecord) -> str:
    """The audit's word for it; one that never began is over with the wish that it should not."""
    if record.state is State.CANCELLED and record.started_at is None:
        return "backup.cancel-requested"
    return f"backup.{record.state}"


def everything_seen(house: House, ledger_url: str, folder: Path) -> Iterator[str]:
    """All that comes out of a house: its ledger, its manifests, and every message about its backups."""
    with psycopg.connect(ledger_url) as connection:
        tables = connection.execute(
            "select tablename from pg_tables where schemaname = 'sparewheel' order by 1"
        ).fetchall()
        for (table,) in tables:
            rows = connection.execute(f'select * from sparewheel."{table}"'.encode())
            yield f"table {table}: {rows.fetchall()}"
    for path in folder.rglob("*.json"):
        yield f"{path.name}: {path.read_text()}"
    views: list[Any] = [house.backups.status(OMAR), house.backups.recent(OMAR)]
    for record in house.backups.recent(OMAR, limit=25).records:
        views += [house.backups.message(record.id), house.backups.details(record)]
    for view in views:
        yield f"a message: {view!r} {render(view, Surroundings())!r}"
    yield f"the house itself: {house!r}"
