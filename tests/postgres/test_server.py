from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from bot.errors import DatabaseError, PoolerError
from bot.postgres import address, server
from bot.sandbox.embedded.accounts import server_account
from tests.support.servers import Database, traversable_folder

_CONFIGURATION = """
[databases]
{database} = host=127.0.0.1 port={server_port} user={user} password={password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = {size}
server_round_robin = {robin}
ignore_startup_parameters = extra_float_digits
"""

Pooler = Callable[..., AbstractContextManager[address.Address]]


@pytest.mark.parametrize(("fixture", "major"), [("fresh_database", 17), ("fresh_database15", 15)])
def test_facts(fixture: str, major: int, request: pytest.FixtureRequest) -> None:
    database: Database = request.getfixturevalue(fixture)
    with address.connect(address.parse(database.url)) as conn:
        facts = server.facts(conn)
    assert facts.major == major
    assert facts.database == database.name
    assert facts.encoding == "UTF8"
    assert facts.system_identifier
    assert not facts.in_recovery


def test_a_direct_session_is_taken(fresh_database: Database) -> None:
    to = address.parse(fresh_database.url)
    with address.connect(to) as conn:
        server.refuse_pooler(to, conn)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@contextmanager
def _running(folder: Path, port: int) -> Iterator[None]:
    account = server_account()
    account.own(folder, 0o755)
    command = [str(shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")), str(folder / "ini")]
    as_whom = {"user": 65534, "group": 65534, "extra_groups": []} if os.getuid() == 0 else {}
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL, **as_whom)
    pause = threading.Event()
    try:
        while process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            pause.wait(0.02)
        assert process.poll() is None, "pgbouncer did not start"
        yield
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def pooler(fresh_database: Database) -> Pooler:
    """`pooler(mode="transaction")` starts a real pgbouncer before the fresh database."""
    if not shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin"):
        if os.environ.get("CI"):
            raise RuntimeError("pgbouncer is not installed, and in CI it has to be")
        pytest.skip("pgbouncer is not installed")
    direct = address.parse(fresh_database.url)

    @contextmanager
    def start(mode: str, size: int = 5, robin: int = 0) -> Iterator[address.Address]:
        port = _free_port()
        with traversable_folder() as folder:
            (folder / "ini").write_text(
                _CONFIGURATION.format(
                    database=direct.database,
                    server_port=direct.port,
                    user=direct.user,
                    password=direct.password,
                    port=port,
                    mode=mode,
                    size=size,
                    robin=robin,
                )
            )
            with _running(folder, port):
                yield address.Address("127.0.0.1", port, direct.user, direct.database, direct.password)

    return start


@pytest.mark.parametrize(("mode", "size", "robin"), [
    ("transaction", 5, 0), ("transaction", 1, 0), ("transaction", 5, 1), ("statement", 5, 0),
])  # fmt: skip
def test_a_pooler_that_keeps_no_session_is_refused(pooler: Pooler, mode: str, size: int, robin: int) -> None:
    with (
        pooler(mode=mode, size=size, robin=robin) as to,
        address.connect(to) as conn,
        pytest.raises(PoolerError) as caught,
    ):
        server.refuse_pooler(to, conn)
    assert "session" in caught.value.sentence
    assert caught.value.next_step


def test_a_pooler_in_session_mode_is_taken(pooler: Pooler) -> None:
    with pooler(mode="session") as to, address.connect(to) as conn:
        server.refuse_pooler(to, conn)


def test_a_server_that_ends_meanwhile_is_told(fresh_database: Database) -> None:
    to = address.parse(fresh_database.url)
    with address.connect(to) as conn, address.connect(to) as other:
        other.execute("select pg_terminate_backend(%s)", [conn.info.backend_pid])
        with pytest.raises(DatabaseError):
            server.refuse_pooler(to, conn)
