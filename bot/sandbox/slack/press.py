"""Finds an interactive element in blocks and makes the action that its use sends."""

from __future__ import annotations

from typing import Any

from bot.errors import SandboxError
from bot.sandbox.slack.blocks import elements_of

Block = dict[str, Any]


def find_element(blocks: list[Block], action_id: str, block_id: str = "") -> tuple[Block, Block]:
    """The block and the element with this action id.

    Raises:
        SandboxError: there is none; the sentence names those that are there.
    """
    there = [(block, element) for block in blocks for element in elements_of(block)]
    for block, element in there:
        if element.get("action_id") == action_id and block_id in ("", block["block_id"]):
            return block, element
    names = ", ".join(str(element.get("action_id")) for _, element in there) or "nothing"
    raise SandboxError(f"There is no {action_id!r} to press.", next_step=f"To press there is: {names}.")


def pressed(block: Block, element: Block, value: Any = None) -> Block:
    """`actions[0]` of a block_actions payload.

    Args:
        block: where the element is.
        element: what is used.
        value: what is chosen or entered, for anything but a button.
    """
    action = {
        "type": element["type"],
        "action_id": element["action_id"],
        "block_id": block["block_id"],
    }
    if element["type"] == "button":
        kept = ("text", "value", "style", "url")
        return action | {name: element[name] for name in kept if name in element}
    return action | entered(element, value)


def entered(element: Block, value: Any) -> Block:
    """An element's state as Slack sends it, for a value given by a person.

    Options are named by their `value`; several by a list of them.

    Raises:
        SandboxError: there is no such option.
    """
    kind = str(element["type"])
    if kind in ("static_select", "radio_buttons", "overflow"):
        return {"type": kind, "selected_option": _option(element, value) if value is not None else None}
    if kind in ("checkboxes", "multi_static_select"):
        return {"type": kind, "selected_options": [_option(element, one) for one in value or []]}
    field = {
        "datepicker": "selected_date",
        "timepicker": "selected_time",
        "datetimepicker": "selected_date_time",
        "users_select": "selected_user",
        "channels_select": "selected_channel",
        "conversations_select": "selected_conversation",
        "multi_users_select": "selected_users",
        "multi_channels_select": "selected_channels",
        "multi_conversations_select": "selected_conversations",
    }.get(kind, "value")
    return {"type": kind, field: value}


def initial(element: Block) -> Any:
    """The value that an element starts with, in the form that `entered` takes."""
    found = next((element[name] for name in element if name.startswith("initial_")), None)
    if isinstance(found, dict):
        return found.get("value")
    if isinstance(found, list):
        return [one["value"] if isinstance(one, dict) else one for one in found]
    return found


def _option(element: Block, value: Any) -> Block:
    groups = element.get("option_groups", [])
    options = [*element.get("options", []), *(one for group in groups for one in group["options"])]
    for one in options:
        if one["value"] == value:
            chosen: Block = one
            return chosen
    names = ", ".join(str(one["value"]) for one in options)
    raise SandboxError(f"There is no option {value!r}.", next_step=f"Choose one of: {names}.")
