from __future__ import annotations

from pathlib import Path

import pytest

from bot.supervisor.banner import lines
from bot.supervisor.plan import Plan, SlackEdge

VARIABLES = {
    "SPAREWHEEL_DATABASE_URL": "postgresql://u:hunter2@h/d",
    "SPAREWHEEL_CONFIG": "/etc/sparewheel.toml",
    "SLACK_BOT_TOKEN": "xoxb-hunter2",
    "SLACK_API_URL": "http://127.0.0.1:4444/api/",
}


def text(slack: SlackEdge, *, samples: bool = False) -> str:
    plan = Plan(ledger=samples, samples=samples, slack=slack)
    return "\n".join(lines(plan, Path("/home"), VARIABLES, ".venv/bin/sparewheel"))


def test_a_newcomer_reads_three_lines() -> None:
    plan = Plan(ledger=True, samples=True, slack=SlackEdge.SANDBOX)
    link = "http://127.0.0.1:4444/open/KEY"
    _, address, first, data, _ = lines(plan, Path("/home"), VARIABLES, ".venv/bin/sparewheel", link)
    assert link in address
    assert ".venv/bin/sparewheel sandbox open" in address
    assert "/backup now full cruzonic" in first
    assert "/home" in data


def test_without_slack_it_names_the_command_line() -> None:
    banner = text(SlackEdge.NONE)
    assert "SLACK_BOT_TOKEN is not set" in banner
    assert "backup status" in banner


@pytest.mark.parametrize("slack", SlackEdge)
def test_no_secret_is_printed(slack: SlackEdge) -> None:
    assert "hunter2" not in text(slack)
