"""The Web API's auth.*, users.* and usergroups.* methods."""

from __future__ import annotations

from typing import Any

from bot.sandbox.slack.arguments import Arguments
from bot.sandbox.slack.methods_chat import Result
from bot.sandbox.slack.methods_conversations import page
from bot.sandbox.slack.people import (
    APP,
    BOT_ID,
    BOT_USER,
    GROUPS,
    PEOPLE,
    TEAM,
    TEAM_NAME,
    Group,
    Person,
)
from bot.sandbox.slack.refusal import RefusedError
from bot.sandbox.slack.state import Sandbox


def auth_test(sandbox: Sandbox, _args: Arguments) -> Result:
    """auth.test."""
    return {
        "url": f"{sandbox.base_url}/",
        "team": TEAM_NAME,
        "user": PEOPLE[BOT_USER].name,
        "team_id": TEAM,
        "user_id": BOT_USER,
        "bot_id": BOT_ID,
        "app_id": APP,
        "is_enterprise_install": False,
    }


def open_connection(sandbox: Sandbox, _args: Arguments) -> Result:
    """apps.connections.open (called with the app's token)."""
    address = sandbox.base_url.replace("http", "ws", 1)
    return {"url": f"{address}/link/?ticket={sandbox.sockets.ticket()}&app_id={APP}"}


def _described(person: Person) -> dict[str, Any]:
    return {
        "id": person.id,
        "team_id": TEAM,
        "name": person.name,
        "real_name": person.real_name,
        "deleted": False,
        "is_bot": person.is_bot,
        "is_app_user": False,
        "tz": person.time_zone,
        "profile": {"real_name": person.real_name, "display_name": person.name, "team": TEAM},
    }


def user_info(_sandbox: Sandbox, args: Arguments) -> Result:
    """users.info."""
    person = PEOPLE.get(args.required("user"))
    if person is None:
        raise RefusedError("user_not_found")
    return {"user": _described(person)}


def user_list(_sandbox: Sandbox, args: Arguments) -> Result:
    """users.list."""
    found, cursor = page(list(PEOPLE.values()), args)
    return {"members": [_described(one) for one in found], "response_metadata": {"next_cursor": cursor}}


def _group(group: Group, *, users: bool) -> dict[str, Any]:
    return {
        "id": group.id,
        "team_id": TEAM,
        "is_usergroup": True,
        "name": group.name,
        "handle": group.handle,
        "date_delete": 0,
        "user_count": len(group.users),
        **({"users": list(group.users)} if users else {}),
    }


def group_list(_sandbox: Sandbox, args: Arguments) -> Result:
    """usergroups.list."""
    users = args.flag("include_users")
    return {"usergroups": [_group(one, users=users) for one in GROUPS.values()]}


def group_users(_sandbox: Sandbox, args: Arguments) -> Result:
    """usergroups.users.list."""
    group = GROUPS.get(args.required("usergroup"))
    if group is None:
        raise RefusedError("no_such_subteam")
    return {"users": list(group.users)}
