"""`sparewheel run` as a process, on a ledger and a database that are given: no sandbox, no embedded parts."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psutil
import psycopg
import pytest

from bot.__main__ import main
from bot.ledger.connection import ledger_conninfo
from bot.supervisor import attach
from tests.support.forked import Forked
from tests.support.servers import Database


def until(look: Callable[[], object]) -> None:
    """Wait for something that must come; the suite's own timeout bounds it."""
    while not look():
        time.sleep(0.1)


@pytest.fixture
def environ(tmp_path: Path, fresh_database: Database, empty_ledger_url: str) -> dict[str, str]:
    with psycopg.connect(fresh_database.url) as connection:
        connection.execute("CREATE TABLE drivers AS SELECT n AS id FROM generate_series(1, 100) n")
    (tmp_path / "archives").mkdir()
    configuration = tmp_path / "sparewheel.toml"
    configuration.write_text(
        f'[storage]\nurl = "{(tmp_path / "archives").as_uri()}"\n[databases.fleet]\nurl_env = "FLEET_URL"\n'
    )
    given = {k: v for k, v in os.environ.items() if not k.startswith(("SPAREWHEEL_", "SLACK_"))}
    return given | {
        "SPAREWHEEL_HOME": str(tmp_path / "home"),
        "SPAREWHEEL_CONFIG": str(configuration),
        "SPAREWHEEL_DATABASE_URL": empty_ledger_url,
        "FLEET_URL": fresh_database.url,
    }


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(environ: dict[str, str]) -> Iterator[Start]:
    made: list[subprocess.Popen[str]] = []

    def begin(**more: str) -> subprocess.Popen[str]:
        made.append(
            subprocess.Popen(
                [sys.executable, "-m", "bot", "run"],
                env=environ | more,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        )
        return made[-1]

    yield begin
    for process in made:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def elsewhere(environ: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """A command in another terminal, where only the home is known."""
    given = {k: v for k, v in os.environ.items() if not k.startswith(("SPAREWHEEL_", "SLACK_"))}
    home = {"SPAREWHEEL_HOME": environ["SPAREWHEEL_HOME"]}
    with Forked(main, *words, environ=given | home) as process:
        out, err = process.communicate()
    assert process.returncode is not None
    return subprocess.CompletedProcess(words, process.returncode, out, err)


def family(process: subprocess.Popen[str], environ: dict[str, str]) -> list[psutil.Process]:
    until(
        lambda: process.poll() is not None or (Path(environ["SPAREWHEEL_HOME"]) / "environment.json").exists()
    )
    assert process.poll() is None, process.communicate()[0]
    return psutil.Process(process.pid).children(recursive=True)


def _called(name: str, processes: Sequence[psutil.Process]) -> list[psutil.Process]:
    alive = [process for process in processes if process.status() != psutil.STATUS_ZOMBIE]
    return [process for process in alive if process.cmdline()[-1:] == [name]]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_cleanly_and_leaves_nothing(
    start: Start, environ: dict[str, str], number: signal.Signals
) -> None:
    process = start()
    children = family(process, environ)
    assert sorted(child.cmdline()[-1] for child in children) == ["clock", "worker"]
    os.killpg(process.pid, number)  # as a terminal does: to the whole group
    said, _ = process.communicate()
    assert process.returncode == 0
    assert "real databases get no sandbox" in said
    assert "worker did not end by itself" not in said
    assert "everything is stopped" in said
    assert not [child for child in children if child.is_running()]
    assert attach.read(Path(environ["SPAREWHEEL_HOME"])) == {}


def test_a_worker_that_died_is_started_again(start: Start, environ: dict[str, str]) -> None:
    process = start()
    (worker,) = _called("worker", family(process, environ))
    worker.kill()

    def another() -> bool:
        found = _called("worker", psutil.Process(process.pid).children())
        return bool(found) and found[0].pid != worker.pid

    until(another)
    process.terminate()
    assert "worker ended (exit code -9); again in 1 s" in process.communicate()[0]


def test_an_embedded_server_that_was_killed_is_started_again(start: Start, environ: dict[str, str]) -> None:
    process = start(SPAREWHEEL_DATABASE_URL="")
    family(process, environ)
    folders = json.loads((Path(environ["SPAREWHEEL_HOME"]) / "state.json").read_text())["folders"]
    pid_file = Path(folders["main"]) / "postmaster.pid"
    first = pid_file.read_text().split()[0]
    os.kill(int(first), signal.SIGKILL)
    until(lambda: pid_file.exists() and "ready" in (now := pid_file.read_text()) and now.split()[0] != first)
    until(lambda: elsewhere(environ, "backup", "status").returncode == 0)
    process.terminate()
    said, _ = process.communicate()
    assert "the embedded main server ended by itself; again in 1 s" in said
    assert "the embedded main server runs again" in said
    assert process.returncode == 0


def test_killed_itself_it_leaves_nothing(start: Start, environ: dict[str, str]) -> None:
    process = start()
    children = family(process, environ)
    process.kill()
    until(lambda: not [c for c in children if c.is_running() and c.status() != psutil.STATUS_ZOMBIE])


def test_a_configuration_that_cannot_work_is_said_and_not_tried_for_ever(
    start: Start, environ: dict[str, str]
) -> None:
    Path(environ["SPAREWHEEL_CONFIG"]).write_text("[storage]\nurl = 'nowhere'\n")
    process = start()
    said, _ = process.communicate()
    assert process.returncode == 2
    assert "url must be s3://BUCKET or file:///FOLDER" in said
    assert "again in" not in said
    assert "Traceback" not in said


def test_what_was_set_for_it_is_found_from_another_terminal(start: Start, environ: dict[str, str]) -> None:
    family(start(), environ)
    asked = elsewhere(environ, "backup", "now", "full", "--detach")
    assert "is queued" in asked.stdout, asked.stderr
    until(
        lambda: json.loads(elsewhere(environ, "backup", "show", "latest", "--json").stdout)["record"][
            "finished_at"
        ]
    )
    assert "is stored" in elsewhere(environ, "backup", "show", "latest").stdout


def test_a_long_backup_is_cancelled_and_says_so_when_everything_is_stopped(
    start: Start, environ: dict[str, str]
) -> None:
    with Path(environ["SPAREWHEEL_CONFIG"]).open("a") as configuration:
        configuration.write('lock_timeout = "600s"\n')
    process = start()
    family(process, environ)
    with psycopg.connect(environ["FLEET_URL"]) as holder:
        holder.execute("LOCK TABLE drivers IN ACCESS EXCLUSIVE MODE")
        elsewhere(environ, "backup", "now", "full", "--detach")
        until(
            lambda: holder.execute(
                "SELECT 1 FROM pg_locks WHERE NOT granted AND database IS NOT NULL"
            ).fetchone()
        )
        process.terminate()
        said, _ = process.communicate()
    assert process.returncode == 0
    assert "worker did not end by itself" not in said
    url = ledger_conninfo(environ["SPAREWHEEL_DATABASE_URL"])
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT state, cancel_requested_by FROM backup_log").fetchone()
    assert row == ("cancelled", "the worker's shutdown")


@pytest.mark.parametrize("missing", ["SPAREWHEEL_DATABASE_URL", "SPAREWHEEL_CONFIG"])
def test_one_that_was_set_alone_is_found_from_another_terminal(
    start: Start, environ: dict[str, str], missing: str
) -> None:
    process = start(**{missing: ""})
    family(process, environ)
    found = elsewhere(environ, "backup", "status")
    assert found.returncode == 0, found.stderr
    assert ("cruzonic" if missing == "SPAREWHEEL_CONFIG" else "fleet") in found.stdout
    process.terminate()
    process.communicate()


def test_before_it_is_ready_it_names_what_would_make_backups_fail(
    start: Start, environ: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "archives").rmdir()
    with Path(environ["SPAREWHEEL_CONFIG"]).open("a") as configuration:
        configuration.write('critical = ["driverz"]\n[databases.second]\nurl_env = "SECOND_URL"\n')
    process = start()
    family(process, environ)
    process.terminate()
    said, _ = process.communicate()
    looks = "\n".join(line for line in said.splitlines() if line.startswith("  Look at:"))
    assert "storage: " in looks
    assert "database fleet: " in looks
    assert "drivers" in looks  # the nearest
    assert "SECOND_URL is not set" in looks
    assert said.index("Sparewheel is ready.") < said.index("  Look at:")


def test_the_reason_is_said_once_and_is_this_starts_own(start: Start, environ: dict[str, str]) -> None:
    configuration = Path(environ["SPAREWHEEL_CONFIG"])
    for wrong in ("before", "now"):
        configuration.write_text(f"[storage]\nurl = '{wrong}'\n[nonsense-{wrong}]\n")
        process = start()
        said, _ = process.communicate()
    assert said.count("url must be s3://BUCKET") == 1
    assert "nonsense-before" not in said
    assert "worker cannot run." in said


def test_a_folder_that_cannot_be_written_is_named_and_nothing_was_stopped(
    start: Start, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    process = start(SPAREWHEEL_HOME=str(tmp_path / "file" / "home"))
    said, _ = process.communicate()
    assert process.returncode == 2
    assert str(tmp_path / "file" / "home") in said
    assert "Set SPAREWHEEL_HOME" in said
    assert "everything is stopped" not in said


def test_a_slack_that_does_not_answer_is_named_and_tried_again(
    start: Start, environ: dict[str, str], unused_port: int
) -> None:
    process = start(
        SLACK_BOT_TOKEN="xoxb-hunter2-hunter2",
        SLACK_APP_TOKEN="xapp-hunter2-hunter2",
        SLACK_API_URL=f"http://127.0.0.1:{unused_port}",
    )
    family(process, environ)
    process.terminate()
    said, _ = process.communicate()
    assert process.returncode == 0
    assert f"Look at:   Slack cannot be reached at http://127.0.0.1:{unused_port}/api/" in said
    assert "Trying again" in said
    assert "hunter2" not in said


def test_half_of_slacks_tokens_is_said_before_anything_starts(start: Start) -> None:
    process = start(SLACK_BOT_TOKEN="xoxb-hunter2-hunter2")
    said, _ = process.communicate()
    assert process.returncode == 2
    assert "neither SLACK_APP_TOKEN nor SLACK_SIGNING_SECRET" in said
    assert "hunter2" not in said
