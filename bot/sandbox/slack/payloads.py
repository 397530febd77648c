"""Slack's limits on whole payloads: messages with their metadata, and views."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bot.sandbox.slack.blocks import Surface, problems
from bot.sandbox.slack.checks import Check, anything, at, boolean, shape, string, text

MESSAGE_TEXT = 40_000
# Threads of 2024 agree that chat.update refuses long before chat.postMessage does; no document says so.
UPDATED_TEXT = 4_000
_METADATA_BYTES = 16_384
_VIEW_BYTES = 250_000

_METADATA = shape({"event_type": string(255), "event_payload": anything}, {"entities": anything})
_COMMON: Mapping[str, Check] = {
    "type": anything,
    "blocks": anything,  # checked with the surface's own limits
    "private_metadata": string(3000, 0),
    "callback_id": string(255, 0),
    "external_id": string(255, 0),
}
_HOME = shape({"type": anything, "blocks": anything}, _COMMON)
_MODAL = shape(
    {"type": anything, "title": text(24, plain=True), "blocks": anything},
    {
        **_COMMON,
        "close": text(24, plain=True),
        "submit": text(24, plain=True),
        "clear_on_close": boolean,
        "notify_on_close": boolean,
        "submit_disabled": boolean,
    },
)


def metadata_problems(metadata: Any) -> list[str]:
    """What is wrong with a message's metadata; empty when Slack would keep it."""
    found = _METADATA(metadata, "/metadata")
    if found:
        return found
    payload = metadata["event_payload"]
    if not isinstance(payload, dict):
        return [at("/metadata/event_payload", "must be an object")]
    if len(json.dumps(metadata).encode()) > _METADATA_BYTES:
        return [at("/metadata", "metadata_too_large")]
    return []


def message_problems(message: Mapping[str, Any], *, update: bool = False) -> list[str]:
    """What is wrong with the arguments of a chat.postMessage (or chat.update), text, blocks and metadata.

    Args:
        message: the arguments, decoded: `text`, `blocks`, `metadata` are looked at.
        update: hold them against chat.update's shorter text limit.
    """
    found, limit = [], UPDATED_TEXT if update else MESSAGE_TEXT
    words, blocks = message.get("text") or "", message.get("blocks")
    if not isinstance(words, str):
        found.append(at("/text", "must be a string"))
    elif len(words) > limit:
        found.append(at("/text", f"msg_too_long: at most {limit} characters"))
    if not words and not blocks:
        found.append("no_text")
    if blocks is not None:
        found += problems(blocks, Surface.MESSAGE)
    if message.get("metadata") is not None:
        found += metadata_problems(message["metadata"])
    return found


def view_problems(view: Any, *, wanted: Surface) -> list[str]:
    """What is wrong with a view for views.open, push and update (MODAL) or views.publish (HOME)."""
    if not isinstance(view, dict):
        return [at("/view", "must be an object")]
    if view.get("type") != wanted.value:
        return [at("/view/type", f"must be one of: {wanted.value}")]
    check = _MODAL if wanted is Surface.MODAL else _HOME
    found = check(view, "/view") + problems(view.get("blocks"), wanted, "/view/blocks")
    if wanted is Surface.MODAL and _has_input(view) and not view.get("submit"):
        found.append(at("/view/submit", "missing required field: submit"))
    if len(json.dumps(view)) > _VIEW_BYTES:
        found.append(at("/view", "view_too_large"))
    return found


def _has_input(view: Mapping[str, Any]) -> bool:
    blocks = view.get("blocks")
    return isinstance(blocks, list) and any(isinstance(b, dict) and b.get("type") == "input" for b in blocks)
