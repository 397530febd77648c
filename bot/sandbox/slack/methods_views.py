"""The Web API's views.* methods."""

from __future__ import annotations

from typing import Any

from bot.sandbox.slack.arguments import Arguments
from bot.sandbox.slack.blocks import Surface
from bot.sandbox.slack.methods_chat import Result
from bot.sandbox.slack.payloads import view_problems
from bot.sandbox.slack.people import PEOPLE
from bot.sandbox.slack.refusal import RefusedError
from bot.sandbox.slack.state import Sandbox
from bot.sandbox.slack.views import View, make


def checked(view: Any, wanted: Surface = Surface.MODAL) -> View:
    """The view, held against Slack's limits.

    Raises:
        RefusedError: `invalid_arguments` with what is wrong.
    """
    found = view_problems(view, wanted=wanted)
    if found:
        raise RefusedError("invalid_arguments", found)
    result: View = view
    return result


def open_view(sandbox: Sandbox, args: Arguments) -> Result:
    """views.open: the view is looked at first, so that a wrong one does not cost the trigger."""
    view = checked(args.decoded("view"))
    return {"view": sandbox.modals.open(sandbox.triggers.exchange(args.required("trigger_id")), view)}


def push_view(sandbox: Sandbox, args: Arguments) -> Result:
    """views.push."""
    view = checked(args.decoded("view"))
    return {"view": sandbox.modals.push(sandbox.triggers.exchange(args.required("trigger_id")), view)}


def update_view(sandbox: Sandbox, args: Arguments) -> Result:
    """views.update."""
    wanted = args.text("view_id") or args.required("external_id")
    view = checked(args.decoded("view"))
    return {"view": sandbox.modals.update(wanted, view, args.text("hash"))}


def publish_view(sandbox: Sandbox, args: Arguments) -> Result:
    """views.publish: the Home tab of one person."""
    user = args.required("user_id")
    if user not in PEOPLE:
        raise RefusedError("user_not_found")
    view = checked(args.decoded("view"), Surface.HOME)
    current = sandbox.workspace.homes.get(user)
    if args.text("hash") and current and args.text("hash") != current["hash"]:
        raise RefusedError("hash_conflict")
    made = make(view)
    sandbox.workspace.publish_home(user, made)
    return {"view": made}
