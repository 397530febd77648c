"""Posting so that a repeat is recognised: each message carries its outbox id in its metadata."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from slack_sdk import WebClient

from bot.core.reply import Attachment
from bot.slack.blocks import Rendered, Snippet
from bot.slack.client import CHANNEL_CLOSED, MESSAGE_GONE, NOT_EDITABLE, code_of

_LOG = logging.getLogger(__name__)
EVENT_TYPE = "sparewheel_message"
# Slack's clock and the ledger's may differ by a little.
_SLACK_SECONDS = 120
_PERSON = ("U", "W")
_PAGES = 5
_PAGE = 100

Place = tuple[str, str]


class Poster:
    """Posts, updates and finds messages. Refusals come out as the sdk raises them."""

    def __init__(self, client: WebClient) -> None:
        self._client = client

    def post(self, channel: str, rendered: Rendered, outbox_id: str, *, since: datetime, look: bool) -> Place:
        """Post into a channel; with `look`, only when an earlier attempt's post is not there already.

        A person's id instead of a channel's means a direct message.
        """
        if channel.startswith(_PERSON):
            channel = str(self._client.conversations_open(users=channel)["channel"]["id"])
        found = self._find(self._history(channel, since), outbox_id) if look else None
        if found:
            return channel, found
        return self._new(channel, rendered, outbox_id)

    def reply(
        self, place: Place, rendered: Rendered, outbox_id: str, *, since: datetime, look: bool
    ) -> Place | None:
        """Post into a message's thread, in the same way; None where that message is gone."""
        try:
            found = self._find(self._replies(place, since), outbox_id) if look else None
            return (place[0], found) if found else self._new(place[0], rendered, outbox_id, place[1])
        except Exception as error:
            if code_of(error) in MESSAGE_GONE | {"cannot_reply_to_message", "invalid_thread_ts"}:
                return None
            raise

    def update(self, place: Place, rendered: Rendered) -> bool:
        """Replace a message; False where it is gone, or this workspace lets nobody edit it any more."""
        try:
            self._client.chat_update(
                channel=place[0], ts=place[1], text=rendered.text, blocks=rendered.blocks
            )
        except Exception as error:
            if code_of(error) in MESSAGE_GONE | NOT_EDITABLE | CHANNEL_CLOSED:
                return False
            raise
        return True

    def attach(self, place: Place, file: Snippet | Attachment) -> None:
        """A file in the thread. The message above it says the most important already: never raises."""
        alt_text = file.alt_text if isinstance(file, Attachment) else ""
        try:
            self._client.files_upload_v2(
                channel=place[0],
                thread_ts=place[1] or None,
                filename=file.filename,
                title=file.title,
                content=file.content,
                alt_txt=alt_text or None,
            )
        except Exception as error:  # noqa: BLE001 - see above
            _LOG.warning("the file %s could not be attached: %s", file.filename, code_of(error))

    def attach_directly(self, user: str, file: Snippet | Attachment) -> None:
        """A file as a direct message. Never raises, as above."""
        try:
            opened = self._client.conversations_open(users=user)
        except Exception as error:  # noqa: BLE001 - as above
            _LOG.warning("the file %s could not be sent: %s", file.filename, code_of(error))
            return
        self.attach((str(opened["channel"]["id"]), ""), file)

    def _new(self, channel: str, rendered: Rendered, outbox_id: str, thread: str | None = None) -> Place:
        answer: Any = self._client.chat_postMessage(
            channel=channel,
            text=rendered.text,
            blocks=rendered.blocks,
            thread_ts=thread,
            metadata={"event_type": EVENT_TYPE, "event_payload": {"outbox_id": outbox_id}},
            unfurl_links=False,
            unfurl_media=False,
        )
        return str(answer["channel"]), str(answer["ts"])

    def _find(self, messages: Iterator[dict[str, Any]], outbox_id: str) -> str | None:
        """The time stamp of the message that carries this outbox id."""
        for message in messages:
            metadata = message.get("metadata") or {}
            payload = metadata.get("event_payload") or {}
            if metadata.get("event_type") == EVENT_TYPE and payload.get("outbox_id") == outbox_id:
                return str(message["ts"])
        return None

    def _history(self, channel: str, since: datetime) -> Iterator[dict[str, Any]]:
        yield from _pages(self._client.conversations_history, channel=channel, oldest=_oldest(since))

    def _replies(self, place: Place, since: datetime) -> Iterator[dict[str, Any]]:
        yield from _pages(
            self._client.conversations_replies, channel=place[0], ts=place[1], oldest=_oldest(since)
        )


def _oldest(since: datetime) -> str:
    return f"{since.timestamp() - _SLACK_SECONDS:.6f}"


def _pages(method: Callable[..., Any], **arguments: str) -> Iterator[dict[str, Any]]:
    """Messages page by page. A channel that the bot may write to but not read ends the search."""
    cursor: str | None = None
    for _ in range(_PAGES):
        try:
            answer = method(**arguments, limit=_PAGE, include_all_metadata=True, cursor=cursor)
        except Exception as error:
            if code_of(error) in ("not_in_channel", "missing_scope", "channel_not_found"):
                return
            raise
        yield from answer.get("messages") or []
        cursor = (answer.get("response_metadata") or {}).get("next_cursor")
        if not cursor:
            return
