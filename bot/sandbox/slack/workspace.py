"""What has been said in the sandbox workspace: in memory, and in a journal that outlives a restart."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from typing import Any

from bot.sandbox.slack.journal import Journal
from bot.sandbox.slack.options import Clock

Message = dict[str, Any]
Entry = dict[str, Any]
Subscriber = Callable[[Entry], None]


class Workspace:
    """Messages by channel and time stamp, files, and Home tabs.

    Every change is one journal entry: written, applied, then shown to the subscribers (a page that
    follows along subscribes here). An ephemeral message is a message with `ephemeral_to`.
    """

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal, self._clock, self._last = journal, clock, 0
        self._messages: dict[str, dict[str, Message]] = {}
        self.files: dict[str, dict[str, Any]] = {}
        self.homes: dict[str, dict[str, Any]] = {}
        self.subscribers: list[Subscriber] = []
        for entry in journal.entries():
            self._apply(entry)

    def next_ts(self) -> str:
        """A time stamp in Slack's form, later than every one before it."""
        self._last = max(self._last + 1, int(self._clock() * 1_000_000))
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"

    def post(self, channel: str, message: Message) -> Message:
        """Add a message; `ts` and block ids are given here."""
        stored = {"type": "message", **message, "ts": self.next_ts()}
        stored["blocks"] = with_ids(stored.get("blocks") or [])
        self._record({"op": "message", "channel": channel, "message": stored})
        return stored

    def change(self, channel: str, ts: str, fields: Message) -> Message:
        """Replace fields of a message; a field given as None goes away."""
        if fields.get("blocks"):
            fields = {**fields, "blocks": with_ids(fields["blocks"])}
        self._record({"op": "change", "channel": channel, "ts": ts, "fields": fields})
        return self._messages[channel][ts]

    def delete(self, channel: str, ts: str) -> None:
        """Take a message away."""
        self._record({"op": "delete", "channel": channel, "ts": ts})

    def add_file(self, file: dict[str, Any]) -> None:
        """Keep what is known of an uploaded file; its bytes lie in the home folder."""
        self._record({"op": "file", "file": file})

    def publish_home(self, user: str, view: dict[str, Any]) -> None:
        """Show a Home tab to one person."""
        self._record({"op": "home", "user": user, "view": view})

    def get(self, channel: str, ts: str) -> Message | None:
        """One message, ephemeral ones included."""
        return self._messages.get(channel, {}).get(ts)

    def all(self, channel: str) -> Iterable[Message]:
        """Everything in a channel, oldest first, threads and ephemeral messages included."""
        return [self._with_thread(channel, one) for one in self._messages.get(channel, {}).values()]

    def lasting(self, channel: str) -> Iterable[Message]:
        """What the Web API shows: everything but ephemeral messages, oldest first."""
        return [one for one in self.all(channel) if "ephemeral_to" not in one]

    def _with_thread(self, channel: str, message: Message) -> Message:
        """The message, and for the start of a thread how many replies there are."""
        ts = message["ts"]
        replies = [one for one in self._messages[channel].values() if _replies_to(one, ts)]
        if not replies:
            return message
        users = sorted({one["user"] for one in replies})
        return {
            **message,
            "thread_ts": ts,
            "reply_count": len(replies),
            "reply_users_count": len(users),
            "reply_users": users,
            "latest_reply": replies[-1]["ts"],
        }

    def _record(self, entry: Entry) -> None:
        self._journal.append(entry)
        self._apply(entry)
        for subscriber in self.subscribers:
            subscriber(entry)

    def _apply(self, entry: Entry) -> None:
        match entry["op"]:
            case "message":
                message = entry["message"]
                self._messages.setdefault(entry["channel"], {})[message["ts"]] = message
                self._last = max(self._last, int(message["ts"].replace(".", "")))
            case "change":
                message = self._messages[entry["channel"]][entry["ts"]]
                merged = {**message, **entry["fields"]}
                kept = {name: value for name, value in merged.items() if value is not None}
                self._messages[entry["channel"]][entry["ts"]] = kept
            case "delete":
                self._messages.get(entry["channel"], {}).pop(entry["ts"], None)
            case "file":
                self.files[entry["file"]["id"]] = entry["file"]
            case "home":
                self.homes[entry["user"]] = entry["view"]


def _replies_to(message: Message, ts: str) -> bool:
    return message.get("thread_ts") == ts and message["ts"] != ts and "ephemeral_to" not in message


def with_ids(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Blocks with the `block_id` and `action_id` that Slack makes up where the app gave none."""
    return [_with_id(block) for block in blocks]


def _with_id(block: dict[str, Any]) -> dict[str, Any]:
    named = {"block_id": secrets.token_urlsafe(4), **block}
    if block.get("type") == "actions":
        named["elements"] = [_with_action_id(one) for one in block["elements"]]
    for place in ("accessory", "element"):
        if isinstance(block.get(place), dict) and block[place].get("type") != "image":
            named[place] = _with_action_id(block[place])
    return named


def _with_action_id(element: dict[str, Any]) -> dict[str, Any]:
    return {"action_id": secrets.token_urlsafe(4), **element}
