from __future__ import annotations

from pathlib import Path

import pytest

from bot.core.backup import Format
from bot.errors import ClientTooOldError, ConfigurationError
from bot.postgres import clients
from bot.postgres.clients import Client


def made_up(major: int, folder: str = "bin") -> Client:
    return Client(Path(folder), major, f"{major}.1", zstd=major >= 16, tls=True)


def test_the_wheels_clients_are_found_and_probed() -> None:
    found = {client.major: client for client in clients.find(None)}
    assert found[17].zstd
    assert found[17].tls
    assert found[17].program("pg_restore").exists()


def test_a_configured_folder_comes_first() -> None:
    wheel = next(client for client in clients.find(None) if client.major == 17)
    assert clients.find(wheel.bin_dir)[0].bin_dir == wheel.bin_dir


def test_a_configured_folder_without_clients_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no working pg_dump"):
        clients.find(tmp_path)


def test_a_program_that_does_not_run_is_no_client(tmp_path: Path) -> None:
    for name in ("pg_dump", "pg_restore", "pg_dumpall"):
        (tmp_path / name).write_text("#!/bin/sh\necho what\n")
        (tmp_path / name).chmod(0o755)
    with pytest.raises(ConfigurationError):
        clients.find(tmp_path)


def test_the_newest_is_chosen_and_the_first_of_equals() -> None:
    found = [made_up(15), made_up(17, "first"), made_up(17, "second"), made_up(16)]
    assert clients.choose(found, 15).bin_dir == Path("first")
    assert clients.choose(found, 15, 16).major == 16


@pytest.mark.parametrize(
    ("majors", "server", "pin", "says"),
    [
        ([15], 17, None, "postgresql-client-17"),
        ([], 16, None, "postgresql-client-16"),
        ([15, 17], 15, 16, "postgresql-client-16"),
        ([15, 17], 17, 15, "client_major"),
    ],
)
def test_too_old_says_what_to_install(majors: list[int], server: int, pin: int | None, says: str) -> None:
    with pytest.raises(ClientTooOldError) as caught:
        clients.choose([made_up(major) for major in majors], server, pin)
    assert says in caught.value.next_step


@pytest.mark.parametrize(("major", "least"), [(12, 12), (15, 12), (16, 16), (17, 17), (18, 17)])
def test_the_least_client_that_restores(major: int, least: int) -> None:
    assert made_up(major).least_restore_major(Format.CUSTOM) == least
    assert made_up(major).least_restore_major(Format.PLAIN) == major


def test_compression_by_client_and_format() -> None:
    assert made_up(15).compression(Format.CUSTOM) == "gzip"
    assert made_up(17).compression(Format.CUSTOM) == "zstd"
    assert made_up(17).compression(Format.PLAIN) == "none"
