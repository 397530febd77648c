"""Slack's rate limits as token buckets: full at the start, refilled with time."""

from __future__ import annotations

import math

from bot.sandbox.slack.options import Clock, Rates
from bot.sandbox.slack.refusal import RefusedError

_TIER_2 = {"conversations.list", "usergroups.list", "usergroups.users.list", "users.list"}
_TIER_3 = {"chat.update", "conversations.history", "conversations.replies", "conversations.info"}
_POSTS = {"chat.postMessage"}
_UNLIMITED = {"auth.test", "apps.connections.open", "chat.getPermalink"}


class RateLimiter:
    """Counts calls by method, and posts by channel."""

    def __init__(self, rates: Rates, clock: Clock) -> None:
        self._rates, self._clock = rates, clock
        self._buckets: dict[str, tuple[float, float]] = {}  # key -> tokens left, when that was

    def take(self, method: str, channel: str) -> None:
        """Count one call.

        Raises:
            RefusedError: `ratelimited`, with the whole seconds after which the next call passes.
        """
        if method in _UNLIMITED:
            return
        if method in _POSTS:
            self._draw(f"post {channel}", self._rates.post_per_second, self._rates.post_burst)
            return
        per_minute = self._rates.tier_4
        if method in _TIER_2:
            per_minute = self._rates.tier_2
        elif method in _TIER_3:
            per_minute = self._rates.tier_3
        self._draw(method, per_minute / 60, per_minute)

    def _draw(self, key: str, per_second: float, burst: int) -> None:
        now = self._clock()
        tokens, since = self._buckets.get(key, (float(burst), now))
        tokens = min(float(burst), tokens + max(0.0, now - since) * per_second)
        if tokens < 1:
            self._buckets[key] = (tokens, now)
            raise RefusedError("ratelimited", retry_after=max(1, math.ceil((1 - tokens) / per_second)))
        self._buckets[key] = (tokens - 1, now)
