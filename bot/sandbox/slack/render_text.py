"""Slack messages and views as plain text that reads well in a terminal."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from bot.sandbox.slack.people import CHANNELS, GROUPS, PEOPLE

_MARKUP = re.compile(r"<([^<>]+)>")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


def render_messages(messages: Iterable[dict[str, Any]]) -> str:
    """A channel as text: oldest first, each thread below its first message.

    Replies whose first message is not among `messages` stand below a line that names it.
    """
    listed = list(messages)
    by_ts = {one["ts"] for one in listed}
    lines: list[str] = []
    for one in listed:
        thread = one.get("thread_ts", one["ts"])
        if thread == one["ts"]:
            lines += [*_message(one), ""]
        elif thread not in by_ts:
            by_ts.add(thread)
            lines += [f"in the thread of an earlier message  [{thread}]", ""]
        else:
            continue
        replies = (two for two in listed if two.get("thread_ts") == thread and two["ts"] != thread)
        for reply in replies:
            lines += [f"    | {line}".rstrip() for line in _message(reply)] + [""]
    return "\n".join(lines).rstrip("\n")


def render_view(view: dict[str, Any]) -> str:
    """A modal or a Home tab as text."""
    title = [f"== {_text(view['title'])} =="] if view.get("title") else []
    buttons = [f"[{_text(view[name])}]" for name in ("submit", "close") if view.get(name)]
    return "\n".join([*title, *render_blocks(view["blocks"]), *([" ".join(buttons)] if buttons else [])])


def _message(message: dict[str, Any]) -> list[str]:
    at = datetime.fromtimestamp(float(message["ts"]), UTC).strftime("%H:%M:%S")
    who = PEOPLE[message["user"]].name if message["user"] in PEOPLE else "Slackbot"
    edited = " (edited)" if message.get("edited") else ""
    seen_by = message.get("ephemeral_to")
    only = f" (only visible to {PEOPLE[seen_by].name})" if seen_by in PEOPLE else ""
    blocks = render_blocks(message["blocks"]) if message.get("blocks") else []
    body = blocks or plain(message.get("text", "")).splitlines()
    files = [f"(file) {one['title']}, {one['size']} bytes" for one in message.get("files", [])]
    return [f"{at} {who}{only}{edited}  [{message['ts']}]", *(f"  {line}".rstrip() for line in body + files)]


def render_blocks(blocks: Iterable[dict[str, Any]]) -> list[str]:
    """Blocks as lines."""
    return [line for block in blocks for line in _block(block)]


def _block(block: dict[str, Any]) -> list[str]:
    lines = _LINES.get(block["type"])
    return lines(block) if lines else _rich(block).splitlines()


def _section(block: dict[str, Any]) -> list[str]:
    lines = _text(block["text"]).splitlines() if block.get("text") else []
    for field in block.get("fields", []):
        lines.append(": ".join(part.strip() for part in _text(field).splitlines() if part.strip()))
    accessory = block.get("accessory")
    return [*lines, _element(accessory)] if accessory else lines


def _element(element: dict[str, Any]) -> str:
    kind = element["type"]
    if kind in ("mrkdwn", "plain_text"):
        return _text(element)
    if kind == "button":
        return f"[{_text(element['text'])}]({element.get('action_id', '')})"
    if kind == "image":
        return f"(image) {element['alt_text']}"
    options = [str(one["value"]) for one in element.get("options", [])]
    return f"<{kind} {element.get('action_id', '')}{': ' if options else ''}{', '.join(options)}>"


def _rich(value: Any) -> str:
    """Rich text and table cells: their texts, one line for each section."""
    if isinstance(value, list):
        return "".join(_rich(one) for one in value)
    kind = value.get("type", "")
    if kind in ("text", "raw_text"):
        return str(value["text"])
    if kind == "link":
        return str(value.get("text") or value["url"])
    if kind in ("user", "channel", "usergroup", "broadcast"):
        mark = {"user": "@", "channel": "#", "usergroup": "!subteam^", "broadcast": "!"}[kind]
        name = next(value[key] for key in ("user_id", "channel_id", "usergroup_id", "range") if key in value)
        return plain(f"<{mark}{name}>")
    inner = value.get("elements", [])
    return "\n".join(_rich(one) for one in inner) if kind in ("rich_text", "rich_text_list") else _rich(inner)


def _text(value: dict[str, Any]) -> str:
    """A text object; only mrkdwn has markup to be resolved."""
    words = str(value["text"])
    return plain(words) if value["type"] == "mrkdwn" else words


def plain(mrkdwn: str) -> str:
    """Mrkdwn with mentions, dates and links resolved to what a person reads."""
    resolved = _MARKUP.sub(lambda match: _markup(match.group(1)), mrkdwn)
    for entity, character in _ENTITIES:
        resolved = resolved.replace(entity, character)
    return resolved


def _markup(inside: str) -> str:
    target, _, label = inside.partition("|")
    if target.startswith("!date^"):
        return label or target
    if target.startswith("@"):
        return f"@{PEOPLE[target[1:]].name}" if target[1:] in PEOPLE else f"@{label or target[1:]}"
    if target.startswith("#"):
        return f"#{CHANNELS[target[1:]].name}" if target[1:] in CHANNELS else f"#{label or target[1:]}"
    if target.startswith("!subteam^"):
        group = GROUPS.get(target.removeprefix("!subteam^"))
        return f"@{group.handle}" if group else label or target
    if target.startswith("!"):
        return f"@{target[1:]}"
    return f"{label} ({target})" if label else target


# Below the functions that it names.
_LINES: dict[str, Callable[[dict[str, Any]], list[str]]] = {
    "divider": lambda _block: ["-" * 40],
    "header": lambda block: [f"# {_text(block['text'])}"],
    "section": _section,
    "context": lambda block: [" · ".join(_element(one) for one in block["elements"])],
    "actions": lambda block: ["  ".join(_element(one) for one in block["elements"])],
    "input": lambda block: [f"{_text(block['label'])}: {_element(block['element'])}"],
    "markdown": lambda block: plain(block["text"]).splitlines(),
    "table": lambda block: [" | ".join(_rich(cell) for cell in row) for row in block["rows"]],
    "image": lambda block: [f"(image) {block['alt_text']}"],
}
