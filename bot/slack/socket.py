"""Socket Mode: one connection kept up, and a stop that lets answers finish."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from socket import SHUT_RD
from typing import Any

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

from bot.errors import ConfigurationError
from bot.slack.bolt import drain
from bot.slack.client import code_of, explain
from bot.slack.patience import until_reached

_LOG = logging.getLogger(__name__)
# Less than this and the watchdog fights the SDK's own reconnect (facts: python-slack-sdk #1379, #1462).
_GRACE_SECONDS = 60.0
_LOOK_SECONDS = 5.0
_SECONDS = 20


class SocketMode:
    """A Socket Mode connection of a Bolt app."""

    def __init__(self, app: App, app_token: str, api_url: str, grace_seconds: float = _GRACE_SECONDS) -> None:
        self._app, self._grace = app, grace_seconds
        web_client = WebClient(base_url=api_url, timeout=_SECONDS)
        self._handler = SocketModeHandler(app, app_token, web_client=web_client)

    @property
    def connected(self) -> bool:
        """Whether the websocket is up right now."""
        return self._handler.client.is_connected()

    def connect(self) -> None:
        """Open the connection and return.

        Raises:
            ConfigurationError: Slack does not take the app token.
            SlackError: Slack could not be reached.
        """
        try:
            self._handler.client.connect()
        except Exception as error:  # noqa: BLE001 - the sdk lets urllib's and the socket's own errors through
            if code_of(error) in ("invalid_auth", "not_authed", "not_allowed_token_type", "token_revoked"):
                raise ConfigurationError(
                    f"Slack does not take the app token ({code_of(error)}).",
                    next_step="Put the token that begins with xapp-, with the scope connections:write, "
                    "into SLACK_APP_TOKEN and start again.",
                ) from None
            raise explain(error) from None

    def run(self, stop: threading.Event, on_connected: Callable[[], None] = lambda: None) -> None:
        """Connect as soon as Slack can be reached, stay connected until `stop` is set, let answers finish.

        The caller sets `stop` on SIGTERM: Bolt's own start() would not hear of it. `on_connected` is called
        once, when Slack can be heard.
        """
        try:
            until_reached(self.connect, stop, on_away=lambda _: None)
            if not stop.is_set():
                on_connected()
            last_up = time.monotonic()
            while not stop.wait(_LOOK_SECONDS):
                if self.connected:
                    last_up = time.monotonic()
                elif time.monotonic() - last_up > self._grace:
                    self._reconnect()
                    last_up = time.monotonic()
        finally:
            self.close()

    def _reconnect(self) -> None:
        _LOG.warning("no Socket Mode connection for %d s: asking Slack for a new one", self._grace)
        try:
            self._handler.client.connect_to_new_endpoint()
        except Exception as error:  # noqa: BLE001 - tried again after the next grace period
            _LOG.warning("Slack gave no new connection: %s", code_of(error))

    def close(self) -> None:
        """Take nothing new and wait for the answers under way."""
        self._wake()
        self._handler.client.close()
        drain(self._app)

    def _wake(self) -> None:
        """End the wait for the next payload now: the SDK's own close lets it run out, which takes 3 s."""
        client: Any = self._handler.client
        client.auto_reconnect_enabled = False
        client.current_session_state.terminated = True
        connection = getattr(client.current_session, "sock", None)
        if connection is not None:
            with suppress(OSError):
                connection.shutdown(SHUT_RD)
