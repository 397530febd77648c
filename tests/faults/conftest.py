"""A small database, a house around it, and a store that can be made to fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bot.app import House
from tests.support.aftermath import argument_lists, everything_seen, nothing_half_done, secrets_of
from tests.support.faults import ROWS, execute
from tests.support.house import Plan, folder_storage, open_house
from tests.support.proxy import Proxy, faulty_proxy
from tests.support.s3 import S3Server
from tests.support.servers import Database


@pytest.fixture
def some_rows(fresh_database: Database) -> Database:
    """A table whose dump is several pipes long: whoever reads it can be stopped in the middle."""
    execute(
        fresh_database.url,
        "create table public.wide (id bigint primary key, body text not null)",
        "insert into public.wide select n, md5(n::text) || md5((n * 7)::text) || md5((n * 13)::text)"
        f" from generate_series(1, {ROWS}) n",
        "create table public.empty (id bigint primary key)",
    )
    return fresh_database


@pytest.fixture
def make_house(
    ledger_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> Iterator[Callable[..., House]]:
    """`make_house(url, extra, storage=…)`: a house with one database `shop`.

    Whatever the test broke, at its end nothing half-done lies there and no password was seen anywhere.
    """
    opened: list[tuple[House, Plan]] = []
    doors = ExitStack()
    caplog.set_level("DEBUG", logger="bot")

    def make(url: str, extra: str = "", *, storage: str = "", environ: dict[str, str] | None = None) -> House:
        plan = Plan(
            {"shop": url}, {"shop": extra}, storage or folder_storage(tmp_path / "store"), environ or {}
        )
        house = doors.enter_context(open_house(plan, ledger_url, tmp_path))
        opened.append((house, plan))
        return house

    with doors, argument_lists() as started:
        yield make
        for house, plan in opened:
            nothing_half_done(house, tmp_path / "store")
            secrets = secrets_of(plan, ledger_url)
            logged = [record.getMessage() for record in caplog.get_records("call")]
            seen = [*started, *logged, *everything_seen(house, ledger_url, tmp_path / "store")]
            assert secrets
            assert [text for text in seen if any(secret in text for secret in secrets)] == []


@pytest.fixture
def house(some_rows: Database, make_house: Callable[..., House]) -> House:
    return make_house(some_rows.url)


@pytest.fixture
def proxied(s3: S3Server) -> Iterator[Proxy]:
    with faulty_proxy(s3.endpoint) as proxy:
        yield proxy
