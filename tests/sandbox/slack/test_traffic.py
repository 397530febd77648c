from __future__ import annotations

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.sandbox.slack.client import SandboxClient
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.slack.traffic import Traffic


def test_calls_are_kept_with_what_slack_refused(slack: SlackServer, web: WebClient) -> None:
    web.chat_postMessage(channel="C0OPS", text="x")
    with pytest.raises(SlackApiError):
        web.chat_postMessage(channel="C0OPS", text="x", blocks=[{"type": "header"}])
    taken, refused = slack.sandbox.traffic.all()
    assert (taken.direction, taken.name, list(taken.refused)) == ("from the app", "chat.postMessage", [])
    assert refused.refused[0] == "invalid_blocks"
    assert refused.payload["blocks"] == [{"type": "header"}]  # decoded, as it was meant
    assert "token" not in taken.payload


def test_a_command_that_nobody_heard_is_kept(slack: SlackServer, people: SandboxClient) -> None:
    people.say("omar", "/backup status")
    (sent,) = slack.sandbox.traffic.all()
    assert (sent.direction, sent.name) == ("to the app", "slash_commands")
    assert list(sent.refused) == ["dispatch_failed"]
    assert sent.payload["text"] == "status"


def test_a_fault_is_told_from_a_refusal(slack: SlackServer, web: WebClient, people: SandboxClient) -> None:
    people.fault("500", times=1)
    with pytest.raises(SlackApiError):
        web.auth_test()
    assert list(slack.sandbox.traffic.all()[-1].refused) == ["fault: 500"]


def test_only_the_newest_are_kept() -> None:
    traffic = Traffic(lambda: 5.0)
    for number in range(150):
        traffic.add("to the app", str(number), {})
    kept = traffic.all()
    assert (len(kept), kept[0].name, kept[-1].number) == (100, "50", 150)
