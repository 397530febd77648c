"""Restore tests in the middle of which something gives way: the download, a disk, the worker, a person."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from bot.app import House
from bot.core.restore_test import RestoreTestMessage
from bot.core.verdict import Verdict
from bot.sandbox.embedded.accounts import server_account
from bot.sandbox.embedded.servers import EmbeddedServers
from bot.services import fetching, staging
from tests.support import restore_program
from tests.support.bad_days import (
    SLEEPS,
    STAGED,
    expire_leases,
    rules_of,
    run,
    sleepers,
    small_disk,
    wait_for,
)
from tests.support.forked import Forked
from tests.support.house import (
    OMAR,
    Plan,
    back_up,
    environ_of,
    folder_storage,
    open_house,
    prove,
    s3_environ,
    s3_storage,
)
from tests.support.proxy import Fault, Proxy, faulty_proxy
from tests.support.s3 import S3Server
from tests.support.servers import Database

pytestmark = pytest.mark.faults

MIB = 1024**2
LEAVES_NOTHING = (Verdict.COULD_NOT_VERIFY, {"TEST_BROKE_OFF"})


@pytest.fixture(autouse=True)
def own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What is left in the system's temporary folder is this test's own."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


# --- storage -----------------------------------------------------------------------------------------


@pytest.fixture
def downloads(
    shop: Database, make_house: Callable[..., House], s3: S3Server, bucket: str
) -> Iterator[Callable[..., tuple[RestoreTestMessage, Proxy]]]:
    """`downloads(first, then)`: a restore test whose first download meets one fault, each later another.

    The archive is of about 2.5 MB, so that more than one piece of it comes before it breaks off.
    """
    run(shop, "create table noise as select sha512(n::text::bytea) from generate_series(1, 40000) n")
    with faulty_proxy(s3.endpoint) as proxy:

        def tested(first: Fault, then: Fault) -> tuple[RestoreTestMessage, Proxy]:
            storage = s3_storage(s3, bucket, proxy.endpoint).replace('"5s"', '"1s"')
            house = make_house(storage=storage, environ=s3_environ(s3))
            back_up(house, "shop")
            faults = iter([first])
            proxy.decide = lambda method, path: (
                next(faults, then) if method == "GET" and ".dump" in path else Fault.NONE
            )
            return prove(house), proxy

        yield tested


@pytest.mark.s3
@pytest.mark.parametrize("fault", [Fault.CUT_ANSWER, Fault.STALL_ANSWER])
def test_a_download_that_breaks_off_goes_on_where_it_broke(
    downloads: Callable[..., tuple[RestoreTestMessage, Proxy]], fault: Fault
) -> None:
    message, proxy = downloads(fault, Fault.NONE)
    assert (message.test.verdict, rules_of(message)) == (Verdict.PASS, set())
    assert (proxy.count("GET", ".dump"), len(proxy.ranges)) == (2, 1)
    assert int(proxy.ranges[0].removeprefix("bytes=").removesuffix("-")) >= MIB


@pytest.mark.s3
@pytest.mark.parametrize("fault", [Fault.CUT_ANSWER, Fault.STALL_ANSWER])
def test_a_download_that_breaks_off_for_good_could_not_be_verified(
    downloads: Callable[..., tuple[RestoreTestMessage, Proxy]],
    on_staging: Callable[[], list[str]],
    own_temporary_folder: Path,
    fault: Fault,
) -> None:
    message, _ = downloads(fault, Fault.SERVER_ERROR)
    assert (message.test.verdict, rules_of(message)) == (Verdict.COULD_NOT_VERIFY, {"FETCH_FAILED"})
    assert (on_staging(), list(own_temporary_folder.rglob("*.dump"))) == ([], [])


# --- disks -------------------------------------------------------------------------------------------


def test_the_workers_disk_that_fills_half_way(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on_staging: Callable[[], list[str]]
) -> None:
    """Somebody else writes there too: there was room when the test began."""
    record = back_up(house, "shop")
    monkeypatch.setattr(fetching, "room", lambda _at, _wanted: None)
    with small_disk(tmp_path / "small", "40k") as disk:
        monkeypatch.setattr(tempfile, "tempdir", str(disk))
        message = prove(house)
        assert not [path for path in disk.rglob("*") if path.is_file()]
    assert (message.test.verdict, rules_of(message)) == (Verdict.COULD_NOT_VERIFY, {"FETCH_FAILED"})
    assert "No space left on device" in message.test.findings[0].sentence
    assert (on_staging(), house.backups.message(record.id).record.goodness) == ([], "stored")


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


# --- in the middle of it -----------------------------------------------------------------------------


@pytest.mark.parametrize("where", SLEEPS)
def test_killed_in_the_middle_of_it(
    shop: Database,
    embedded: EmbeddedServers,
    ledger_url: str,
    tmp_path: Path,
    on_staging: Callable[[], list[str]],
    where: str,
) -> None:
    statements, toml = SLEEPS[where]
    run(shop, statements)
    plan = Plan(
        {"shop": shop.url},
        {"shop": f"{STAGED}\n{toml}"},
        folder_storage(tmp_path / "store"),
        {"TEST_STAGING": embedded.staging_url},
    )
    with open_house(plan, ledger_url, tmp_path) as house:
        back_up(house, "shop")
        asked = house.restore_tests.request(OMAR)
        environ = {**os.environ, **environ_of(plan, ledger_url, tmp_path)}
        with Forked(restore_program.main, asked.test.id, "NEVER", environ=environ) as process:
            try:
                wait_for(lambda: sleepers(embedded) == 1)
            finally:
                process.kill()
        if where == "in pg_restore":  # it ends with the worker, and takes its query along
            wait_for(lambda: sleepers(embedded) == 0)
        assert on_staging()
        expire_leases(ledger_url)
        assert house.reaper.sweep() == 1
        message = house.restore_tests.message(asked.test.id)
        assert (message.test.verdict, rules_of(message)) == LEAVES_NOTHING
        assert (on_staging(), sleepers(embedded)) == ([], 0)


@pytest.mark.parametrize("where", SLEEPS)
def test_a_cancel_in_the_middle_of_it(
    shop: Database,
    embedded: EmbeddedServers,
    make_house: Callable[..., House],
    on_staging: Callable[[], list[str]],
    where: str,
) -> None:
    statements, toml = SLEEPS[where]
    run(shop, statements)
    house = make_house(extra=toml)
    back_up(house, "shop")
    asked = house.restore_tests.request(OMAR)
    thread = threading.Thread(target=lambda: house.restore_tester.run(asked.test.id, lambda _: None))
    thread.start()
    wait_for(lambda: sleepers(embedded) == 1)
    house.restore_tests.cancel(OMAR)
    thread.join(60)
    message = house.restore_tests.message(asked.test.id)
    assert (message.test.verdict, rules_of(message)) == (Verdict.COULD_NOT_VERIFY, {"CANCELLED"})
    assert (on_staging(), sleepers(embedded)) == ([], 0)


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
