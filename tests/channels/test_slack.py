"""Notices in Slack channels, through the real sdk against the sandbox Slack."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.channels.rehearsal import open_rehearsal
from bot.channels.slack import SlackChannel, blocks
from bot.core.fit import SECTION
from bot.errors import ChannelBusyError, ChannelRefusedError
from bot.sandbox.slack.server import SlackServer
from bot.slack.client import patient_client
from tests.support.outgoing import HOSTILE, outgoing, rendered


@pytest.fixture
def slack(tmp_path: Path) -> Iterator[SlackServer]:
    with SlackServer(tmp_path / "slack-home") as server:
        yield server


@pytest.fixture
def channel(slack: SlackServer) -> SlackChannel:
    return SlackChannel(patient_client(slack.credentials.bot_token, slack.api_url))


def test_a_notice_and_what_follows_it(slack: SlackServer, channel: SlackChannel) -> None:
    first = channel.hand_over(outgoing("C0OPS"))
    second = channel.hand_over(outgoing("C0OPS", references=(first.reference,), key="cd" * 16))
    client = patient_client(slack.credentials.bot_token, slack.api_url)
    replies = client.conversations_replies(channel="C0OPS", ts=first.reference)["messages"]
    assert [one["ts"] for one in replies] == [first.reference, second.reference]


def test_sent_again_by_a_person_it_is_looked_for_first(slack: SlackServer, channel: SlackChannel) -> None:
    first = channel.hand_over(outgoing("C0OPS"))
    again = channel.hand_over(outgoing("C0OPS", again=True))
    assert again.reference == first.reference
    client = patient_client(slack.credentials.bot_token, slack.api_url)
    assert len(client.conversations_history(channel="C0OPS")["messages"]) == 1


def test_a_channel_that_is_not_there_is_refused(channel: SlackChannel) -> None:
    with pytest.raises(ChannelRefusedError, match="channel_not_found"):
        channel.hand_over(outgoing("C0NOWHERE"))


def test_a_token_that_is_wrong_is_the_channels_fault(slack: SlackServer) -> None:
    channel = SlackChannel(patient_client("xoxb-wrong", slack.api_url))
    with pytest.raises(ChannelBusyError) as busy:
        channel.hand_over(outgoing("C0OPS"))
    assert busy.value.whole


def test_slack_that_is_away_was_surely_not_reached() -> None:
    channel = SlackChannel(patient_client("xoxb-x", "http://127.0.0.1:1/api/"))
    with pytest.raises(ChannelBusyError):
        channel.hand_over(outgoing("C0OPS"))


def test_nothing_that_is_typed_pings_or_links(channel: SlackChannel) -> None:
    text = rendered(service=HOSTILE[:150], expect=HOSTILE).slack
    assert "<!channel>" not in text
    assert "<@" not in text
    assert "<https://evil" not in text
    channel.hand_over(outgoing("C0OPS", slack=text))


def test_long_texts_are_parted_and_nothing_is_left_away() -> None:
    long = "\n\n".join(f"Paragraph {n}: " + "word & " * 90 for n in range(40))
    made = blocks(outgoing(slack=long))
    assert all(len(block["text"]["text"]) <= SECTION for block in made)
    joined = " ".join(block["text"]["text"] for block in made)
    assert joined.split() == long.split()


def test_a_rehearsal_says_that_it_is_one(slack: SlackServer) -> None:
    client = patient_client(slack.credentials.bot_token, slack.api_url)
    open_rehearsal(client).hand_over(outgoing("C0OPS"))
    (posted,) = client.conversations_history(channel="C0OPS")["messages"]
    assert "nobody but this channel" in posted["blocks"][0]["text"]["text"]


def test_slack_makes_nothing_of_its_own_from_what_was_typed() -> None:
    made = blocks(outgoing(slack="@channel, see https://evil.example and #general"))
    assert all(block["text"]["verbatim"] for block in made)
