"""What a person types, turned into what Slack sends; and who a message would ping."""

from __future__ import annotations

import json
import re
from typing import Any

from bot.sandbox.slack.people import CHANNELS, GROUPS, PEOPLE

_TOKEN = re.compile(r"https?://[^\s<>]+|(?<![\w@#])[@#][\w.-]+|[&<>]")
_BROADCASTS = ("channel", "here", "everyone")
_PING = re.compile(r"<!(?:channel|here|everyone)(?:\|[^>]*)?>|<!subteam\^\w+(?:\|[^>]*)?>|<@\w+(?:\|[^>]*)?>")


def as_sent(text: str, *, label: bool) -> str:
    """Typed text with mentions as ids, links marked and `&<>` escaped, as in a message's `text`.

    Args:
        text: what was typed; a typed `<!channel>` is only characters, and arrives escaped.
        label: add `|name`, as a slash command declared with `should_escape` gets it.
    """
    return _TOKEN.sub(lambda match: _one(match.group(), label=label), text)


def _one(token: str, *, label: bool) -> str:
    escaped = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
    if token in escaped:
        return escaped[token]
    if token.startswith("http"):
        return f"<{token.replace('&', '&amp;')}>"
    return (_channel if token[0] == "#" else _mention)(token[1:], label=label) or token


def _channel(name: str, *, label: bool) -> str | None:
    found = next((one for one in CHANNELS.values() if one.name == name), None)
    return f"<#{found.id}{f'|{found.name}' if label else ''}>" if found else None


def _mention(name: str, *, label: bool) -> str | None:
    if name in _BROADCASTS:
        return f"<!{name}>"
    for person in PEOPLE.values():
        if person.name == name:
            return f"<@{person.id}{f'|{name}' if label else ''}>"
    for group in GROUPS.values():
        if group.handle == name:
            return f"<!subteam^{group.id}{f'|@{name}' if label else ''}>"
    return None


def pings(message: dict[str, Any]) -> list[str]:
    """Every mention in a message that would notify somebody, in text and blocks, as it stands there."""
    return _PING.findall(json.dumps(message.get("text", ""))) + [
        found for words in _mrkdwn(message.get("blocks")) for found in _PING.findall(words)
    ]


def _mrkdwn(value: Any) -> list[str]:
    """Every text below a value in which Slack looks for mentions (plain_text is not one)."""
    if isinstance(value, list):
        return [words for one in value for words in _mrkdwn(one)]
    if not isinstance(value, dict):
        return []
    own = value.get("text")
    mine = [own] if value.get("type") in ("mrkdwn", "markdown") and isinstance(own, str) else []
    if value.get("type") in ("user", "broadcast", "usergroup"):
        mine = [f"<!{value['range']}>" if "range" in value else f"<@{value.get('user_id', 'U')}>"]
    return mine + [words for one in value.values() for words in _mrkdwn(one)]
