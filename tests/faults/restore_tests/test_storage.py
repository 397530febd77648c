"""Restore tests of archives that are gone, changed or break off on the way, and a disk too small for them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.app import House
from bot.core.restore_test import RestoreTestMessage
from bot.core.verdict import Verdict
from bot.services import fetching
from tests.support.bad_days import (
    rules_of,
    run,
    small_disk,
)
from tests.support.house import (
    OMAR,
    back_up,
    prove,
    s3_environ,
    s3_storage,
)
from tests.support.proxy import Fault, Proxy, faulty_proxy
from tests.support.s3 import S3Server
from tests.support.servers import Database

pytestmark = pytest.mark.faults

MIB = 1024**2


def archive(folder: Path) -> Path:
    return next((folder / "store").rglob("*.dump"))


def test_storage_that_goes_away_half_way(
    make_house: Callable[..., House], s3: S3Server, bucket: str, on_staging: Callable[[], list[str]]
) -> None:
    with faulty_proxy(s3.endpoint) as proxy:
        house = make_house(storage=s3_storage(s3, bucket, proxy.endpoint), environ=s3_environ(s3))
        record = back_up(house, "shop")
        proxy.decide = lambda method, path: (
            Fault.SERVER_ERROR if method == "GET" and ".dump" in path else Fault.NONE
        )
        message = prove(house)
    assert (message.test.verdict, rules_of(message)) == (Verdict.COULD_NOT_VERIFY, {"FETCH_FAILED"})
    assert house.backups.message(record.id).record.goodness == "stored"
    assert on_staging() == []


def test_credentials_that_may_only_read_are_used_for_reading(
    make_house: Callable[..., House], s3: S3Server, bucket: str
) -> None:
    reader = '\n[storage.reader]\naccess_key_env = "READER_KEY"\nsecret_key_env = "READER_SECRET"'
    environ = {**s3_environ(s3), "READER_KEY": s3.access_key, "READER_SECRET": "wrong-hunter2"}
    house = make_house(storage=s3_storage(s3, bucket) + reader, environ=environ)
    back_up(house, "shop")
    message = prove(house)
    assert (message.test.verdict, rules_of(message)) == (Verdict.COULD_NOT_VERIFY, {"FETCH_FAILED"})


def test_an_archive_that_was_deleted_meanwhile(house: House, tmp_path: Path) -> None:
    record = back_up(house, "shop")
    assert prove(house).test.verdict is Verdict.PASS
    asked = house.restore_tests.request(OMAR)
    archive(tmp_path).unlink()
    message = house.restore_tester.run(asked.test.id, lambda _: None)
    assert (message.test.verdict, rules_of(message)) == (Verdict.FAIL, {"ARCHIVE_MISSING"})
    assert house.backups.message(record.id).record.goodness == "gone"


def test_bytes_that_changed_are_never_restored(
    house: House, tmp_path: Path, on_staging: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(house, "shop")
    data = archive(tmp_path).read_bytes()
    archive(tmp_path).write_bytes(data[:-1000] + bytes([data[-1000] ^ 1]) + data[-999:])
    monkeypatch.setattr("bot.postgres.restoring.restore", lambda *_a, **_k: pytest.fail("restored"))
    message = prove(house)
    assert (message.test.verdict, rules_of(message)) == (Verdict.FAIL, {"ARCHIVE_HASH_DIFFERS"})
    assert on_staging() == []


def test_a_disk_that_is_too_small_is_said_beforehand_with_the_number(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(house, "shop")
    monkeypatch.setattr(fetching, "_MARGIN_BYTES", 1 << 60)
    monkeypatch.setattr(fetching, "fetch", lambda *_a, **_k: pytest.fail("fetched"))
    message = prove(house)
    assert (message.test.verdict, rules_of(message)) == (Verdict.COULD_NOT_VERIFY, {"DISK_TOO_SMALL"})
    assert "1,152.9 PB" in message.test.findings[0].sentence


def test_a_proof_that_cannot_be_written_is_said(
    make_house: Callable[..., House], s3: S3Server, bucket: str
) -> None:
    with faulty_proxy(s3.endpoint) as proxy:
        house = make_house(storage=s3_storage(s3, bucket, proxy.endpoint), environ=s3_environ(s3))
        back_up(house, "shop")
        proxy.decide = lambda method, path: (
            Fault.SERVER_ERROR if method == "PUT" and "/proofs/" in path else Fault.NONE
        )
        message = prove(house)
    assert (message.test.verdict, message.test.proof_key) == (Verdict.PASS, None)
    assert "PROOF_NOT_KEPT" in {finding.rule for finding in message.test.findings}


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
