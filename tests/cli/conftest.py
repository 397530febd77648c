"""The command line as people run it: a process, with an environment of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from tests.support.servers import Database


@dataclass
class CommandLine:
    """Runs `sparewheel` with one database and one folder configured."""

    environ: dict[str, str]
    secrets: tuple[str, ...]
    said: list[str] = field(default_factory=list)

    def start(self, *words: str) -> subprocess.Popen[str]:
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
        with self.start(*words) as process:
            out, err = process.communicate()
        self.said.append(out + err)
        assert process.returncode == code, out + err
        return out + err


@pytest.fixture
def unmigrated(tmp_path: Path, fresh_database: Database, ledger_url: str) -> Iterator[CommandLine]:
    with psycopg.connect(fresh_database.url) as connection:
        connection.execute("CREATE TABLE drivers AS SELECT n AS id FROM generate_series(1, 500) n")
        connection.execute('CREATE TABLE "My Table" AS SELECT 1 AS id')
    (tmp_path / "archives").mkdir()
    configuration = tmp_path / "sparewheel.toml"
    configuration.write_text(
        f'[storage]\nurl = "{(tmp_path / "archives").as_uri()}"\n'
        '[databases.fleet]\nurl_env = "FLEET_URL"\ncritical = ["drivers"]\nlock_timeout = "120s"\n'
    )
    given = {k: v for k, v in os.environ.items() if not k.startswith(("SPAREWHEEL_", "SLACK_"))}
    environ = given | {
        "SPAREWHEEL_HOME": str(tmp_path / "home"),
        "SPAREWHEEL_CONFIG": str(configuration),
        "SPAREWHEEL_DATABASE_URL": ledger_url,
        "FLEET_URL": fresh_database.url,
    }
    secrets = tuple(
        psycopg.conninfo.conninfo_to_dict(url)["password"] for url in (ledger_url, fresh_database.url)
    )
    run = CommandLine(environ, tuple(str(secret) for secret in secrets))
    yield run
    for words in run.said:
        assert not [secret for secret in run.secrets if secret in words], "a password was printed"


@pytest.fixture
def sparewheel(unmigrated: CommandLine) -> CommandLine:
    unmigrated("migrate")
    return unmigrated
