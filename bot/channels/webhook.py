"""A signed POST in the manner of standardwebhooks.com: id, time and body under one HMAC-SHA256."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field

import requests

from bot.channels import http
from bot.channels.interface import Outgoing, Receipt
from bot.errors import ConfigurationError

_SECRET = "whsec_"  # noqa: S105 - how such secrets begin
_SHORTEST = 24


@dataclass
class WebhookChannel:
    """`webhook-id` is the same at every attempt: a receiver knows a repeat by it."""

    url: str = field(repr=False)
    secret: bytes = field(repr=False)
    timeout: float = 15.0
    _session: requests.Session = field(default_factory=http.open_session, repr=False)

    def hand_over(self, message: Outgoing) -> Receipt:
        """POST one notice. See Channel.hand_over."""
        at = int(time.time())
        body = json.dumps(payload(message, at), ensure_ascii=False, separators=(",", ":")).encode()
        identity = f"msg_{message.key}"
        headers = {
            "content-type": "application/json",
            "user-agent": "Sparewheel",
            "webhook-id": identity,
            "webhook-timestamp": str(at),
            "webhook-signature": sign(self.secret, identity, at, body),
        }
        http.request(
            self._session,
            "POST",
            self.url,
            who="The webhook",
            timeout=self.timeout,
            headers=headers,
            data=body,
        )
        return Receipt(identity)

    def close(self) -> None:
        """Let go of the connection."""
        self._session.close()


def payload(message: Outgoing, at: int) -> dict[str, object]:
    """The body: `type`, `timestamp` and `data`, all times in ISO 8601."""
    return {
        "type": f"notice.{message.kind}.{message.stage}",
        "timestamp": _iso(at),
        "data": {
            "notice_id": message.notice_id,
            "revision": message.revision,
            "kind": message.kind,
            "stage": message.stage,
            "severity": message.severity,
            "status": message.status,
            "subject": message.subject,
            "text": message.text,
            "html": message.html,
            "starts_at": message.starts_at.isoformat() if message.starts_at else None,
            "ends_at": message.ends_at.isoformat() if message.ends_at else None,
        },
    }


def sign(secret: bytes, identity: str, at: int, body: bytes) -> str:
    """`v1,` and the base64 HMAC-SHA256 of `id.timestamp.body`."""
    mac = hmac.new(secret, f"{identity}.{at}.".encode() + body, hashlib.sha256)
    return f"v1,{base64.b64encode(mac.digest()).decode()}"


def read_secret(text: str, variable: str) -> bytes:
    """`whsec_` and base64 -> the key.

    Raises:
        ConfigurationError: it is not of that form, or too short to be a secret.
    """
    try:
        secret = base64.b64decode(text.removeprefix(_SECRET), validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if not text.startswith(_SECRET) or len(secret) < _SHORTEST:
        raise ConfigurationError(
            f"{variable} is no webhook secret.",
            next_step=f"Write {_SECRET} and at least {_SHORTEST} random bytes in base64 into it.",
        )
    return secret


def _iso(at: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
