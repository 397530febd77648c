"""What is put on a person's screen beside messages: forms, answers in a modal, the Home tab."""

from __future__ import annotations

import logging
from typing import Any

from slack_sdk import WebClient

from bot.errors import SlackError
from bot.slack.blocks import Rendered
from bot.slack.client import code_of, explain
from bot.slack.forms import render_form
from bot.slack.incoming import carry

_LOG = logging.getLogger(__name__)
_TOO_LATE = frozenset({"expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id"})
_HOME_BLOCKS = 100
View = dict[str, Any]


def form_view(form: object, channel: str) -> View:
    """A form as Slack takes it; it remembers where it was asked for."""
    modal = render_form(form)
    return modal.view(carry(channel, modal.private))


def open_form(client: WebClient, trigger: str, form: object, channel: str) -> None:
    """Open a form; Slack lets a trigger do that for about three seconds, once.

    Raises:
        SlackError: it did not open.
    """
    try:
        client.views_open(trigger_id=trigger, view=form_view(form, channel))
    except Exception as error:  # noqa: BLE001 - the sdk lets urllib's and the socket's own errors through
        if code_of(error) in _TOO_LATE:
            raise SlackError(
                "Slack no longer lets the form open: it took too long to get there.",
                next_step="Ask for it again.",
            ) from None
        raise explain(error) from None


def show_answer(client: WebClient, trigger: str, rendered: Rendered) -> bool:
    """An answer in a modal, for whoever pressed something where no message can be shown."""
    view = {
        "type": "modal",
        "title": {"type": "plain_text", "text": "Sparewheel"},
        "close": {"type": "plain_text", "text": "Close"},
        "blocks": rendered.blocks,
    }
    try:
        client.views_open(trigger_id=trigger, view=view)
    except Exception as error:  # noqa: BLE001 - as above
        _LOG.warning("an answer could not be shown in a modal: %s", code_of(error))
        return False
    return True


def publish_home(client: WebClient, user: str, rendered: Rendered) -> None:
    """Put a Home tab in place. Never raises: the person sees the old one, and opens it again."""
    try:
        client.views_publish(user_id=user, view={"type": "home", "blocks": rendered.blocks[:_HOME_BLOCKS]})
    except Exception as error:  # noqa: BLE001 - as above
        _LOG.warning("a Home tab could not be published: %s", code_of(error))
