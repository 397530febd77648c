"""A call that the sandbox refuses in Slack's own words."""

from __future__ import annotations

from collections.abc import Sequence

from bot.errors import SandboxError


class RefusedError(SandboxError):
    """Becomes `{"ok": false, "error": code}`; `messages` go into `response_metadata`."""

    def __init__(self, code: str, messages: Sequence[str] = (), retry_after: int | None = None) -> None:
        super().__init__(f"The sandbox Slack refused the call: {code}.", cause="; ".join(messages))
        self.code = code
        self.messages = [f"[ERROR] {message}" for message in messages]
        self.retry_after = retry_after  # seconds; answered as HTTP 429
