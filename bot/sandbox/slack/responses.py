"""What an app answers: an acknowledgement with a message, or a post to a response_url."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.sandbox.slack.arguments import Arguments, read
from bot.sandbox.slack.methods_chat import content, from_bot
from bot.sandbox.slack.passes import Place
from bot.sandbox.slack.refusal import RefusedError
from bot.sandbox.slack.state import Sandbox

# What response_url answers: docs name the limits only; the codes are those seen in the field.
_GONE = {"invalid_url", "expired_url", "used_url"}


def respond(sandbox: Sandbox, place: Place, body: dict[str, Any]) -> None:
    """Show a response where it belongs.

    Raises:
        RefusedError: as chat.postMessage would refuse it.
    """
    args = Arguments(body)
    workspace, ts = sandbox.workspace, place.message_ts
    if args.flag("delete_original") and ts:
        workspace.delete(place.channel, ts)
        return
    message = from_bot(content(args))
    original = workspace.get(place.channel, ts) if ts else None
    if args.flag("replace_original") and original:
        workspace.change(place.channel, original["ts"], {"blocks": [], **message})
        return
    if body.get("response_type") != "in_channel":
        message["ephemeral_to"] = place.user
    if args.text("thread_ts"):
        message["thread_ts"] = args.text("thread_ts")
    workspace.post(place.channel, message)


async def receive(sandbox: Sandbox, request: Request) -> Response:
    """A post to a response_url: five in thirty minutes."""
    body: dict[str, Any] = {}
    try:
        place = sandbox.response_urls.use(request.path_params["key"])
        args = await read(request)
        body.update(args.values)
        respond(sandbox, place, body)
    except RefusedError as refusal:
        sandbox.traffic.add("from the app", "response_url", body, None, [refusal.code, *refusal.messages])
        status = 404 if refusal.code in _GONE else 400
        answer = {"ok": False, "error": refusal.code, "response_metadata": {"messages": refusal.messages}}
        return JSONResponse(answer, status)
    sandbox.traffic.add("from the app", "response_url", body)
    return JSONResponse({"ok": True})
