"""Slack's payloads -> requests and submissions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from bot.core.reply import FieldValue, Request, Submission
from bot.slack.buttons import BUTTONS

Body = Mapping[str, Any]
# What a form carries unseen: where it was asked for, and what its maker gave it.
_CHANNEL, _PRIVATE = "channel", "private"


def typed_request(body: Body) -> Request:
    """A slash command."""
    return Request(
        team=str(body.get("team_id") or ""),
        user=str(body.get("user_id") or ""),
        channel=str(body.get("channel_id") or ""),
        text=unescape(str(body.get("text") or "")),
        command=str(body.get("command") or ""),
        key=delivery_key(body),
    )


def pressed_request(body: Body) -> Request:
    """A button, as the command it stands for; in a message, a modal or the Home tab."""
    action = body["actions"][0]
    button = BUTTONS[action["action_id"]]
    team, user = sender(body)
    return Request(
        team=team,
        user=user,
        channel=str((body.get("channel") or {}).get("id") or _carried(body.get("view"))[0]),
        text=button.words(str(action.get("value") or "")),
        command=button.command,
        key=delivery_key(body),
    )


def submission(body: Body) -> Submission:
    """A modal that was sent off."""
    view = body["view"]
    team, user = sender(body)
    channel, private = _carried(view)
    blocks = (view.get("state") or {}).get("values") or {}
    return Submission(
        team=team,
        user=user,
        channel=channel,
        form=str(view.get("callback_id") or ""),
        values={name: _entered(next(iter(held.values()), {})) for name, held in blocks.items()},
        private=private,
        view_id=str(view.get("id") or ""),
        key=delivery_key(body),
    )


def sender(body: Body) -> tuple[str, str]:
    """Workspace and user of an interaction."""
    user = body.get("user") or {}
    return str(user.get("team_id") or (body.get("team") or {}).get("id") or ""), str(user.get("id") or "")


def carry(channel: str, private: str) -> str:
    """A modal's private_metadata."""
    return json.dumps({_CHANNEL: channel, _PRIVATE: private})


def _carried(view: Mapping[str, Any] | None) -> tuple[str, str]:
    try:
        held = json.loads((view or {}).get("private_metadata") or "{}")
    except ValueError:
        return "", ""
    return str(held.get(_CHANNEL, "")), str(held.get(_PRIVATE, ""))


def _entered(state: Mapping[str, Any]) -> FieldValue:
    """An input's state (docs.slack.dev, "view_submission": state.values) as text or several texts."""
    match state.get("type"):
        case "checkboxes" | "multi_static_select":
            return tuple(str(one["value"]) for one in state.get("selected_options") or ())
        case "static_select" | "radio_buttons":
            found = (state.get("selected_option") or {}).get("value")
        case "datepicker":
            found = state.get("selected_date")
        case "timepicker":
            found = state.get("selected_time")
        case "datetimepicker":
            found = state.get("selected_date_time")
        case _:
            found = state.get("value")
    return None if found is None else str(found)


def unescape(text: str) -> str:
    """Slack sends `&`, `<` and `>` of a command as entities; a table's name has the characters."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def delivery_key(body: Body) -> str:
    """Slack's own id of what a person did; the same in every delivery of it. Else a hash of the payload."""
    if trigger := body.get("trigger_id"):
        return f"trigger:{trigger}"
    digest = hashlib.sha256(json.dumps(body, sort_keys=True, default=str).encode())
    return f"body:{digest.hexdigest()}"
