"""The command line as people run it: a process, with an environment of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from bot.__main__ import main
from tests.support.forked import Forked
from tests.support.servers import Database


@dataclass
class CommandLine:
    """Runs `sparewheel` with one database and one folder configured."""

    environ: dict[str, str]
    secrets: tuple[str, ...]
    said: list[str] = field(default_factory=list)

    def start(self, *words: str) -> Forked:
        """A process of it whose modules are loaded already."""
        return Forked(main, *words, environ=self.environ)

    def start_anew(self, *words: str) -> subprocess.Popen[str]:
        """A process of it as a terminal starts it."""
        return subprocess.Popen(
            [sys.executable, "-m", "bot", *words],
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *words: str, code: int = 0) -> str:
        """Run to the end; returns stdout and stderr together."""
        return self.end_of(self.start(*words), code)

    def end_of(self, started: Forked | subprocess.Popen[str], code: int = 0) -> str:
        """What one that was started said to its end, which has to be this one."""
        with started as process:
            out, err = process.communicate()
        self.said.append(out + err)
        assert process.returncode == code, out + err
        return out + err


@contextmanager
def command_line(folder: Path, database: Database, ledger_url: str) -> Iterator[CommandLine]:
    """The command line for one small database; at its end no password was printed."""
    with psycopg.connect(database.url) as connection:
        connection.execute("CREATE TABLE drivers AS SELECT n AS id FROM generate_series(1, 500) n")
        connection.execute('CREATE TABLE "My Table" AS SELECT 1 AS id')
    (folder / "archives").mkdir()
    configuration = folder / "sparewheel.toml"
    configuration.write_text(
        f'[storage]\nurl = "{(folder / "archives").as_uri()}"\n'
        '[databases.fleet]\nurl_env = "FLEET_URL"\ncritical = ["drivers"]\nlock_timeout = "120s"\n'
    )
    given = {k: v for k, v in os.environ.items() if not k.startswith(("SPAREWHEEL_", "SLACK_"))}
    environ = given | {
        "SPAREWHEEL_HOME": str(folder / "home"),
        "SPAREWHEEL_CONFIG": str(configuration),
        "SPAREWHEEL_DATABASE_URL": ledger_url,
        "FLEET_URL": database.url,
    }
    secrets = tuple(psycopg.conninfo.conninfo_to_dict(url)["password"] for url in (ledger_url, database.url))
    run = CommandLine(environ, tuple(str(secret) for secret in secrets))
    yield run
    for words in run.said:
        assert not [secret for secret in run.secrets if secret in words], "a password was printed"


@pytest.fixture
def unmigrated(tmp_path: Path, fresh_database: Database, empty_ledger_url: str) -> Iterator[CommandLine]:
    """On a ledger that has no tables yet."""
    with command_line(tmp_path, fresh_database, empty_ledger_url) as run:
        yield run


@pytest.fixture
def sparewheel(tmp_path: Path, fresh_database: Database, ledger_url: str) -> Iterator[CommandLine]:
    """On a fresh ledger with all its tables."""
    with command_line(tmp_path, fresh_database, ledger_url) as run:
        yield run
