"""Signed HTTP delivery to the app's request URL, the alternative to Socket Mode.

The signature: docs.slack.dev, authentication/verifying-requests-from-slack.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import http.client
import json
from typing import Any
from urllib.parse import urlsplit

from bot.errors import SandboxError
from bot.sandbox.slack.guard import is_loopback
from bot.sandbox.slack.options import Options

_OK = 200


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """The value of X-Slack-Signature."""
    digest = hmac.new(secret.encode(), b":".join((b"v0", timestamp.encode(), body)), hashlib.sha256)
    return f"v0={digest.hexdigest()}"


class RequestUrl:
    """Where the app takes its requests. Only this machine may be told."""

    def __init__(self, url: str, signing_secret: str, options: Options) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or not is_loopback(parts.hostname or ""):
            raise SandboxError(
                "The sandbox delivers to this machine only.",
                next_step="Give a request URL that begins with http://127.0.0.1.",
            )
        self._parts, self._secret, self._options = parts, signing_secret, options

    async def post(self, body: bytes, headers: dict[str, str]) -> dict[str, Any] | None:
        """One signed request.

        Returns:
            The answer's JSON object, or its plain text as `{"text": …}`, or None for an empty answer.

        Raises:
            TimeoutError: no answer within Slack's three seconds.
            OSError: no connection, or a status other than 200.
        """
        seconds = self._options.timings.acknowledge
        return await asyncio.wait_for(asyncio.to_thread(self._post, body, headers), seconds)

    def _post(self, body: bytes, headers: dict[str, str]) -> dict[str, Any] | None:
        timestamp = str(int(self._options.clock()))
        signed = {
            **headers,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": signature(self._secret, timestamp, body),
        }
        connection = http.client.HTTPConnection(
            self._parts.hostname or "", self._parts.port, timeout=self._options.timings.acknowledge
        )
        try:
            connection.request("POST", self._parts.path or "/", body, signed)
            answer = connection.getresponse()
            text = answer.read().decode()
            if answer.status != _OK:
                raise ConnectionError(answer.status)
        except http.client.HTTPException as error:
            raise ConnectionError from error
        finally:
            connection.close()
        return _decoded(text)


def _decoded(text: str) -> dict[str, Any] | None:
    if not text:
        return None
    try:
        value = json.loads(text)
    except ValueError:
        return {"text": text}
    return value if isinstance(value, dict) else None
