"""The slack-bolt app: listeners that acknowledge first and hand everything else to the desk."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from slack_bolt import Ack, App, BoltResponse
from slack_sdk import WebClient

from bot.slack.buttons import BUTTONS
from bot.slack.desk import Desk

_LOG = logging.getLogger(__name__)
# Bolt's own five are too few when the ledger is slow: acknowledging needs a free thread within 3 s.
_LISTENERS = 20


def build_app(client: WebClient, desk: Desk, signing_secret: str | None = None) -> App:
    """An app for one workspace. Without a signing secret it can only be used over Socket Mode."""
    logger = logging.getLogger("slack_bolt")
    # Bolt reads SLACK_BOT_TOKEN itself, and warns at every start that our client's token is the one it uses.
    logger.addFilter(_is_no_token_notice)
    app = App(
        logger=logger,
        client=client,
        signing_secret=signing_secret or "",
        listener_executor=ThreadPoolExecutor(_LISTENERS, thread_name_prefix="slack-listener"),
    )

    def typed(ack: Ack, body: Mapping[str, Any]) -> None:
        ack()
        desk.typed(body)

    def pressed(ack: Ack, body: Mapping[str, Any]) -> None:
        ack()
        desk.pressed(body)

    def submitted(ack: Ack, body: Mapping[str, Any]) -> None:
        answer, afterwards = desk.submitted(body)  # within 3 s: the answer is the acknowledgement
        ack(**answer)
        afterwards()

    def opened_home(body: Mapping[str, Any]) -> None:
        desk.opened_home(body)

    for command in desk.doors.commands:
        app.command(command)(typed)
    for action in BUTTONS:
        app.action(action)(pressed)
    for form in desk.doors.forms:
        app.view(form)(submitted)
    app.event("app_home_opened")(opened_home)
    app.error(_failed)
    return app


def drain(app: App) -> None:
    """Wait for the listeners that still answer; take nothing new."""
    app.listener_runner.listener_executor.shutdown(wait=True)


def _is_no_token_notice(record: logging.LogRecord) -> bool:
    return "`token` will be unused" not in record.getMessage()


def _failed(error: Exception) -> BoltResponse:
    # Bolt's own handler would log the payload; what a person typed does not belong into a log.
    _LOG.error("a listener failed: %s", type(error).__name__)
    return BoltResponse(status=500, body="")
