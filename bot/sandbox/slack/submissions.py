"""Submitting and closing modals, and what the app's response_action does to them."""

from __future__ import annotations

from typing import Any

from bot.errors import SandboxError
from bot.sandbox.slack import interactions
from bot.sandbox.slack.methods_views import checked
from bot.sandbox.slack.passes import Screen
from bot.sandbox.slack.people import Person
from bot.sandbox.slack.press import entered, initial
from bot.sandbox.slack.refusal import RefusedError
from bot.sandbox.slack.state import Sandbox
from bot.sandbox.slack.views import View

_TROUBLE = "We had some trouble connecting. Try again?"
Result = dict[str, Any]


def on_screen(sandbox: Sandbox, person: Person, tab: str = "") -> View:
    """The modal this person sees, else their Home tab.

    Raises:
        SandboxError: neither is there.
    """
    view = sandbox.modals.top(Screen(person.id, tab)) or sandbox.workspace.homes.get(person.id)
    if view is None:
        raise SandboxError(f"{person.name} has no modal and no Home tab to look at.")
    return view


def _modal(sandbox: Sandbox, person: Person, tab: str) -> View:
    view = sandbox.modals.top(Screen(person.id, tab))
    if view is None:
        raise SandboxError(f"{person.name} has no modal open.")
    return view


async def submit(sandbox: Sandbox, person: Person, values: dict[str, Any], tab: str = "") -> Result:
    """Submit the top modal.

    Args:
        sandbox: the workspace.
        person: who submits.
        values: what was entered, by action id.
        tab: on which of the person's screens.

    Returns:
        `errors` by block id when something was refused, by Slack (a required field) or by the app;
        `problem` with Slack's own sentence when the app did not answer properly.
    """
    view = _modal(sandbox, person, tab)
    state, missing = _state(view, values)
    if missing:
        return {"errors": missing}
    view["state"] = {"values": state}
    answer = await interactions.view_event(sandbox, person, "view_submission", view, tab)
    if answer.problem:
        return {"problem": _TROUBLE}
    try:
        return _act(sandbox, Screen(person.id, tab), view, answer.payload or {})
    except RefusedError as refusal:
        return {"problem": _TROUBLE, "cause": [refusal.code, *refusal.messages]}


def _state(view: View, values: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """What every input holds, and what is missing that must not be."""
    state: dict[str, Any] = {}
    missing: dict[str, str] = {}
    for block in view["blocks"]:
        if block["type"] != "input":
            continue
        element = block["element"]
        value = values.get(element["action_id"], initial(element))
        if value in (None, "", []) and not block.get("optional"):
            missing[block["block_id"]] = "Please complete this required field."
        state[block["block_id"]] = {element["action_id"]: entered(element, value or None)}
    return state, missing


def _act(sandbox: Sandbox, screen: Screen, view: View, answer: dict[str, Any]) -> Result:
    action = answer.get("response_action")
    match action:
        case None:
            sandbox.modals.close(screen)
        case "clear":
            sandbox.modals.close(screen, everything=True)
        case "update":
            sandbox.modals.update(view["id"], checked(answer.get("view")))
        case "push":
            sandbox.modals.push(screen, checked(answer.get("view")))
        case "errors":
            return {"errors": _errors(view, answer.get("errors"))}
        case _:
            raise RefusedError("invalid_response_action", [str(action)])
    return {}


def _errors(view: View, errors: Any) -> dict[str, str]:
    """Errors must be named by the block id of an input, or Slack shows nothing but trouble."""
    inputs = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
    if not isinstance(errors, dict) or not errors or not set(errors) <= inputs:
        raise RefusedError("invalid_errors", ["errors must be named by block_id of input blocks"])
    return {block: str(words) for block, words in errors.items()}


async def close(sandbox: Sandbox, person: Person, tab: str = "") -> Result:
    """Close the top modal; the app hears of it where it asked to."""
    view = _modal(sandbox, person, tab)
    sandbox.modals.close(Screen(person.id, tab), everything=view["clear_on_close"])
    if view["notify_on_close"]:
        await interactions.view_event(sandbox, person, "view_closed", view, tab)
    return {}
