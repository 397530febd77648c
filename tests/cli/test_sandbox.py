from __future__ import annotations

import socket
from pathlib import Path

import pytest
from click.testing import CliRunner
from slack_sdk import WebClient

from bot.cli.main import cli
from bot.cli.sandbox import usual_port
from bot.sandbox.slack.credentials import write_address
from bot.sandbox.slack.server import SlackServer


def test_a_restart_listens_where_it_did_before(tmp_path: Path) -> None:
    assert usual_port(tmp_path) == 0
    with SlackServer(tmp_path) as first:
        port = int(first.base_url.rpartition(":")[2])
        assert usual_port(tmp_path) == 0  # it is taken
    assert usual_port(tmp_path) == port
    with SlackServer(tmp_path, usual_port(tmp_path)) as second:
        assert second.base_url == first.base_url


def test_an_address_that_makes_no_sense_is_no_reason_to_stop(tmp_path: Path) -> None:
    (tmp_path / "slack").mkdir()
    write_address(tmp_path, "http://127.0.0.1:nonsense")
    assert usual_port(tmp_path) == 0
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        write_address(tmp_path, f"http://127.0.0.1:{taken.getsockname()[1]}")
        assert usual_port(tmp_path) == 0


def test_a_buttons_question_is_asked_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = {"type": "plain_text", "text": "Stop"}
    button = {
        "type": "button",
        "text": text,
        "action_id": "stop",
        "confirm": {
            "title": {"type": "plain_text", "text": "Stop it?"},
            "text": {"type": "plain_text", "text": "Nothing is kept."},
            "confirm": text,
            "deny": text,
        },
    }
    monkeypatch.setenv("SPAREWHEEL_HOME", str(tmp_path))
    with SlackServer(tmp_path) as slack:
        web = WebClient(slack.credentials.bot_token, base_url=slack.api_url)
        blocks = [{"type": "actions", "elements": [button]}]
        ts = str(web.chat_postMessage(channel="C0OPS", text="Running", blocks=blocks)["ts"])
        press = ["sandbox", "click", "--as", "omar", "--ts", ts, "stop"]
        asked = CliRunner().invoke(cli, press)
        alone = CliRunner().invoke(cli, [*press, "--confirm"])
    assert asked.exit_code == alone.exit_code == 1
    assert asked.output == (
        "Slack asks: Stop it? Nothing is kept. Nothing was pressed; `--confirm` answers with yes.\n"
    )
    assert "the app is not connected, so nobody heard of it" in alone.output


def test_who_said_something_is_told_where_the_answer_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPAREWHEEL_HOME", str(tmp_path))
    with SlackServer(tmp_path):
        here = CliRunner().invoke(cli, ["sandbox", "say", "--as", "omar", "hello"])
        there = CliRunner().invoke(cli, ["sandbox", "say", "--as", "omar", "--channel", "C0OPS", "hello"])
    said = "Said. Read the answer with: sparewheel sandbox read --as omar"
    assert (here.exit_code, here.stdout, here.stderr) == (0, "", f"{said}\n")
    assert (there.exit_code, there.stderr) == (0, f"{said} --channel C0OPS\n")
