"""A worker and a socket process that start while the ledger or Slack is away: no reason to give up."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.ledger import migrate
from tests.support.house import Plan, environ_of, folder_storage

NOWHERE = "postgresql://nobody:hunter2@127.0.0.1:1/none"


def environ(ledger_url: str, folder: Path) -> dict[str, str]:
    plan = Plan(
        {"one": NOWHERE},
        {"one": ""},
        folder_storage(folder / "archives"),
        {
            "SLACK_BOT_TOKEN": "xoxb-hunter2-hunter2",
            "SLACK_APP_TOKEN": "xapp-hunter2-hunter2",
            "SLACK_SIGNING_SECRET": "hunter2" * 4,
            "SLACK_API_URL": "http://127.0.0.1:1/api/",
            "SPAREWHEEL_HOME": str(folder / "home"),
        },
    )
    given = {k: v for k, v in os.environ.items() if not k.startswith(("SPAREWHEEL_", "SLACK_"))}
    return given | environ_of(plan, ledger_url, folder)


def ended(role: str, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot", role], env=environ, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("role", ["worker", "socket", "web"])
def test_a_ledger_that_is_away_is_worth_another_start(role: str, tmp_path: Path) -> None:
    done = ended(role, environ(NOWHERE, tmp_path))
    assert done.returncode == 1
    assert "The bot's own database cannot be reached." in done.stderr
    assert "hunter2" not in done.stderr


def test_a_configuration_that_cannot_work_is_not(tmp_path: Path, ledger_url: str) -> None:
    migrate.migrate(ledger_url)
    given = environ(ledger_url, tmp_path)
    Path(given["SPAREWHEEL_CONFIG"]).write_text("[storage]\nurl = 'nowhere'\n")
    assert ended("worker", given).returncode == 2


@pytest.mark.parametrize("role", ["worker", "socket"])
def test_slack_that_is_away_ends_neither(role: str, tmp_path: Path, ledger_url: str) -> None:
    migrate.migrate(ledger_url)
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", role],
        env=environ(ledger_url, tmp_path),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    said = {
        "worker": "the channels were not looked up: Slack cannot be reached",
        "socket": "Trying again",
    }[role]
    try:
        for line in process.stderr:
            if said in line:
                break
        else:
            pytest.fail(f"it ended with {process.wait()}")
    finally:
        process.terminate()
        process.communicate()
    # Asked to stop while it waits, it does; the worker's own signals may not be set up yet.
    assert process.returncode in (0, -15)
