"""What is wrong before a dump can begin: a clear sentence, and nothing in storage."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bot.app import House
from bot.core.backup import State
from bot.postgres import globals  # noqa: A004 - the module's own name
from bot.services import preflight
from bot.services.backups import read_manifest
from tests.support.faults import execute, nothing_is_there
from tests.support.house import back_up
from tests.support.servers import Database

pytestmark = pytest.mark.faults


def wrong_password(url: str) -> str:
    before, _, rest = url.partition("://")
    user, _, place = rest.partition(":")
    return f"{before}://{user}:wrong-hunter2@{place.partition('@')[2]}"


def test_a_wrong_password(fresh_database: Database, make_house: Callable[..., House], tmp_path: Path) -> None:
    record = back_up(make_house(wrong_password(fresh_database.url)), "shop")
    assert (record.state, record.error_rule) == (State.FAILED, "login-refused")
    assert "hunter2" not in repr(record)
    assert nothing_is_there(tmp_path / "store")


def test_a_host_that_is_down(make_house: Callable[..., House]) -> None:
    record = back_up(make_house("postgresql://postgres:hunter2@127.0.0.1:1/postgres"), "shop")
    assert (record.state, record.error_rule) == (State.FAILED, "unreachable")
    assert "127.0.0.1" in str(record.error_sentence)
    assert "hunter2" not in repr(record)


def ended_before(real: Callable[..., Any], database: Database) -> Callable[..., Any]:
    """The same question, asked over a connection that an administrator has just ended."""

    def ask(connection: psycopg.Connection[Any]) -> Any:
        pid = connection.info.backend_pid
        execute(database.admin_url, f"select pg_terminate_backend({pid}, 10000)")
        return real(connection)

    return ask


def test_a_server_that_goes_away_while_it_is_looked_at(
    house: House, some_rows: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preflight.server, "facts", ended_before(preflight.server.facts, some_rows))
    record = back_up(house, "shop")
    assert (record.state, record.error_rule) == (State.FAILED, "unreachable")


def test_settings_that_cannot_be_read_are_left_out_by_name(
    house: House, some_rows: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(globals, "settings", ended_before(globals.settings, some_rows))
    record = back_up(house, "shop")
    assert (record.state, record.error_sentence) == (State.STORED, None)
    assert any("the database's settings" in line for line in record.omitted)


def test_a_client_older_than_the_server_is_refused_before_anything_begins(
    some_rows: Database, make_house: Callable[..., House]
) -> None:
    record = back_up(make_house(some_rows.url, "client_major = 15"), "shop")
    assert (record.state, record.error_rule) == (State.FAILED, "client-too-old")
    assert "pins client 15, and the server runs PostgreSQL 17" in str(record.error_sentence)
    assert "client_major" in str(record.error_next_step)
    assert record.archive_key is None


def test_an_address_that_is_not_set(make_house: Callable[..., House]) -> None:
    house = make_house("")
    record = back_up(house, "shop")
    assert (record.state, record.error_rule) == (State.FAILED, "configuration")
    assert "TEST_URL_SHOP" in str(record.error_sentence)


def test_an_empty_database_is_no_backup(
    fresh_database: Database, make_house: Callable[..., House], tmp_path: Path
) -> None:
    record = back_up(make_house(fresh_database.url), "shop")
    assert (record.state, record.error_rule) == (State.FAILED, "table-missing")
    assert "no tables" in str(record.error_sentence)
    assert nothing_is_there(tmp_path / "store")


def test_tables_without_a_row_are_stored_with_a_warning(
    fresh_database: Database, make_house: Callable[..., House]
) -> None:
    execute(fresh_database.url, "create table public.nothing (id int)")
    record = back_up(make_house(fresh_database.url), "shop")
    assert (record.state, record.row_count, record.table_count) == (State.STORED, 0, 1)
    assert any("empty" in warning for warning in record.warnings)


def test_a_configured_table_that_is_not_there_names_the_nearest(
    some_rows: Database, make_house: Callable[..., House]
) -> None:
    record = back_up(make_house(some_rows.url, 'critical = ["widee"]'), "shop")
    assert (record.state, record.error_rule) == (State.FAILED, "table-missing")
    assert "wide" in str(record.error_sentence)


def test_a_table_that_may_not_be_read_is_left_out_by_name(
    some_rows: Database, make_house: Callable[..., House]
) -> None:
    execute(
        some_rows.admin_url, "create table public.vault (s text)", "revoke all on public.vault from public"
    )
    house = make_house(some_rows.url)
    record = back_up(house, "shop")
    assert record.state is State.STORED, record.error_detail
    assert any("public.vault" in line for line in record.omitted)
    assert "vault" not in {t.name for t in read_manifest(house.store, record).tables}


def test_a_configured_table_that_may_not_be_read_fails_the_backup(
    some_rows: Database, make_house: Callable[..., House]
) -> None:
    execute(
        some_rows.admin_url, "create table public.vault (s text)", "revoke all on public.vault from public"
    )
    record = back_up(make_house(some_rows.url, 'critical = ["vault"]'), "shop")
    assert (record.state, record.error_rule) == (State.FAILED, "rights")
    assert "public.vault" in str(record.error_sentence)
    assert "GRANT" in str(record.error_next_step)


def test_row_security_without_bypass_fails_where_the_table_is_configured(
    some_rows: Database, make_house: Callable[..., House]
) -> None:
    execute(
        some_rows.admin_url,
        "create table public.secret (s text)",
        "insert into public.secret values ('a')",
        "alter table public.secret enable row level security",
        "drop role if exists reader_without_bypass",
        "create role reader_without_bypass login password 'pw-hunter2'",
        "grant usage on schema public to reader_without_bypass",
        "grant select on all tables in schema public to reader_without_bypass",
    )
    reader = "reader_without_bypass:pw-hunter2@" + some_rows.url.rpartition("@")[2]
    house = make_house(f"postgresql://{reader}", 'critical = ["secret"]')
    record = back_up(house, "shop")
    assert (record.state, record.error_rule) == (State.FAILED, "rights")
    assert "public.secret" in str(record.error_sentence)
    assert "BYPASSRLS" in str(record.error_next_step)


HARD_NAMES = (
    "Robert'); DROP TABLE students;--",
    "../../etc",
    'with "quotes"',
    "with spaces",
    "🛞 spare wheel",
    "a*b?[c]",
    "Loads",
    "loads",
    "line\nbreak",
)


def test_hard_names_come_through(fresh_database: Database, make_house: Callable[..., House]) -> None:
    quoted = ['"' + name.replace('"', '""') + '"' for name in HARD_NAMES]
    execute(fresh_database.url, *(f"create table public.{q} as select 1 as one" for q in quoted))
    house = make_house(fresh_database.url, 'fingerprints = "all"')
    record = back_up(house, "shop")
    assert record.state is State.STORED, (record.error_sentence, record.error_detail)
    tables = {t.name: t for t in read_manifest(house.store, record).tables}
    assert set(HARD_NAMES) <= set(tables)
    assert all(tables[name].rows == 1 and tables[name].fingerprint for name in HARD_NAMES)
