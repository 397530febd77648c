"""What the tests of bad days share: waiting in the middle of a restore test, servers and disks that fail."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from bot.core.restore_test import RestoreTestMessage, Step
from bot.sandbox.embedded.servers import EmbeddedServers
from bot.services.proving import Trial
from tests.support.servers import Database

STAGED = 'staging_url_env = "TEST_STAGING"\nfingerprints = "all"'
# By where it happens: what makes `loads` sleep in a scratch database only, and what the configuration asks.
SLEEPS = {
    "in pg_restore": (
        """create function waits(bigint) returns boolean immutable language plpgsql as $$begin if
        current_database() like 'sparewheel%' then perform pg_sleep(1000); end if; return true; end$$;
        create index on loads (waits(id))""",
        "",
    ),
    "in a check": (
        "select 1",
        '[[databases.shop.checks]]\nname = "slow"\nsql = "select count(*) from pg_sleep(1000)"\nexpect = "== 1"',
    ),
}


def rules_of(message: RestoreTestMessage) -> set[str]:
    return {finding.rule for finding in message.test.findings if finding.severity != "note"}


def expire_leases(ledger_url: str) -> None:
    with psycopg.connect(ledger_url, autocommit=True) as connection:
        connection.execute(
            "update sparewheel.restore_test set lease_until = now() - interval '1 second'"
            " where state = 'running'"
        )


@contextmanager
def held_at(step: Step, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[threading.Event, threading.Event]]:
    """`reached` is set at the step; the test goes on once `go` is."""
    reached, go, enter = threading.Event(), threading.Event(), Trial.enter

    def wait(self: Trial, at: Step, expected: int = 0) -> None:
        enter(self, at, expected)
        if at is step:
            reached.set()
            assert go.wait(60)

    with monkeypatch.context() as patch:
        patch.setattr(Trial, "enter", wait)
        yield reached, go


@contextmanager
def deaf_server() -> Iterator[tuple[int, list[int]]]:
    """A port where each caller is sent away, and how often somebody called."""
    calls: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            while True:
                try:
                    caller, address = listener.accept()
                except OSError:
                    return
                calls.append(address[1])
                caller.close()

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield listener.getsockname()[1], calls
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


@contextmanager
def small_disk(at: Path, size: str, owner: int | None = None) -> Iterator[Path]:
    """A disk of so many bytes ("40k"), mounted there; skips the test where this account may mount none."""
    at.mkdir(exist_ok=True)
    options = f"size={size},mode=0700" + (f",uid={owner},gid={owner}" if owner is not None else "")
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(at)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("mounting a small disk needs root")
    try:
        yield at
    finally:
        subprocess.run(["umount", "--lazy", str(at)], check=True)


def sleepers(embedded: EmbeddedServers) -> int:
    """How many sessions of staging sit in pg_sleep()."""
    with psycopg.connect(embedded.staging.conninfo("postgres")) as connection:
        row = connection.execute(
            "select count(*) from pg_stat_activity where wait_event = 'PgSleep'"
        ).fetchone()
    return int(row[0]) if row else 0


def wait_for(happens: Callable[[], bool]) -> None:
    """Until it is so; a minute is a bound on hanging."""
    until = time.monotonic() + 60
    while not happens():
        assert time.monotonic() < until, "it never happened"
        time.sleep(0.1)


def run(database: Database, statements: str) -> None:
    """As the database's owner, in autocommit."""
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute(statements.encode())
