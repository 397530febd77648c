"""A worker and a socket process that start while the ledger or Slack is away: no reason to give up."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.__main__ import main
from tests.support.forked import Forked
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


def ended(role: str, environ: dict[str, str]) -> tuple[int | None, str]:
    """Its exit code, and what it said on stderr."""
    with Forked(main, role, environ=environ) as process:
        _, said = process.communicate()
    return process.returncode, said


def test_a_ledger_that_is_away_is_worth_another_start(tmp_path: Path) -> None:
    given, roles = environ(NOWHERE, tmp_path), ("worker", "socket", "web")
    with ThreadPoolExecutor() as at_once:  # each waits ten seconds for it
        ends = dict(zip(roles, at_once.map(lambda role: ended(role, given), roles), strict=True))
    assert {role: code for role, (code, _) in ends.items()} == dict.fromkeys(roles, 1)
    for _, said in ends.values():
        assert "The bot's own database cannot be reached." in said
        assert "hunter2" not in said


def test_a_configuration_that_cannot_work_is_not(tmp_path: Path, ledger_url: str) -> None:
    given = environ(ledger_url, tmp_path)
    Path(given["SPAREWHEEL_CONFIG"]).write_text("[storage]\nurl = 'nowhere'\n")
    assert ended("worker", given)[0] == 2


@pytest.mark.parametrize("role", ["worker", "socket"])
def test_slack_that_is_away_ends_neither(role: str, tmp_path: Path, ledger_url: str) -> None:
    process = Forked(main, role, environ=environ(ledger_url, tmp_path))
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
        process.send_signal(signal.SIGTERM)
        process.communicate()
    # Asked to stop while it waits, it does; the worker's own signals may not be set up yet.
    assert process.returncode in (0, -15)
