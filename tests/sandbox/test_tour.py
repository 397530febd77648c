"""The first run that teaches, with a bot that answers as the product's does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

from bot.sandbox.slack.blocks import Surface, problems
from bot.sandbox.slack.client import SandboxClient
from bot.sandbox.slack.methods_chat import from_bot
from bot.sandbox.slack.options import Options
from bot.sandbox.slack.people import PEOPLE
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.tour_steps import STEPS
from bot.sandbox.tour_words import next_message, second_person_message, welcome_message
from tests.sandbox.slack.conftest import hang_up, wait_for

ROOT = Path(__file__).parents[2]


@pytest.fixture
def slack(tmp_path: Path) -> Iterator[SlackServer]:
    with SlackServer(tmp_path, options=Options(tour=True, archives=tmp_path / "backups")) as server:
        yield server


@pytest.fixture
def people(slack: SlackServer, tmp_path: Path) -> SandboxClient:
    assert slack.base_url
    return SandboxClient(tmp_path)


@pytest.fixture
def heard(slack: SlackServer, people: SandboxClient) -> Iterator[list[str]]:
    """What a connected bot was told; it answers to the asker, and posts a verdict for a backup."""
    web = WebClient(slack.credentials.bot_token, base_url=slack.api_url)
    app, told = App(client=web, process_before_response=False), list[str]()

    @app.command("/backup")
    def answer(ack: Any, body: Any, respond: Any, client: Any) -> None:
        ack()
        told.append(f"{body['user_name']}: {body['text']}")
        respond("Taken")
        if body["text"].startswith("now"):
            client.chat_postMessage(channel="C0OPS", text="*Stored: full backup of `cruzonic`*")

    handler = SocketModeHandler(
        app,
        slack.credentials.app_token,
        web_client=WebClient(slack.credentials.app_token, base_url=slack.api_url),
    )
    handler.connect()
    wait_for(lambda: people.connections() > 0)
    yield told
    hang_up(handler)


def offers(people: SandboxClient, name: str) -> list[str]:
    return [one["text"] for one in people.messages(name=name) if one["text"].startswith("Next: ")]


def test_the_welcome_comes_once(slack: SlackServer, people: SandboxClient, tmp_path: Path) -> None:
    (welcome,) = people.messages()
    assert welcome["text"] == "Welcome to Sparewheel"
    slack.stop()
    with SlackServer(tmp_path, options=Options(tour=True)):
        assert SandboxClient(tmp_path).messages() == [welcome]


def test_without_the_tour_nobody_is_welcomed(tmp_path: Path) -> None:
    with SlackServer(tmp_path):
        assert SandboxClient(tmp_path).messages() == []


def test_a_button_types_its_command_and_the_outcome_brings_the_next(
    heard: list[str], people: SandboxClient
) -> None:
    ts = people.messages()[0]["ts"]
    assert people.click("olga", "tour_backup", ts=ts) == {"ok": True, "problem": None}
    assert heard == ["olga: now full cruzonic"]
    wait_for(lambda: offers(people, "olga"))
    assert offers(people, "olga") == [f"Next: {STEPS[1].title}"]
    assert offers(people, "omar") == []  # only who took the step is led on


def test_an_answer_to_somebody_else_is_no_outcome(
    slack: SlackServer, heard: list[str], people: SandboxClient
) -> None:
    offer = slack.sandbox.workspace.post(
        "C0OPS", from_bot(next_message(len(STEPS) - 1)) | {"ephemeral_to": "U0OMAR"}
    )
    people.click("omar", "tour_status", ts=offer["ts"])
    wait_for(lambda: offers(people, "omar"))
    assert heard == ["omar: status"]
    people.say("vera", "/backup status")
    wait_for(lambda: len(heard) == 2)
    assert offers(people, "vera") == []


def test_breaking_takes_the_newest_archive_and_the_alert_leads_on(
    slack: SlackServer, heard: list[str], people: SandboxClient, tmp_path: Path
) -> None:
    folder = tmp_path / "backups" / "sparewheel" / "manual" / "cruzonic" / "full"
    folder.mkdir(parents=True)
    for age, name in enumerate(("newest.dump", "older.dump")):
        (folder / name).write_bytes(b"archive")
        os.utime(folder / name, (1000 - age, 1000 - age))
    people.click("omar", "tour_break", ts=people.messages()[0]["ts"])
    assert heard == ["omar: check latest cruzonic"]
    assert sorted(path.name for path in folder.iterdir()) == ["newest.taken-away", "older.dump"]
    alert = {"text": "*Critical*\nIts bytes are gone.\nalert `a1b2c3d4` (check-failed), since now"}
    slack.sandbox.workspace.post("C0ALERTS", from_bot(alert))
    # Where it was pressed, not where the alert is.
    assert offers(people, "omar") == [f"Next: {STEPS[3].title}"]


def test_whoever_asked_for_an_approval_is_told_who_has_to_act_and_how_to_be_them(
    slack: SlackServer, heard: list[str], people: SandboxClient
) -> None:
    people.click("april", "tour_approve", ts=people.messages()[0]["ts"])
    del heard
    asked = {"text": "*Approval needed: Tell customers*"}
    for _ in range(2):  # reminded, it is said once all the same
        slack.sandbox.workspace.post("C0OPS", from_bot(asked))
    (told,) = [one for one in people.messages(name="april") if one["text"].startswith("Now act as")]
    assert told["text"] == "Now act as Andre Approver"  # nobody approves their own
    assert f"<{slack.base_url}/?as=andre|Open a second tab as Andre>" in str(told["blocks"])
    slack.sandbox.workspace.post("C0OPS", from_bot({"text": "*Approved, not sent yet: A notice*"}))
    (offer,) = [one for one in people.messages(name="april") if one["text"].startswith("Next: ")]
    assert "press *Send to 1 recipient*" in str(offer["blocks"])


def test_the_end_says_that_it_is_the_end_and_what_to_do_now() -> None:
    end = next_message(len(STEPS))
    assert end["text"].startswith("*That is all.*")
    for way_on in ("examples/cruzonic.toml", "sparewheel doctor", "Connecting a real Slack"):
        assert way_on in str(end["blocks"])
    assert (ROOT / "examples/cruzonic.toml").is_file()
    assert "## Connecting a real Slack" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("number", range(len(STEPS) + 1))
def test_its_messages_are_within_slacks_limits(number: int) -> None:
    message = next_message(number) if number else welcome_message()
    assert problems(message["blocks"], Surface.MESSAGE) == []


def test_so_is_the_one_about_a_second_person() -> None:
    message = second_person_message(PEOPLE["U0OMAR"], "http://127.0.0.1:44197")
    assert problems(message["blocks"], Surface.MESSAGE) == []
