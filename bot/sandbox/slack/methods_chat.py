"""The Web API's chat.* methods."""

from __future__ import annotations

from typing import Any

from bot.sandbox.slack.arguments import Arguments
from bot.sandbox.slack.blocks import Surface, problems
from bot.sandbox.slack.payloads import MESSAGE_TEXT, UPDATED_TEXT, metadata_problems
from bot.sandbox.slack.people import (
    APP,
    BOT_ID,
    BOT_USER,
    CHANNELS,
    PEOPLE,
    TEAM,
    TEAM_DOMAIN,
    Channel,
)
from bot.sandbox.slack.refusal import RefusedError
from bot.sandbox.slack.state import Sandbox
from bot.sandbox.slack.workspace import Message

Result = dict[str, Any]


def conversation(name: str) -> Channel:
    """The channel of this id; a person's id means the direct message with them.

    Raises:
        RefusedError: `channel_not_found`. Slack takes `#name` for posting; this product posts to ids only.
    """
    found = CHANNELS.get(f"D{name[1:]}" if name in PEOPLE else name)
    if found is None:
        raise RefusedError("channel_not_found")
    return found


def from_bot(content: Message) -> Message:
    """A message's content with the marks of the app that sent it."""
    return {"user": BOT_USER, "bot_id": BOT_ID, "app_id": APP, "team": TEAM, **content}


def content(args: Arguments, limit: int = MESSAGE_TEXT) -> Message:
    """The text, blocks and metadata of a message, held against Slack's limits.

    Raises:
        RefusedError: `no_text`, `msg_too_long`, `invalid_blocks_format`, `invalid_blocks`, or
            `invalid_metadata_format`.
    """
    text, blocks = args.text("text"), args.decoded("blocks", "invalid_blocks_format")
    metadata = args.decoded("metadata", "invalid_metadata_format")
    if not text and not blocks:
        raise RefusedError("no_text")
    if len(text) > limit:
        raise RefusedError("msg_too_long")
    found = problems(blocks, Surface.MESSAGE) if blocks is not None else []
    if found:
        raise RefusedError("invalid_blocks", found)
    message: Message = {"text": text}
    if blocks is not None:
        message["blocks"] = blocks
    if metadata is not None:
        wrong = metadata_problems(metadata)
        if wrong:
            raise RefusedError("invalid_metadata_format", wrong)
        message["metadata"] = metadata
    return message


def post_message(sandbox: Sandbox, args: Arguments) -> Result:
    """chat.postMessage."""
    channel = conversation(args.required("channel"))
    message = content(args)
    if BOT_USER not in channel.members and "chat:write.public" not in sandbox.manifest.scopes:
        raise RefusedError("not_in_channel")
    thread = args.text("thread_ts")
    if thread:
        parent = sandbox.workspace.get(channel.id, thread)
        if parent is None or "ephemeral_to" in parent:
            raise RefusedError("thread_not_found")
        message["thread_ts"] = parent.get("thread_ts", thread)
    stored = sandbox.workspace.post(channel.id, from_bot(message))
    return {"channel": channel.id, "ts": stored["ts"], "message": shown(stored)}


def update(sandbox: Sandbox, args: Arguments) -> Result:
    """chat.update: only what the app itself said, and what is left out of the arguments stays."""
    channel, ts = conversation(args.required("channel")), args.required("ts")
    message = sandbox.workspace.get(channel.id, ts)
    if message is None or "ephemeral_to" in message:
        raise RefusedError("message_not_found")
    if message.get("bot_id") != BOT_ID:
        raise RefusedError("cant_update_message")
    fields = content(args, UPDATED_TEXT)
    edited = {"user": BOT_USER, "ts": sandbox.workspace.next_ts()}
    # Slack clears the blocks when an update brings only text.
    changed = sandbox.workspace.change(channel.id, ts, {"blocks": [], **fields, "edited": edited})
    return {"channel": channel.id, "ts": ts, "text": changed["text"], "message": shown(changed)}


def post_ephemeral(sandbox: Sandbox, args: Arguments) -> Result:
    """chat.postEphemeral."""
    channel, user = conversation(args.required("channel")), args.required("user")
    if user not in PEOPLE:
        raise RefusedError("user_not_found")
    if user not in channel.members:
        raise RefusedError("user_not_in_channel")
    message = from_bot(content(args))
    if args.text("thread_ts"):
        message["thread_ts"] = args.text("thread_ts")
    stored = sandbox.workspace.post(channel.id, {**message, "ephemeral_to": user})
    return {"message_ts": stored["ts"]}


def permalink(sandbox: Sandbox, args: Arguments) -> Result:
    """chat.getPermalink."""
    channel, ts = conversation(args.required("channel")), args.required("message_ts")
    message = sandbox.workspace.get(channel.id, ts)
    if message is None or "ephemeral_to" in message:
        raise RefusedError("message_not_found")
    # Slack's own form: the links of a workspace never lead to the address of its Web API.
    link = f"https://{TEAM_DOMAIN}.slack.com/archives/{channel.id}/p{ts.replace('.', '')}"
    if message.get("thread_ts", ts) != ts:
        link += f"?thread_ts={message['thread_ts']}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


def shown(message: Message, *, metadata: bool = True) -> Message:
    """A message as the Web API gives it; metadata only where it was asked for."""
    return {name: value for name, value in message.items() if metadata or name != "metadata"}
