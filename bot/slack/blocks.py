"""The few Block Kit shapes that messages are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.slack.fit import BLOCKS, SECTION, cut, cut_mrkdwn

Block = dict[str, Any]


@dataclass(frozen=True)
class Snippet:
    """What is too long for a message: a text file for the thread."""

    filename: str
    title: str
    content: str


@dataclass(frozen=True)
class Rendered:
    """A message for Slack. `text` is what notifications and screen readers get, `blocks` what is seen."""

    text: str
    blocks: list[Block]
    snippet: Snippet | None = None
    metadata: dict[str, Any] | None = field(default=None)


def section(text: str) -> Block:
    """A paragraph of mrkdwn. `verbatim`: Slack makes no links or mentions of its own from it."""
    return {
        "type": "section",
        "text": {"type": "mrkdwn", "text": cut_mrkdwn(text, SECTION), "verbatim": True},
    }


def small(text: str) -> Block:
    """A paragraph in small grey letters."""
    element = {"type": "mrkdwn", "text": cut_mrkdwn(text, SECTION), "verbatim": True}
    return {"type": "context", "elements": [element]}


def button(label: str, action: str, value: str, **more: Any) -> Block:
    """A button. Its value is an id and nothing else: what it acts on comes from the ledger."""
    return {
        "type": "button",
        "text": {"type": "plain_text", "text": cut(label, 75)},
        "action_id": action,
        "value": value,
        **more,
    }


def with_button(text: str, one: Block) -> Block:
    """A paragraph with a button beside it."""
    return {**section(text), "accessory": one}


def confirm(title: str, question: str, yes: str, no: str, *, danger: bool = True) -> Block:
    """The dialogue that asks once more before a button acts."""
    return {
        "title": {"type": "plain_text", "text": cut(title, 100)},
        "text": {"type": "plain_text", "text": cut(question, 300) or title},
        "confirm": {"type": "plain_text", "text": cut(yes, 30)},
        "deny": {"type": "plain_text", "text": cut(no, 30)},
        "style": "danger" if danger else "primary",
    }


def actions(buttons: Sequence[Block]) -> Block:
    """A row of buttons."""
    return {"type": "actions", "elements": list(buttons)}


def at_most_fifty(blocks: Sequence[Block]) -> list[Block]:
    """A message's blocks within Slack's count; the last one says how many more there were."""
    if len(blocks) <= BLOCKS:
        return list(blocks)
    left = len(blocks) - BLOCKS + 1
    return [*blocks[: BLOCKS - 1], small(f"… and {left} more paragraphs than Slack shows.")]
