"""A small database, a house that tests it, and what its restore tests leave on staging."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bot.app import House
from bot.sandbox.embedded.servers import EmbeddedServers
from tests.support.bad_days import STAGED
from tests.support.house import Plan, folder_storage, open_house
from tests.support.servers import Database


@pytest.fixture(autouse=True)
def own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What is left in the system's temporary folder is this test's own."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


@pytest.fixture
def shop(fresh_database: Database) -> Database:
    """A small database with what a restore can get wrong: a key, an index, a sequence, a function."""
    with psycopg.connect(fresh_database.url, autocommit=True) as connection:
        connection.execute(
            "create table public.loads (id bigint generated always as identity primary key, body text not null)"
        )
        connection.execute("create index on public.loads (body)")
        connection.execute(
            "insert into public.loads (body) select md5(n::text) from generate_series(1, 3000) n"
        )
    return fresh_database


@pytest.fixture
def make_house(
    shop: Database, embedded: EmbeddedServers, ledger_url: str, tmp_path: Path
) -> Iterator[Callable[..., House]]:
    """`make_house(staging=…, extra=…, storage=…)`: a house with one database `shop`."""
    opened: list[Any] = []

    def make(
        *,
        staging: str | None = None,
        extra: str = "",
        storage: str = "",
        environ: dict[str, str] | None = None,
    ) -> House:
        plan = Plan(
            {"shop": shop.url},
            {"shop": f"{STAGED}\n{extra}"},
            storage or folder_storage(tmp_path / "store"),
            {"TEST_STAGING": staging or embedded.staging_url, **(environ or {})},
        )
        context = open_house(plan, ledger_url, tmp_path)
        opened.append(context)
        return context.__enter__()

    yield make
    for context in opened:
        context.__exit__(None, None, None)


@pytest.fixture
def house(make_house: Callable[..., House]) -> House:
    return make_house()


@pytest.fixture
def on_staging(embedded: EmbeddedServers) -> Callable[[], list[str]]:
    """Scratch databases and roles that lie on staging."""

    def look() -> list[str]:
        with psycopg.connect(embedded.staging.conninfo("postgres")) as connection:
            rows = connection.execute(
                "select datname from pg_database where datname like 'sparewheel_test_%'"
                " union select rolname from pg_roles where rolname like 'sparewheel_test_%'"
            ).fetchall()
        return sorted(name for (name,) in rows)

    return look
