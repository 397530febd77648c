"""Slack's limits on blocks, as a pure function: the yardstick for every message the product can send.

Numbers: docs.slack.dev, reference/block-kit/blocks.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from bot.sandbox.slack.checks import (
    Check,
    anything,
    array,
    at,
    boolean,
    choice,
    every,
    integer,
    one_of_fields,
    shape,
    string,
    tagged,
    text,
)
from bot.sandbox.slack.elements import (
    ACCESSORY,
    ACTION_ELEMENT,
    CONTEXT_ELEMENT,
    IDENTIFIER,
    INPUT_ELEMENT,
    URL,
)


class Surface(StrEnum):
    """Where blocks are shown."""

    MESSAGE = "message"
    MODAL = "modal"
    HOME = "home"

    @property
    def most_blocks(self) -> int:
        """How many blocks Slack takes there."""
        return 50 if self is Surface.MESSAGE else 100


_MARKDOWN_TOTAL = 12_000
_TABLE_TOTAL = 10_000
_BLOCK_ID = {"block_id": IDENTIFIER}

_STYLE = {"style": anything}
_INLINE = tagged(
    {
        "text": shape({"text": string(40_000)}, _STYLE),
        "link": shape({"url": URL}, {"text": string(40_000, 0), "unsafe": boolean, **_STYLE}),
        "emoji": shape({"name": string(255)}, {"unicode": string(255), "skin_tone": anything, **_STYLE}),
        "user": shape({"user_id": string(255)}, _STYLE),
        "channel": shape({"channel_id": string(255)}, _STYLE),
        "usergroup": shape({"usergroup_id": string(255)}, _STYLE),
        "broadcast": shape({"range": choice("here", "channel", "everyone")}, _STYLE),
        "date": shape(
            {"timestamp": integer(0, 10**11), "format": string(255)},
            {"url": URL, "fallback": string(3000), **_STYLE},
        ),
        "color": shape({"value": string(7)}),
    },
    "rich text element",
)
_INLINES = {"elements": array(_INLINE, 1000, 0)}
_SECTION = tagged({"rich_text_section": shape(_INLINES)}, "rich text element")
_RICH_TEXT = tagged(
    {
        "rich_text_section": shape(_INLINES),
        "rich_text_preformatted": shape(_INLINES, {"border": integer(0, 1), "language": string(50)}),
        "rich_text_quote": shape(_INLINES, {"border": integer(0, 1)}),
        "rich_text_list": shape(
            {"style": choice("bullet", "ordered"), "elements": array(_SECTION, 1000)},
            {"indent": integer(0, 8), "offset": integer(0, 10_000), "border": integer(0, 1)},
        ),
    },
    "rich text element",
)
_RICH = shape({"elements": array(_RICH_TEXT, 1000)}, _BLOCK_ID)
_CELL = tagged({"raw_text": shape({"text": string(3000)}), "rich_text": _RICH}, "table cell")
_COLUMN = shape({}, {"align": choice("left", "center", "right"), "is_wrapped": boolean})

_BLOCKS: dict[str, Check] = {
    "section": every(
        shape(
            {},
            {
                "text": text(3000),
                "fields": array(text(2000), 10),
                "accessory": ACCESSORY,
                "expand": boolean,
                **_BLOCK_ID,
            },
        ),
        one_of_fields("text", "fields"),
    ),
    "divider": shape({}, _BLOCK_ID),
    "header": shape({"text": text(150, plain=True)}, _BLOCK_ID),
    "context": shape({"elements": array(CONTEXT_ELEMENT, 10)}, _BLOCK_ID),
    "actions": shape({"elements": array(ACTION_ELEMENT, 25)}, _BLOCK_ID),
    "input": shape(
        {"label": text(2000, plain=True), "element": INPUT_ELEMENT},
        {"hint": text(2000, plain=True), "optional": boolean, "dispatch_action": boolean, **_BLOCK_ID},
    ),
    "image": every(
        shape(
            {"alt_text": string(2000)},
            {"image_url": URL, "slack_file": anything, "title": text(2000, plain=True), **_BLOCK_ID},
        ),
        one_of_fields("image_url", "slack_file"),
    ),
    "rich_text": _RICH,
}
_MESSAGE_ONLY: dict[str, Check] = {
    "markdown": shape({"text": string(_MARKDOWN_TOTAL)}, _BLOCK_ID),
    "table": shape(
        {"rows": array(array(_CELL, 20), 100)}, {"column_settings": array(_COLUMN, 20), **_BLOCK_ID}
    ),
}


def problems(blocks: Any, surface: Surface = Surface.MESSAGE, pointer: str = "/blocks") -> list[str]:
    """What Slack would find wrong with these blocks.

    Args:
        blocks: the value of `blocks`, as decoded JSON.
        surface: where they are to be shown.
        pointer: where they stand in the payload, for the sentences.

    Returns:
        Sentences like those of `response_metadata.messages`; empty when Slack would take the blocks.
    """
    kinds = {**_BLOCKS, **(_MESSAGE_ONLY if surface is Surface.MESSAGE else {})}
    found = array(tagged(kinds, "block type"), surface.most_blocks, 0)(blocks, pointer)
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        return found
    return found + _doubled_ids(blocks, pointer) + _totals(blocks, pointer)


def _doubled_ids(blocks: list[dict[str, Any]], pointer: str) -> list[str]:
    found, seen = [], set[str]()
    for i, block in enumerate(blocks):
        block_id = block.get("block_id")
        if isinstance(block_id, str):
            if block_id in seen:
                found.append(at(f"{pointer}/{i}/block_id", f'`block_id` "{block_id}" already exists'))
            seen.add(block_id)
        actions = [one.get("action_id") for one in elements_of(block)]
        twice = {one for one in actions if isinstance(one, str) and actions.count(one) > 1}
        found += [at(f"{pointer}/{i}", f'`action_id` "{one}" already exists') for one in sorted(twice)]
    return found


def elements_of(block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The interactive elements of one block, wherever the block keeps them."""
    inner = block.get("elements") if block.get("type") == "actions" else None
    candidates = [*(inner if isinstance(inner, list) else []), block.get("accessory"), block.get("element")]
    return (one for one in candidates if isinstance(one, dict) and one.get("type") != "image")


def _totals(blocks: list[dict[str, Any]], pointer: str) -> list[str]:
    """Limits that hold for a payload as a whole: all markdown together, one table, all its cells."""
    found = []
    markdown = sum(len(str(block.get("text", ""))) for block in blocks if block.get("type") == "markdown")
    if markdown > _MARKDOWN_TOTAL:
        found.append(
            at(pointer, f"all markdown blocks together must be at most {_MARKDOWN_TOTAL} characters")
        )
    tables = [block for block in blocks if block.get("type") == "table"]
    if len(tables) > 1:
        found.append(at(pointer, "only_one_table_allowed"))
    if sum(_cell_characters(block.get("rows")) for block in tables) > _TABLE_TOTAL:
        found.append(at(pointer, f"all table cells together must be at most {_TABLE_TOTAL} characters"))
    return found


def _cell_characters(value: Any) -> int:
    """The characters of every `text` below a value, however deep."""
    if isinstance(value, dict):
        own = value.get("text")
        return (len(own) if isinstance(own, str) else 0) + sum(map(_cell_characters, value.values()))
    return sum(map(_cell_characters, value)) if isinstance(value, list) else 0
