"""What the configuration asks of a restored database: SQL, dates, chains, the application, the clock."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from bot.checks.all import checks_for, run_all
from bot.checks.application import scratch_url
from bot.checks.interface import Restored, Timings
from bot.core.finding import Finding, Severity
from bot.errors import CancelledError
from bot.postgres import address
from bot.postgres.address import Address
from bot.settings import DatabaseSettings
from tests.corpus.workbench import Bench, serious

BASE: dict[str, Any] = {"url_env": "NOT_USED"}


def asked(bench: Bench, **settings: object) -> list[Finding]:
    """What is said when the configuration asks this, and nothing else."""
    findings = bench.look(bench.database, settings=DatabaseSettings.model_validate(BASE | settings))
    return [f for f in findings if f.check not in ("fingerprints", "inventory", "restore log")]


def question(sql: str, expect: str = "== 0", **more: object) -> Mapping[str, object]:
    return {"checks": [{"name": "a question", "sql": sql, "expect": expect, **more}]}


@pytest.mark.parametrize(
    ("sql", "expect", "rules"),
    [
        ("select count(*) from orders", "== 2000", set()),
        ("select count(*) from orders", "between 1 and 5", {"CUSTOM_CHECK_FAILED"}),
        ("select 'text'", "== 0", {"CUSTOM_CHECK_NOT_RUN"}),
        ("select 1, 2", "== 1", {"CUSTOM_CHECK_NOT_RUN"}),
        ("select 1 where false", "== 1", {"CUSTOM_CHECK_NOT_RUN"}),
        ("select generate_series(1, 3)", "== 1", {"CUSTOM_CHECK_NOT_RUN"}),
        ("select count(*) from no_such_table", "== 0", {"CUSTOM_CHECK_NOT_RUN"}),
        ("sel ect", "== 0", {"CUSTOM_CHECK_NOT_RUN"}),
        ("delete from orders returning 0", "== 0", {"CUSTOM_CHECK_NOT_RUN"}),
        ("select name from customers where id = 1", "== 'secret'", {"CUSTOM_CHECK_FAILED"}),
        ("select 1 / (count(*) - 2000) from orders", "== 0", {"CUSTOM_CHECK_NOT_RUN"}),
    ],
)
def test_questions(bench: Bench, sql: str, expect: str, rules: set[str]) -> None:
    findings = asked(bench, **question(sql, expect))
    assert serious(findings) == rules
    assert "Customer 1" not in str(findings)


def test_a_question_that_takes_for_ever_is_cut_short(bench: Bench) -> None:
    findings = asked(bench, **question("select 0 from pg_sleep(600)", timeout="0.2s"))
    assert serious(findings) == {"CUSTOM_CHECK_NOT_RUN"}
    assert "it took too long" in str(findings)


@pytest.mark.parametrize(
    ("wanted", "rules"),
    [
        ({"table": "events", "column": "at"}, set()),
        ({"table": "events", "column": "at", "newest_within": "1h"}, {"DATES_TOO_OLD"}),
        ({"table": "events", "column": "at", "reaches_back": "36500d"}, {"DATES_TOO_SHORT"}),
        ({"table": "notes", "column": "written_on", "reaches_back": "100d"}, set()),
        ({"table": "notes", "column": "body"}, {"DATES_NOT_CHECKED"}),
        ({"table": "notes", "column": "gone"}, {"DATES_NOT_CHECKED"}),
        ({"table": "gone", "column": "at"}, {"DATES_NOT_CHECKED"}),
        ({"table": "archive.old_orders", "column": "id"}, {"DATES_NOT_CHECKED"}),
    ],
)
def test_date_ranges(bench: Bench, wanted: Mapping[str, str], rules: set[str]) -> None:
    assert serious(asked(bench, date_ranges=[wanted])) == rules


@pytest.mark.parametrize(
    ("sql", "rules"),
    [
        ("select 0, 100", set()),
        ("select 0", set()),
        ("select 3, 100", {"HASH_CHAIN_BROKEN"}),
        ("select 0, 0", {"HASH_CHAIN_EMPTY"}),
        ("select null::bigint, 5", {"HASH_CHAIN_NOT_CHECKED"}),
        ("select true", {"HASH_CHAIN_NOT_CHECKED"}),
        ("select count(*) from gone", {"HASH_CHAIN_NOT_CHECKED"}),
        ("select 0 where false", {"HASH_CHAIN_NOT_CHECKED"}),
    ],
)
def test_hash_chains(bench: Bench, sql: str, rules: set[str]) -> None:
    assert serious(asked(bench, hash_chains=[{"name": "trail", "sql": sql}])) == rules


PSQL = "import os, psycopg; c = psycopg.connect(os.environ['SCRATCH_DATABASE_URL']); "


@pytest.mark.parametrize(
    ("command", "rules"),
    [
        ([sys.executable, "-c", PSQL + "assert c.execute('select count(*) from orders').fetchone()[0] == 2000"], set()),
        ([sys.executable, "-c", "import psycopg; psycopg.connect().execute('select 1')"], set()),
        ([sys.executable, "-c", "print('Customer 1 owes 1.50'); raise SystemExit(3)"], {"APPLICATION_FAILED"}),
        ([sys.executable, "-c", "import os, sys; sys.exit('SLACK_BOT_TOKEN' in os.environ)"], set()),
        ([sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"], {"APPLICATION_NOT_RUN"}),
        (["no-such-program-anywhere"], {"APPLICATION_NOT_RUN"}),
        (["/nowhere/program"], {"APPLICATION_NOT_RUN"}),
    ],
)  # fmt: skip
def test_the_applications_command(
    bench: Bench, command: list[str], rules: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-not-for-children")
    findings = asked(bench, application={"command": command})
    assert serious(findings) == rules
    assert "Customer 1" not in str(findings)


def test_a_command_that_does_not_end_is_ended_with_its_children(bench: Bench, tmp_path: Path) -> None:
    script = (
        "import os, pathlib, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(child.pid))\n"
        "time.sleep(600)\n"
    )
    command = [sys.executable, "-c", script]
    findings = asked(bench, application={"command": command, "timeout": "3s"})
    assert serious(findings) == {"APPLICATION_NOT_RUN"}
    pause = threading.Event()
    while _lives(int((tmp_path / "pid").read_text())):  # the suite's own timeout bounds it
        pause.wait(0.02)


def _lives(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


class _Handler(BaseHTTPRequestHandler):
    answers: Mapping[str, int] = {"/yes": 204, "/no": 500, "/elsewhere": 307}
    seen: list[dict[str, str]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append(json.loads(body))
        self.send_response(self.answers[self.path])
        self.send_header("Location", "/yes")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


@contextmanager
def application() -> Iterator[tuple[str, list[dict[str, str]]]]:
    seen: list[dict[str, str]] = []
    handler = type("Handler", (_Handler,), {"seen": seen})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("path", "rules"),
    [("/yes", set()), ("/no", {"APPLICATION_FAILED"}), ("/elsewhere", {"APPLICATION_FAILED"})],
)
def test_the_applications_url(bench: Bench, path: str, rules: set[str]) -> None:
    with application() as (url, seen):
        findings = asked(bench, application={"url": url + path})
    assert serious(findings) == rules
    # A redirect would carry the password elsewhere.
    assert len(seen) == 1
    to = address.parse(seen[0]["database_url"])
    assert to.database == bench.database


def test_a_url_where_nobody_listens(bench: Bench) -> None:
    assert serious(asked(bench, application={"url": "http://127.0.0.1:1/"})) == {"APPLICATION_NOT_RUN"}


def test_any_password_survives_in_the_url() -> None:
    hard = Address("::1", 5432, "me@home", "a db", "p@ss/w:rd%?#")
    again = address.parse(scratch_url(hard))
    assert (again.host, again.user, again.database, again.password) == (
        "::1",
        "me@home",
        "a db",
        "p@ss/w:rd%?#",
    )


@pytest.mark.parametrize(("rto", "rules"), [(timedelta(seconds=2), {"RTO_EXCEEDED"}), (None, set())])
def test_the_recovery_time(bench: Bench, rto: timedelta | None, rules: set[str]) -> None:
    findings = bench.look(bench.database, rto=rto, timings=Timings(download=1.5, restore=1.5))
    assert serious(findings) == rules


class _Broken:
    name = "a broken check"

    def run(self, restored: Restored) -> list[Finding]:
        restored.connection.execute("select 1 / 0")
        raise AssertionError


class _Worse:
    name = "a worse check"

    def run(self, restored: Restored) -> list[Finding]:
        raise ValueError(f"secret row {restored.way}")


def test_a_check_that_breaks_says_so_and_stops_no_other(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[tuple[str, int, int]] = []

    def run(restored: Restored, _checks: object) -> list[Finding]:
        checks = [_Broken(), _Worse(), *checks_for(restored.settings)]
        return run_all(restored, checks, lambda *told: heard.append(told))

    monkeypatch.setattr("tests.corpus.workbench.run_all", run)
    findings = bench.look(bench.database)
    said = [f for f in findings if f.severity is not Severity.NOTE]
    assert [(f.rule, f.subject, f.severity) for f in said] == [
        ("CHECK_NOT_RUN", "a broken check", Severity.UNVERIFIED),
        ("CHECK_NOT_RUN", "a worse check", Severity.UNVERIFIED),
    ]
    assert "secret row" not in str(findings)
    assert heard[0] == ("a broken check", 0, len(heard) - 1)
    assert heard[-1] == ("", len(heard) - 1, len(heard) - 1)


def test_a_stop_goes_through(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise CancelledError("stopped")

    def run(restored: Restored, checks: Any) -> list[Finding]:
        return run_all(restored, checks, stop)

    monkeypatch.setattr("tests.corpus.workbench.run_all", run)
    with pytest.raises(CancelledError):
        bench.look(bench.database)
