from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.core.backup import Format
from bot.errors import DumpFailedError
from bot.postgres import address
from bot.postgres.dump import DumpOptions
from bot.postgres.readthrough import read_through
from tests.postgres.hard_names import create_hard_tables
from tests.postgres.test_dump import client, dump
from tests.support.servers import Database


def pieces(data: bytes, size: int = 7919) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


@pytest.fixture(params=[Format.CUSTOM, Format.PLAIN])
def archive(request: pytest.FixtureRequest, fresh_database: Database) -> tuple[bytes, Format]:
    to = address.parse(fresh_database.url)
    with address.connect(to) as conn:
        create_hard_tables(conn)
        conn.execute("create table public.large as select n, md5(n::text) from generate_series(1, 20000) n")
    return dump(to, DumpOptions(None, format=request.param)), request.param


@pytest.mark.parametrize("size", [13, 7919, 10_000_000])
def test_a_whole_archive_is_read(archive: tuple[bytes, Format], size: int) -> None:
    data, written = archive
    found = read_through(client(17), pieces(data, size), written)
    assert found.bytes_read == len(data)
    assert found.tables == 21
    assert found.entries > 42


def test_an_archive_cut_anywhere_is_refused(archive: tuple[bytes, Format]) -> None:
    data, written = archive
    for share in (0.0, 0.01, 0.2, 0.5, 0.9, 0.99):
        with pytest.raises(DumpFailedError, match="breaks off"):
            read_through(client(17), pieces(data[: int(len(data) * share)]), written)
    with pytest.raises(DumpFailedError, match="breaks off"):
        read_through(client(17), pieces(data[:-20]), written)


def test_something_else_is_refused(archive: tuple[bytes, Format]) -> None:
    for other in (b"x" * 100_000, b"", archive[0][100:]):
        with pytest.raises(DumpFailedError):
            read_through(client(17), pieces(other), archive[1])


def test_an_archive_of_a_newer_version_is_refused_by_an_old_client(fresh_database: Database) -> None:
    data = dump(address.parse(fresh_database.url))
    with pytest.raises(DumpFailedError) as caught:
        read_through(client(15), pieces(data), Format.CUSTOM)
    assert "unsupported version" in caught.value.cause


def test_the_whole_stream_is_taken_even_when_reading_fails_early(archive: tuple[bytes, Format]) -> None:
    taken = 0

    def counting() -> Iterator[bytes]:
        nonlocal taken
        for piece in pieces(b"x" * 1_000_000):
            taken += len(piece)
            yield piece

    with pytest.raises(DumpFailedError):
        read_through(client(17), counting(), archive[1])
    assert taken == 1_000_000
