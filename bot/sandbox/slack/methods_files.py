"""The Web API's upload in three steps: an address, the bytes, the share (files_upload_v2)."""

from __future__ import annotations

import secrets
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from bot.sandbox.slack.arguments import Arguments
from bot.sandbox.slack.methods_chat import Result, conversation, from_bot
from bot.sandbox.slack.people import BOT_USER, Channel
from bot.sandbox.slack.refusal import RefusedError
from bot.sandbox.slack.state import Sandbox

_MOST_BYTES = 100 * 1024 * 1024  # Slack takes 1 GB; nobody keeps that much in a first look


def upload_url(sandbox: Sandbox, args: Arguments) -> Result:
    """files.getUploadURLExternal."""
    name, length = args.required("filename"), args.number("length", 0)
    if length <= 0:
        raise RefusedError("invalid_arguments", ["must be greater than 0 [json-pointer:/length]"])
    if length > _MOST_BYTES:
        raise RefusedError("file_upload_size_restricted")
    key, file_id = secrets.token_urlsafe(18), f"F0{secrets.token_hex(5).upper()}"
    sandbox.uploads[key] = {"id": file_id, "name": name, "size": length, "arrived": False}
    return {"upload_url": f"{sandbox.base_url}/upload/{key}", "file_id": file_id}


async def receive(sandbox: Sandbox, request: Request) -> Response:
    """The second step: the bytes, at the address that the first one gave."""
    upload = sandbox.uploads.get(request.path_params["key"])
    if upload is None:
        return PlainTextResponse("not found", 404)
    body = await request.body()
    if len(body) != upload["size"]:
        return PlainTextResponse("the length is not the one that was announced", 400)
    folder = sandbox.folder / "files"
    folder.mkdir(exist_ok=True)
    (folder / str(upload["id"])).write_bytes(body)
    upload["arrived"] = True
    return PlainTextResponse(f"OK - {len(body)}")


def complete(sandbox: Sandbox, args: Arguments) -> Result:
    """files.completeUploadExternal: one message with all the files, where a channel is given."""
    listed = args.decoded("files")
    if not isinstance(listed, list) or not listed:
        raise RefusedError("invalid_arguments", ["missing required field: files [json-pointer:/files]"])
    names = [one for one in (args.text("channel_id"), *args.text("channels").split(",")) if one]
    channels = [_shareable(name) for name in names]
    files = [_complete_one(sandbox, one) for one in listed]
    for channel in channels:
        message: dict[str, Any] = {"text": args.text("initial_comment"), "files": files, "upload": True}
        if args.text("thread_ts"):
            message["thread_ts"] = args.text("thread_ts")
        sandbox.workspace.post(channel.id, from_bot(message))
    return {"files": files}


def _shareable(name: str) -> Channel:
    channel = conversation(name)
    if BOT_USER not in channel.members:
        raise RefusedError("not_in_channel")
    return channel


def _complete_one(sandbox: Sandbox, listed: Any) -> dict[str, Any]:
    wanted = listed.get("id") if isinstance(listed, dict) else None
    for key, upload in sandbox.uploads.items():
        if upload["id"] == wanted and upload["arrived"]:
            title = listed.get("title") or upload["name"]
            file = {"id": wanted, "name": upload["name"], "title": title, "size": upload["size"]}
            sandbox.workspace.add_file(file)
            del sandbox.uploads[key]
            return file
    raise RefusedError("file_not_found")
