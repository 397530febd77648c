"""Slack's Web API: who may call, which method it is, and what an error looks like."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.sandbox.slack import (
    methods_chat,
    methods_conversations,
    methods_files,
    methods_people,
    methods_views,
)
from bot.sandbox.slack.arguments import Arguments, read
from bot.sandbox.slack.drop import Dropped
from bot.sandbox.slack.faults import Fault, FaultKind
from bot.sandbox.slack.guard import token_matches
from bot.sandbox.slack.methods_chat import Result
from bot.sandbox.slack.refusal import RefusedError
from bot.sandbox.slack.state import Sandbox


@dataclass(frozen=True)
class Method:
    """One method of the Web API and the scope that it needs."""

    run: Callable[[Sandbox, Arguments], Result]
    scope: str | None = None
    direct_scope: str | None = None  # where the channel is a direct message
    app_token: bool = False


METHODS = {
    "auth.test": Method(methods_people.auth_test),
    "apps.connections.open": Method(methods_people.open_connection, app_token=True),
    "chat.postMessage": Method(methods_chat.post_message, "chat:write"),
    "chat.update": Method(methods_chat.update, "chat:write"),
    "chat.postEphemeral": Method(methods_chat.post_ephemeral, "chat:write"),
    "chat.getPermalink": Method(methods_chat.permalink),
    "conversations.list": Method(methods_conversations.list_all, "channels:read"),
    "conversations.info": Method(methods_conversations.info, "channels:read", "im:read"),
    "conversations.members": Method(methods_conversations.members, "channels:read", "im:read"),
    "conversations.open": Method(methods_conversations.open_direct, "im:write"),
    "conversations.history": Method(methods_conversations.history, "channels:history", "im:history"),
    "conversations.replies": Method(methods_conversations.replies, "channels:history", "im:history"),
    "users.info": Method(methods_people.user_info, "users:read"),
    "users.list": Method(methods_people.user_list, "users:read"),
    "usergroups.list": Method(methods_people.group_list, "usergroups:read"),
    "usergroups.users.list": Method(methods_people.group_users, "usergroups:read"),
    "views.open": Method(methods_views.open_view),
    "views.push": Method(methods_views.push_view),
    "views.update": Method(methods_views.update_view),
    "views.publish": Method(methods_views.publish_view),
    "files.getUploadURLExternal": Method(methods_files.upload_url, "files:write"),
    "files.completeUploadExternal": Method(methods_files.complete, "files:write"),
}


async def call(sandbox: Sandbox, request: Request) -> Response:
    """Answer one call; every refusal is HTTP 200 with `ok: false`, but for the rate limit's 429."""
    name = request.path_params["method"]
    fault = sandbox.faults.take(name)
    suffered = await _suffer(fault) if fault else None
    if fault is not None and suffered is not None and not fault.kind.is_after:
        sandbox.traffic.add("from the app", name, {}, None, [f"fault: {fault.kind.value}"])
        return suffered
    try:
        args = await read(request)
    except RefusedError as refusal:
        return refused(refusal)
    try:
        result = _run(sandbox, name, request, args)
    except RefusedError as refusal:
        _note(sandbox, name, args, refusal=refusal)
        return refused(refusal)
    _note(sandbox, name, args, result)
    return suffered or JSONResponse({"ok": True, **result})


def _note(
    sandbox: Sandbox,
    name: str,
    args: Arguments,
    result: Result | None = None,
    refusal: RefusedError | None = None,
) -> None:
    """Keep the call for whoever builds; what a form carries as JSON text is shown decoded."""
    if name == "apps.connections.open":  # its answer opens a socket
        return
    payload = {key: _decoded(value) for key, value in args.values.items()}
    why = [refusal.code, *refusal.messages] if refusal else []
    sandbox.traffic.add("from the app", name, payload, result, why)


def _decoded(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("[", "{"):
        with contextlib.suppress(ValueError):
            return json.loads(value)
    return value


def _run(sandbox: Sandbox, name: str, request: Request, args: Arguments) -> Result:
    method = METHODS.get(name)
    if method is None:
        raise RefusedError("unknown_method")
    _authenticate(sandbox, method, request, args)
    needed = method.scope
    if method.direct_scope and args.text("channel").startswith("D"):
        needed = method.direct_scope
    if needed and needed not in sandbox.manifest.scopes:
        raise RefusedError("missing_scope", [f"needed: {needed}"])
    sandbox.limiter.take(name, args.text("channel"))
    return method.run(sandbox, args)


def _authenticate(sandbox: Sandbox, method: Method, request: Request, args: Arguments) -> None:
    if "token" in request.query_params:
        # docs.slack.dev, changelog 2020-11: refused for apps made since 24 February 2021.
        raise RefusedError("invalid_auth")
    header = request.headers.get("authorization") or f"Bearer {args.text('token')}"
    bot, app = sandbox.credentials.bot_token, sandbox.credentials.app_token
    if header.strip() == "Bearer":
        raise RefusedError("not_authed")
    right, other = (app, bot) if method.app_token else (bot, app)
    if token_matches(header, other):
        raise RefusedError("not_allowed_token_type")
    if not token_matches(header, right):
        raise RefusedError("invalid_auth")


async def _suffer(fault: Fault) -> Response | None:
    """What a switched-on fault answers in place of the call's own answer; a slow one lets that through."""
    match fault.kind:
        case FaultKind.SLOW:
            await asyncio.sleep(fault.seconds)
            return None
        case FaultKind.RATE_LIMITED:
            return refused(RefusedError("ratelimited", retry_after=int(fault.seconds)))
        case FaultKind.REFUSED:
            return refused(RefusedError(fault.code))
        case FaultKind.SERVER_ERROR | FaultKind.SERVER_ERROR_AFTER:
            return JSONResponse({"ok": False, "error": "internal_error"}, 500)
        case FaultKind.DROP | FaultKind.DROP_AFTER:
            return Dropped()


def refused(refusal: RefusedError) -> Response:
    """A refusal as Slack answers it."""
    body: dict[str, object] = {"ok": False, "error": refusal.code}
    if refusal.messages:
        body["errors"] = [one.removeprefix("[ERROR] ") for one in refusal.messages]
        body["response_metadata"] = {"messages": refusal.messages}
    if refusal.retry_after is not None:
        return JSONResponse(body, 429, {"Retry-After": str(refusal.retry_after)})
    return JSONResponse(body)
