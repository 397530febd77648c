from __future__ import annotations

import re

from slack_sdk import WebClient

from bot.sandbox.slack.client import SandboxClient
from bot.sandbox.slack.render_text import plain, render_blocks, render_messages, render_view


def test_a_conversation_reads_well(web: WebClient, people: SandboxClient) -> None:
    people.say("omar", "hello @vera")
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "Backup & more"}},
        {
            "type": "section",
            "text": {"type": "mrkdwn", "text": "<@U0OMAR> asked for *full* &lt;now&gt;"},
            "fields": [{"type": "mrkdwn", "text": "*Size*\n12 MB"}],
        },
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "a"}, {"type": "mrkdwn", "text": "b"}]},
        {"type": "divider"},
        {
            "type": "actions",
            "elements": [
                {"type": "button", "text": {"type": "plain_text", "text": "Check"}, "action_id": "check"}
            ],
        },
    ]
    ts = web.chat_postMessage(channel="C0OPS", text="fallback", blocks=blocks)["ts"]
    web.chat_postMessage(channel="C0OPS", text="in the thread", thread_ts=ts)
    web.chat_postEphemeral(channel="C0OPS", user="U0CARL", text="not allowed")
    web.chat_update(channel="C0OPS", ts=ts, text="fallback", blocks=blocks)
    text = re.sub(r"\d\d:\d\d:\d\d", "TIME", re.sub(r"\[\d+\.\d+\]", "[TS]", people.read()))
    assert text.splitlines() == [
        "TIME omar  [TS]",
        "  hello @vera",
        "",
        "TIME sparewheel (edited)  [TS]",
        "  # Backup & more",
        "  @omar asked for *full* <now>",
        "  *Size*: 12 MB",
        "  a · b",
        f"  {'-' * 40}",
        "  [Check](check)",
        "",
        "    | TIME sparewheel  [TS]",
        "    |   in the thread",
        "",
        "TIME sparewheel (only visible to carl)  [TS]",
        "  not allowed",
    ]


def test_a_reply_without_its_parent_is_still_shown(people: SandboxClient) -> None:
    people.say("omar", "parent")
    ts = people.messages()[0]["ts"]
    for words in ("reply", "another"):
        people.say("vera", words, thread_ts=ts)
    first, *lines = render_messages(people.messages(since=ts)).splitlines()
    assert first == f"in the thread of an earlier message  [{ts}]"
    assert all(line.startswith("    | ") for line in lines if line)
    assert [line for line in lines if line.endswith(("reply", "another"))] == [
        "    |   reply",
        "    |   another",
    ]


def test_markup_is_resolved() -> None:
    assert (
        plain("<!date^1790000000^{date}|today> <https://x.example|here>") == "today here (https://x.example)"
    )
    assert plain("<#C0OPS> <!subteam^S0OPERATORS> <!here> <@U0NOBODY>") == (
        "#database-operations @operators @here @U0NOBODY"
    )
    assert plain("&lt;!channel&gt; &amp;lt;") == "<!channel> &lt;"


def test_tables_rich_text_and_inputs() -> None:
    cells = [{"type": "raw_text", "text": "a"}, {"type": "raw_text", "text": "b"}]
    rich = {
        "type": "rich_text",
        "elements": [
            {
                "type": "rich_text_section",
                "elements": [{"type": "text", "text": "hi "}, {"type": "user", "user_id": "U0VERA"}],
            }
        ],
    }
    label = {"type": "plain_text", "text": "Why"}
    entry = {"type": "input", "label": label, "element": {"type": "plain_text_input", "action_id": "why"}}
    lines = render_blocks([{"type": "table", "rows": [cells]}, rich, entry])
    assert lines == ["a | b", "hi @vera", "Why: <plain_text_input why>"]
    view = {"title": label, "submit": {"type": "plain_text", "text": "Send"}, "blocks": [entry]}
    assert render_view(view) == "== Why ==\nWhy: <plain_text_input why>\n[Send]"
