from __future__ import annotations

from pathlib import Path

import pytest

from bot.supervisor import banner
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
    _, address, first, data, _ = lines(plan, Path("/home"), VARIABLES, ".venv/bin/sparewheel", link=link)
    assert link in address
    assert ".venv/bin/sparewheel sandbox open" in address
    assert "/backup now full cruzonic" in first
    assert "/home" in data


def test_without_slack_it_names_the_command_line() -> None:
    said = text(SlackEdge.NONE)
    assert "SLACK_BOT_TOKEN is not set" in said
    assert "backup status" in said


@pytest.mark.parametrize("slack", SlackEdge)
def test_no_secret_is_printed(slack: SlackEdge) -> None:
    assert "hunter2" not in text(slack)


def test_it_names_what_to_look_at() -> None:
    plan = Plan(ledger=False, samples=False, slack=SlackEdge.NONE)
    said = lines(plan, Path("/home"), VARIABLES, "sparewheel", ["storage: The bucket is not there."])
    assert "  Look at:   storage: The bucket is not there." in said


@pytest.mark.parametrize(("home", "said"), [("elsewhere", True), (".sparewheel", False)])
def test_what_is_typed_finds_a_home_that_was_named(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    home: str,
    said: bool,
) -> None:
    monkeypatch.chdir(tmp_path)
    plan = Plan(ledger=False, samples=False, slack=SlackEdge.NONE)
    banner.show(plan, tmp_path / home, VARIABLES, [])
    assert (f"SPAREWHEEL_HOME={tmp_path / home} " in capsys.readouterr().out) is said
