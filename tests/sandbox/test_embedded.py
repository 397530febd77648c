"""The embedded clusters: made once, found again, never two at once, and gone with whoever started them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from bot.errors import SandboxError
from bot.sandbox.embedded import home as home_module
from bot.sandbox.embedded.accounts import Account, reachable_programs, server_account
from bot.sandbox.embedded.children import end, spawn
from bot.sandbox.embedded.keeping import Keeper
from bot.sandbox.embedded.servers import EmbeddedServers
from bot.settings import load_configuration
from tests.support.servers import traversable_folder

RUN = """
import sys, time
from pathlib import Path
from bot.sandbox.embedded.servers import EmbeddedServers
servers = EmbeddedServers(Path(sys.argv[1]), durable=False, samples=False)
servers.start()
print(servers.main.pid, servers.staging.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def home() -> Iterator[Path]:
    with traversable_folder() as folder:
        yield folder / "home"


@pytest.fixture
def servers(home: Path) -> Iterator[EmbeddedServers]:
    with toy(home) as running:
        yield running


def toy(home: Path) -> EmbeddedServers:
    return EmbeddedServers(home, durable=False, samples=False)


@contextlib.contextmanager
def another_process(home: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", RUN, str(home)], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_until(done: Callable[[], bool]) -> None:
    """Bounded by pytest's own timeout: a hang is a failure, slowness is not."""
    while not done():
        time.sleep(0.02)


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def query(url: str, statement: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def test_both_clusters_answer_and_nobody_is_a_superuser(servers: EmbeddedServers) -> None:
    for url in (servers.ledger_url, servers.staging_url):
        assert query(url, "select current_setting('is_superuser')") == "off"
    assert query(servers.ledger_url, "select current_database()::text") == "sparewheel"
    assert query(
        servers.staging_url, "select rolcreatedb and rolcreaterole from pg_roles where rolname = user"
    )


def test_the_two_clusters_are_two(servers: EmbeddedServers) -> None:
    assert len(set(servers.system_identifiers.values())) == 2
    assert servers.main.port != servers.staging.port


def test_they_listen_on_loopback_only(servers: EmbeddedServers) -> None:
    for cluster in (servers.main, servers.staging):
        assert cluster.pid
        listening = [c for c in psutil.Process(cluster.pid).net_connections() if c.status == "LISTEN"]
        assert [c.laddr.ip for c in listening] == ["127.0.0.1"]
        assert query(servers.url("postgres", cluster=cluster.name), "show unix_socket_directories") == ""


def test_a_wrong_password_is_refused(servers: EmbeddedServers) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(servers.main.conninfo("postgres", "postgres", "wrong"))


def test_the_ledger_is_closed_to_the_databases_role(servers: EmbeddedServers) -> None:
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(servers.url("sparewheel", "postgres"))


def test_passwords_are_in_one_file_that_only_its_owner_reads(servers: EmbeddedServers, home: Path) -> None:
    kept = home / "passwords.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    for password in json.loads(kept.read_text()).values():
        for file in (home / "state.json", servers.main.log, servers.staging.log):
            assert password not in file.read_text(errors="replace")
        for pid in psutil.pids():
            with contextlib.suppress(psutil.Error):
                assert password not in " ".join(psutil.Process(pid).cmdline())


def test_fsync_stays_on_unless_asked_otherwise(home: Path, servers: EmbeddedServers) -> None:
    assert query(servers.url("postgres"), "show fsync") == "off"
    servers.stop()
    with EmbeddedServers(home, samples=False) as durable:
        assert query(durable.url("postgres"), "show fsync") == "on"


def test_a_second_start_finds_everything_again(home: Path) -> None:
    with toy(home) as first:
        query(first.ledger_url, "create table kept as select 42 as answer")
        before = (first.ledger_url, first.staging_url, dict(first.system_identifiers))
    with toy(home) as second:
        assert query(second.ledger_url, "select answer from kept") == 42
        assert (second.ledger_url, second.staging_url, dict(second.system_identifiers)) == before


def test_a_taken_port_is_left_to_whoever_has_it(home: Path) -> None:
    with toy(home) as first:
        port = first.main.port
    with socket.create_server(("127.0.0.1", port)), toy(home) as second:
        assert second.main.port != port
        assert query(second.ledger_url, "select 1") == 1


def test_two_at_once_are_refused(servers: EmbeddedServers, home: Path) -> None:
    with pytest.raises(SandboxError, match="Another Sparewheel"):
        toy(home).start()
    assert query(servers.ledger_url, "select 1") == 1


def test_stop_leaves_nothing_running_and_may_be_repeated(servers: EmbeddedServers, home: Path) -> None:
    pids = [servers.main.pid, servers.staging.pid]
    servers.stop()
    servers.stop()
    assert all(pid and gone(pid) for pid in pids)
    with toy(home):
        pass


def test_kill_9_of_the_parent_leaves_no_server(home: Path) -> None:
    with another_process(home) as process:
        assert process.stdout
        pids = [int(word) for word in process.stdout.readline().split()]
        assert len(pids) == 2
        process.send_signal(signal.SIGKILL)
        wait_until(lambda: all(gone(pid) for pid in pids))
    with toy(home) as again:
        assert query(again.ledger_url, "select 1") == 1


def test_killed_while_making_a_cluster_leaves_no_half_of_one(home: Path) -> None:
    with another_process(home) as process:
        wait_until(lambda: any((home / "postgres").glob("main.partial-*/PG_VERSION")))
        process.send_signal(signal.SIGKILL)
    assert not (home / "postgres" / "main").exists()
    with toy(home) as again:
        assert query(again.ledger_url, "select 1") == 1
    assert not list((home / "postgres").glob("*.partial-*"))


def test_an_orphan_of_an_earlier_parent_is_ended_first(home: Path) -> None:
    """Its parent is gone, it still shuts down: the next start must neither fail nor run beside it."""
    orphan = toy(home)
    orphan.start()
    pid = orphan.main.pid
    assert pid
    orphan._home.unlock()  # what the parent's end does
    with toy(home) as again:
        assert query(again.ledger_url, "select 1") == 1
        assert orphan.main.pid is None
    orphan.stop()


def test_a_stale_postmaster_pid_that_names_a_stranger_is_removed(home: Path) -> None:
    with toy(home) as first:
        data, account = first.main.data, first.main.account
    with (home.parent / "sleep.log").open("ab") as output:
        stranger = spawn(
            ["/bin/sleep", "600"],
            account=account,
            environ={},
            output=output,
            death_signal=signal.SIGKILL,
        )
    try:
        (data / "postmaster.pid").write_text(f"{stranger.pid}\n{data}\n0\n1\n\n127.0.0.1\n0 0\nready\n")
        account.own(data / "postmaster.pid", 0o600)
        with toy(home) as again:
            assert query(again.ledger_url, "select 1") == 1
        assert stranger.poll() is None
    finally:
        end(stranger)


def test_a_server_that_was_killed_runs_again_on_its_port(servers: EmbeddedServers) -> None:
    query(servers.ledger_url, "set synchronous_commit = on; create table kept as select 42 as answer")
    assert servers.look_after() == []
    pid = servers.main.pid
    assert pid
    with busy_session(servers.ledger_url) as orphan:
        os.kill(pid, signal.SIGKILL)
        said: list[str] = []

        def again() -> bool:
            said.extend(servers.look_after())
            return len(said) == 2

        wait_until(again)
        assert gone(orphan), "it must not write beside the new server"
    assert said == [
        "the embedded main server ended by itself; again in 1 s",
        "the embedded main server runs again",
    ]
    assert query(servers.ledger_url, "select answer from kept") == 42
    assert servers.look_after() == []


@contextlib.contextmanager
def busy_session(url: str) -> Iterator[int]:
    """The process id of a session that never waits, so that it does not notice its server's end."""
    with psycopg.connect(url, autocommit=True) as session:
        pid = session.info.backend_pid

        def work() -> None:
            with contextlib.suppress(psycopg.OperationalError):
                session.execute("do $$ begin loop end loop; end $$")

        thread = threading.Thread(target=work)
        thread.start()
        wait_until(
            lambda: query(url, f"select state = 'active' from pg_stat_activity where pid = {pid}") is True
        )
        try:
            yield pid
        finally:  # also when the test fails: it would spin for ever
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            thread.join()


def test_one_that_ends_again_and_again_is_given_up_with_a_sentence(servers: EmbeddedServers) -> None:
    now = 0.0
    keeper = Keeper(servers.staging, clock=lambda: now)
    for _ in range(3):
        servers.staging.stop()
        assert "again in" in (keeper.look_after() or "")
        assert keeper.look_after() is None  # its pause is not over
        now += 5.0
        assert "runs again" in (keeper.look_after() or "")
    servers.staging.stop()
    with pytest.raises(SandboxError, match="ended 4 times within ten minutes"):
        keeper.look_after()


def test_one_whose_port_was_taken_is_given_up(servers: EmbeddedServers) -> None:
    servers.staging.stop()
    with (
        socket.create_server(("127.0.0.1", servers.staging.port)),
        pytest.raises(SandboxError, match="could not be started again"),
    ):
        servers.staging.start_again()


def test_starting_in_a_passing_thread_is_refused(home: Path) -> None:
    caught: list[BaseException] = []

    def start() -> None:
        try:
            toy(home).start()
        except SandboxError as error:
            caught.append(error)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert len(caught) == 1


@pytest.mark.skipif(os.getuid() != 0, reason="only root runs the servers as somebody else")
def test_a_home_that_nobody_can_enter_keeps_its_clusters_elsewhere(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(home_module, "_ELSEWHERE", home.parent / "elsewhere")
    home.mkdir(mode=0o700)
    with toy(home) as servers:
        assert servers.main.data.is_relative_to(home.parent / "elsewhere")
        assert query(servers.ledger_url, "select 1") == 1
    assert json.loads((home / "state.json").read_text())["folders"]["main"] == str(servers.main.data)


@pytest.mark.skipif(os.getuid() != 0, reason="only root runs the servers as somebody else")
def test_programs_that_nobody_can_enter_are_copied(tmp_path: Path, home: Path) -> None:
    programs = tmp_path / "install" / "bin"  # pytest's own folders are closed to others
    programs.mkdir(parents=True)
    (programs / "postgres").write_text("x")
    home.mkdir()
    copied = reachable_programs(programs, home, Account(65534, 65534))
    assert copied == home / "install" / "bin"
    assert (copied / "postgres").read_text() == "x"


def test_root_never_runs_a_server() -> None:
    assert server_account().uid != 0


def test_the_written_configuration_goes_with_the_environment(servers: EmbeddedServers) -> None:
    configuration = load_configuration(servers.write_configuration())
    assert set(configuration.databases) == {"cruzonic", "fleetnest"}
    variables = {v for d in configuration.databases.values() for v in (d.url_env, d.staging_url_env)}
    assert variables == set(servers.environment())
    assert configuration.storage.url.endswith("/backups")
