"""The Web API's conversations.* methods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.sandbox.slack.arguments import Arguments
from bot.sandbox.slack.methods_chat import Result, conversation, shown
from bot.sandbox.slack.people import BOT_USER, CHANNELS, PEOPLE, TEAM, Channel
from bot.sandbox.slack.refusal import RefusedError
from bot.sandbox.slack.state import Sandbox

_MOST = 1000


def page(items: Sequence[Any], args: Arguments, default: int = 100) -> tuple[Sequence[Any], str]:
    """One page of a list, and the cursor of the next one (empty at the end).

    Raises:
        RefusedError: `invalid_cursor` or `invalid_limit`.
    """
    cursor, limit = args.text("cursor") or "0", args.number("limit", default) or default
    if not cursor.isdecimal():
        raise RefusedError("invalid_cursor")
    if not 1 <= limit <= _MOST:
        raise RefusedError("invalid_limit")
    start = int(cursor)
    end = start + limit
    return items[start:end], str(end) if end < len(items) else ""


def _described(channel: Channel) -> dict[str, Any]:
    if channel.user:
        return {"id": channel.id, "is_im": True, "user": channel.user, "is_archived": False}
    return {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": True,
        "is_private": False,
        "is_archived": False,
        "is_general": channel.id == "C0GENERAL",
        "is_im": False,
        "is_member": BOT_USER in channel.members,
        "context_team_id": TEAM,
        "num_members": len(channel.members),
    }


def list_all(_sandbox: Sandbox, args: Arguments) -> Result:
    """conversations.list: public channels unless `types` says otherwise."""
    types = (args.text("types") or "public_channel").split(",")
    wanted = [one for one in CHANNELS.values() if ("im" if one.user else "public_channel") in types]
    found, cursor = page(wanted, args)
    return {"channels": [_described(one) for one in found], "response_metadata": {"next_cursor": cursor}}


def info(_sandbox: Sandbox, args: Arguments) -> Result:
    """conversations.info."""
    return {"channel": _described(conversation(args.required("channel")))}


def members(_sandbox: Sandbox, args: Arguments) -> Result:
    """conversations.members."""
    found, cursor = page(sorted(conversation(args.required("channel")).members), args)
    return {"members": list(found), "response_metadata": {"next_cursor": cursor}}


def open_direct(_sandbox: Sandbox, args: Arguments) -> Result:
    """conversations.open with one person: the direct message is always the same one."""
    user = args.required("users")
    if user == BOT_USER or user not in PEOPLE:
        raise RefusedError("user_not_found")
    channel = conversation(user)
    found = _described(channel) if args.flag("return_im") else {"id": channel.id}
    return {"channel": found, "already_open": True, "no_op": True}


def history(sandbox: Sandbox, args: Arguments) -> Result:
    """conversations.history: newest first, threads by their first message only."""
    channel = _readable(args)
    top = [
        one for one in sandbox.workspace.lasting(channel.id) if one.get("thread_ts", one["ts"]) == one["ts"]
    ]
    return _messages([one for one in reversed(top) if _between(one["ts"], args)], args)


def replies(sandbox: Sandbox, args: Arguments) -> Result:
    """conversations.replies: the first message of a thread and its replies, oldest first."""
    channel, ts = _readable(args), args.required("ts")
    found = [one for one in sandbox.workspace.lasting(channel.id) if ts in (one["ts"], one.get("thread_ts"))]
    if not found:
        raise RefusedError("thread_not_found")
    return _messages([one for one in found if one["ts"] == ts or _between(one["ts"], args)], args)


def _readable(args: Arguments) -> Channel:
    name = args.required("channel")
    if name in PEOPLE:  # posting takes a person's id, reading does not
        raise RefusedError("channel_not_found")
    channel = conversation(name)
    if BOT_USER not in channel.members:
        raise RefusedError("not_in_channel")
    return channel


def _between(ts: str, args: Arguments) -> bool:
    oldest, latest = args.text("oldest") or "0", args.text("latest") or "99999999999"
    try:
        low, high = _micros(oldest), _micros(latest)
    except ValueError:
        raise RefusedError("invalid_ts_oldest") from None
    now = _micros(ts)
    return low <= now <= high if args.flag("inclusive") else low < now < high


def _micros(ts: str) -> int:
    seconds, _, fraction = ts.partition(".")
    return int(seconds or "0") * 1_000_000 + int((fraction or "0").ljust(6, "0")[:6])


def _messages(found: list[dict[str, Any]], args: Arguments) -> Result:
    some, cursor = page(found, args)
    metadata = args.flag("include_all_metadata")
    return {
        "messages": [shown(one, metadata=metadata) for one in some],
        "has_more": bool(cursor),
        "response_metadata": {"next_cursor": cursor},
    }
