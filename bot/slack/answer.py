"""Answers that only the asker sees: through the response_url, and where that refuses, as an ephemeral post.

At most once: what may have arrived is not sent again, because nobody could take the second one back.
What must not get lost goes through the outbox.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from slack_sdk import WebClient
from slack_sdk.webhook import WebhookClient

from bot.slack.blocks import Rendered
from bot.slack.client import code_of, was_never_sent

_LOG = logging.getLogger(__name__)
_OK, _SERVER_ERROR = 200, 500
_SECONDS = 5


@dataclass(frozen=True)
class Asker:
    """Where an answer goes. The response_url is Slack's own and lives for 30 minutes and 5 uses."""

    channel: str
    user: str
    response_url: str | None


def whisper(client: WebClient, asker: Asker, rendered: Rendered) -> bool:
    """Show a message to the asker alone; False where they cannot have seen it.

    Never raises: there is nobody to tell.
    """
    return _by_response_url(asker, rendered) or _by_post(client, asker, rendered)


def _by_response_url(asker: Asker, rendered: Rendered) -> bool:
    """Whether it arrived, or may have: there Slack broke off, or said that something broke in it."""
    if not asker.response_url:
        return False
    try:
        response = WebhookClient(asker.response_url, timeout=_SECONDS, retry_handlers=[]).send(
            text=rendered.text,
            blocks=rendered.blocks,
            response_type="ephemeral",
            replace_original=False,
            unfurl_links=False,
            unfurl_media=False,
        )
    except Exception as error:  # noqa: BLE001 - the sdk lets urllib's own errors through
        _LOG.warning("an answer through the response_url failed: %s", code_of(error))
        return not was_never_sent(error)
    if response.status_code != _OK:
        _LOG.warning("an answer through the response_url was not taken: HTTP %s", response.status_code)
    return response.status_code == _OK or response.status_code >= _SERVER_ERROR


def _by_post(client: WebClient, asker: Asker, rendered: Rendered) -> bool:
    try:
        client.chat_postEphemeral(
            channel=asker.channel, user=asker.user, text=rendered.text, blocks=rendered.blocks
        )
    except Exception as error:  # noqa: BLE001 - as above
        _LOG.warning("an answer could not be shown at all: %s", code_of(error))
        return False
    return True
