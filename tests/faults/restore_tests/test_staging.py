"""Restore tests on a staging server that is away, unfit, too small or gives way in the middle."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest

from bot.app import House
from bot.core.verdict import Verdict
from bot.errors import ConfigurationError
from bot.sandbox.embedded.accounts import server_account
from bot.sandbox.embedded.servers import EmbeddedServers
from bot.services import fetching, staging
from tests.support.bad_days import (
    SLEEPS,
    deaf_server,
    rules_of,
    run,
    sleepers,
    small_disk,
    wait_for,
)
from tests.support.house import (
    OMAR,
    Plan,
    back_up,
    folder_storage,
    open_house,
    prove,
)
from tests.support.servers import Database

pytestmark = pytest.mark.faults

NOBODY = "postgresql://postgres:hunter2@127.0.0.1:1/postgres"


def test_staging_that_is_down(make_house: Callable[..., House]) -> None:
    house = make_house(staging=NOBODY)
    record = back_up(house, "shop")
    message = prove(house)
    assert (message.test.verdict, rules_of(message)) == (Verdict.COULD_NOT_VERIFY, {"TARGET_UNAVAILABLE"})
    assert house.backups.message(record.id).record.goodness == "stored"
    assert "hunter2" not in repr(message)


def test_staging_that_is_read_only(
    make_house: Callable[..., House], embedded: EmbeddedServers, on_staging: Callable[[], list[str]]
) -> None:
    house = make_house(staging=embedded.staging_url + "?options=-cdefault_transaction_read_only%3Don")
    back_up(house, "shop")
    message = prove(house)
    assert (message.test.verdict, rules_of(message)) == (Verdict.COULD_NOT_VERIFY, {"TARGET_UNAVAILABLE"})
    assert on_staging() == []


@pytest.mark.parametrize("connections", [0, 1])
def test_staging_with_too_few_connections(
    make_house: Callable[..., House],
    embedded: EmbeddedServers,
    on_staging: Callable[[], list[str]],
    connections: int,
) -> None:
    with psycopg.connect(embedded.staging.conninfo("postgres"), autocommit=True) as admin:
        admin.execute("drop role if exists crowded")
        admin.execute(
            f"create role crowded login createdb createrole connection limit {connections} password 'hunter2'".encode()
        )
        try:
            house = make_house(staging=re.sub(r"//[^@]+@", "//crowded:hunter2@", embedded.staging_url))
            back_up(house, "shop")
            with ExitStack() as others:
                for _ in range(connections):  # somebody else has them all
                    address = re.sub(r"//[^@]+@", "//crowded:hunter2@", embedded.staging_url)
                    others.enter_context(psycopg.connect(address))
                message = prove(house)
            assert message.test.verdict is Verdict.COULD_NOT_VERIFY
            assert "TARGET_UNAVAILABLE" in rules_of(message)
            assert on_staging() == []
        finally:
            admin.execute("drop role crowded")


def test_staging_that_is_the_source_or_the_ledger_is_refused(
    make_house: Callable[..., House], shop: Database
) -> None:
    """By its address, and by what it says of itself under another name."""
    for address in (shop.url, shop.url.replace("127.0.0.1", "localhost")):
        house = make_house(staging=address)
        back_up(house, "shop")
        message = prove(house)
        assert (message.test.verdict, rules_of(message)) == (
            Verdict.COULD_NOT_VERIFY,
            {"TARGET_UNAVAILABLE"},
        )
        assert "lies on" in message.test.findings[0].sentence
    with psycopg.connect(shop.admin_url) as connection:
        row = connection.execute(
            "select count(*) from pg_database where datname like 'sparewheel_test_%'"
        ).fetchone()
    assert row == (0,)


def test_no_staging_server_is_said_at_once(shop: Database, ledger_url: str, tmp_path: Path) -> None:
    plan = Plan({"shop": shop.url}, {"shop": ""}, folder_storage(tmp_path / "store"))
    with open_house(plan, ledger_url, tmp_path) as house:
        back_up(house, "shop")
        with pytest.raises(ConfigurationError, match="no staging server"):
            prove(house)


def test_stagings_disk_that_is_too_small_is_said_beforehand_with_the_number(
    shop: Database, house: House, monkeypatch: pytest.MonkeyPatch, on_staging: Callable[[], list[str]]
) -> None:
    run(shop, "analyze loads")
    back_up(house, "shop")
    monkeypatch.setattr(staging, "_GROWTH", 1e12)
    monkeypatch.setattr(fetching, "fetch", lambda *_a, **_k: pytest.fail("fetched"))
    message = prove(house)
    assert (message.test.verdict, rules_of(message)) == (Verdict.COULD_NOT_VERIFY, {"DISK_TOO_SMALL"})
    assert "staging server's disk has" in message.test.findings[0].sentence
    assert "PB" in message.test.findings[0].sentence
    assert on_staging() == []


@contextmanager
def tables_on(embedded: EmbeddedServers, disk: Path) -> Iterator[None]:
    """Whatever is made on staging lies on that disk."""
    with psycopg.connect(embedded.staging.conninfo("postgres"), autocommit=True) as admin:
        admin.execute(f"create tablespace small location '{disk}'".encode())
        admin.execute("grant create on tablespace small to public")
        admin.execute("alter system set default_tablespace = 'small'")
        admin.execute("select pg_reload_conf()")
        try:
            yield
        finally:
            admin.execute("alter system reset default_tablespace")
            admin.execute("select pg_reload_conf()")
            admin.execute("drop tablespace small")


def test_stagings_disk_that_fills_half_way(
    shop: Database, embedded: EmbeddedServers, house: House, on_staging: Callable[[], list[str]]
) -> None:
    """No fault of the archive: what failed for want of room is never taken for a FAIL."""
    run(shop, "insert into loads (body) select md5(n::text) from generate_series(1, 60000) n")
    record = back_up(house, "shop")
    place = embedded.staging.data.parent / "small"
    with small_disk(place, "2m", server_account().uid) as disk, tables_on(embedded, disk):
        message = prove(house)
        left = on_staging()
        with psycopg.connect(embedded.staging.conninfo("postgres"), autocommit=True) as admin:
            for name in left:  # a FAIL would keep it, and the disk could not be given back
                admin.execute(f"drop database if exists {name} with (force)".encode())
    assert "TARGET_FULL" in rules_of(message)
    assert (message.test.verdict, left) == (Verdict.COULD_NOT_VERIFY, [])
    assert house.backups.message(record.id).record.goodness == "stored"


def test_staging_that_ends_every_session_in_the_middle_of_it(
    shop: Database, embedded: EmbeddedServers, house: House, on_staging: Callable[[], list[str]]
) -> None:
    """As a restart does; that rows are missing then is not the archive's fault."""
    run(shop, SLEEPS["in pg_restore"][0])
    record = back_up(house, "shop")
    asked = house.restore_tests.request(OMAR)
    thread = threading.Thread(target=lambda: house.restore_tester.run(asked.test.id, lambda _: None))
    thread.start()
    wait_for(lambda: sleepers(embedded) == 1)
    with psycopg.connect(embedded.staging.conninfo("postgres")) as admin:
        admin.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where usename like 'sparewheel_test_%'"
        )
    thread.join(60)
    message = house.restore_tests.message(asked.test.id)
    assert message.test.verdict is Verdict.COULD_NOT_VERIFY, message.test.findings
    assert "TARGET_UNAVAILABLE" in rules_of(message)
    assert (on_staging(), house.backups.message(record.id).record.goodness) == ([], "stored")


def test_a_staging_server_that_is_away_is_not_asked_at_every_sweep(
    make_house: Callable[..., House], ledger_url: str
) -> None:
    """Two scratch databases are due there: it is called once, and not again before its time has come."""
    with deaf_server() as (port, calls), psycopg.connect(ledger_url, autocommit=True) as connection:
        house = make_house(staging=f"postgresql://postgres:hunter2@127.0.0.1:{port}/postgres")
        back_up(house, "shop")
        for _ in range(2):
            prove(house)
        connection.execute(
            "update sparewheel.restore_test set scratch = 'sparewheel_test_' || id, kept_until = now()"
        )
        calls.clear()
        house.reaper.sweep()
        assert len(calls) == 1
        house.reaper.sweep()
        assert len(calls) == 1
        connection.execute("update sparewheel.restore_test set kept_until = now()")
        house.reaper.sweep()
        assert len(calls) == 2
