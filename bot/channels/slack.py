"""Slack channels, those shared with customers through Slack Connect too. The client is handed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from bot.channels.interface import Outgoing, Receipt
from bot.core.fit import BLOCKS, GOOD_TEXT, cut, split_mrkdwn
from bot.core.mrkdwn import plain
from bot.errors import ChannelBusyError, ChannelError, ChannelRefusedError, ChannelUnknownError

EVENT_TYPE = "sparewheel_notice"
# Codes as docs.slack.dev lists them under chat.postMessage.
_REFUSED = frozenset(
    {
        "channel_not_found",
        "not_in_channel",
        "is_archived",
        "restricted_action",
        "restricted_action_read_only_channel",
        "restricted_action_thread_only_channel",
        "msg_too_long",
        "invalid_blocks",
        "no_text",
    }
)
_NEVER_ARRIVED = ("ConnectionRefusedError", "gaierror")
_SERVER_ERROR = 500
_LOOK_BACK = 200


class SlackClient(Protocol):
    """What is needed of slack_sdk's WebClient."""

    def chat_postMessage(self, *, channel: str, **arguments: Any) -> Any:  # noqa: N802 - the sdk's name
        """Post."""

    def conversations_history(self, *, channel: str, **arguments: Any) -> Any:
        """Look."""


@dataclass
class SlackChannel:
    """Posts a notice; what follows goes into its thread and is shown in the channel too."""

    client: SlackClient
    mark: str = ""  # mrkdwn that stands above the text
    thread: bool = True

    def hand_over(self, message: Outgoing) -> Receipt:
        """Post one notice into the channel that `recipient` names. See Channel.hand_over."""
        try:
            found = self._find(message) if message.again else None
            return Receipt(found or self._post(message))
        except Exception as error:  # noqa: BLE001 - the sdk lets urllib's and the socket's own errors through
            raise _explained(error) from None

    def close(self) -> None:
        """Nothing is kept open."""

    def _post(self, message: Outgoing) -> str:
        root = message.references[0] if self.thread and message.references else None
        follow_up = {"thread_ts": root, "reply_broadcast": True} if root else {}
        answer = self.client.chat_postMessage(
            channel=message.recipient,
            text=plain(cut(message.subject, GOOD_TEXT)),
            blocks=blocks(message, self.mark),
            metadata={"event_type": EVENT_TYPE, "event_payload": {"key": message.key}},
            unfurl_links=False,
            unfurl_media=False,
            **follow_up,
        )
        return str(answer["ts"])

    def _find(self, message: Outgoing) -> str | None:
        answer = self.client.conversations_history(
            channel=message.recipient, limit=_LOOK_BACK, include_all_metadata=True
        )
        for posted in answer.get("messages") or []:
            metadata = posted.get("metadata") or {}
            payload = metadata.get("event_payload") or {}
            if metadata.get("event_type") == EVENT_TYPE and payload.get("key") == message.key:
                return str(posted["ts"])
        return None


def blocks(message: Outgoing, mark: str = "") -> list[dict[str, Any]]:
    """The text as sections, each within Slack's limit, and nothing left away."""
    texts = [mark] if mark else []
    texts += split_mrkdwn(message.slack)
    if len(texts) > BLOCKS:
        raise ChannelRefusedError("The notice is longer than Slack takes in one message.")
    # `verbatim`: Slack makes no links or mentions of its own from what somebody typed.
    return [{"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}} for text in texts]


def _explained(error: Exception) -> ChannelError:
    if isinstance(error, ChannelError):
        return error
    response = getattr(error, "response", None)
    if response is None:
        return _unanswered(error)
    code = str(response.get("error") or "") if hasattr(response, "get") else ""
    status = int(getattr(response, "status_code", 0) or 0)
    if code in _REFUSED:
        return ChannelRefusedError(f"Slack refused it ({code}).")
    if code == "ratelimited" or _retry_after(response) is not None:
        return ChannelBusyError("Slack asks to wait.", retry_after=_retry_after(response), whole=True)
    if status >= _SERVER_ERROR or not code or " " in code:
        return ChannelUnknownError(f"Slack was asked and answered with an error ({status}).")
    return ChannelBusyError(f"Slack did not take it ({code}).", whole=True)


def _unanswered(error: Exception) -> ChannelError:
    reason = getattr(error, "reason", error)
    kind = type(reason).__name__
    if kind in _NEVER_ARRIVED:
        return ChannelBusyError(f"Slack cannot be reached ({kind}).", whole=True, cause=kind)
    return ChannelUnknownError(f"Slack was asked and did not answer ({kind}).", cause=kind)


def _retry_after(response: Any) -> float | None:
    for name, value in (getattr(response, "headers", None) or {}).items():
        text = value[0] if isinstance(value, list) and value else value
        if str(name).lower() == "retry-after" and str(text).isdigit():
            return float(text)
    return None
