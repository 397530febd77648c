from __future__ import annotations

import pytest

from bot.sandbox.slack.typed import as_sent, pings


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("now @omar", "now <@U0OMAR|omar>"),
        ("@operators", "<!subteam^S0OPERATORS|@operators>"),
        ("#general", "<#C0GENERAL|general>"),
        ("@channel", "<!channel>"),
        ("<!channel>", "&lt;!channel&gt;"),
        ("a & b", "a &amp; b"),
        ("mail@omar", "mail@omar"),
        ("@nobody #nowhere", "@nobody #nowhere"),
        ("https://x.example/?a=1&b=2", "<https://x.example/?a=1&amp;b=2>"),
    ],
)
def test_a_slash_commands_text(typed: str, sent: str) -> None:
    assert as_sent(typed, label=True) == sent


def test_a_messages_text_has_no_labels() -> None:
    assert as_sent("@omar #general", label=False) == "<@U0OMAR> <#C0GENERAL>"


def test_pings_are_found_wherever_slack_would_ping() -> None:
    blocks = [
        {"type": "section", "text": {"type": "mrkdwn", "text": "<!here>"}},
        {"type": "header", "text": {"type": "plain_text", "text": "<!everyone>"}},
        {"type": "rich_text", "elements": [{"type": "broadcast", "range": "channel"}]},
        {"type": "markdown", "text": "<@U0OMAR>"},
    ]
    message = {"text": "<!subteam^S0VIEWERS|@viewers> &lt;!channel&gt;", "blocks": blocks}
    assert pings(message) == ["<!subteam^S0VIEWERS|@viewers>", "<!here>", "<!channel>", "<@U0OMAR>"]
