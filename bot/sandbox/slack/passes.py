"""Things that can be used for a while or a number of times: trigger ids, response URLs, socket tickets."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import NamedTuple

from bot.sandbox.slack.options import Clock, Timings
from bot.sandbox.slack.refusal import RefusedError


class Screen(NamedTuple):
    """Where somebody does something: a tab of the page, or "" for a command line, which has no screen."""

    user: str
    tab: str = ""


class Triggers:
    """A trigger id opens one view, once, within three seconds."""

    def __init__(self, clock: Clock, timings: Timings) -> None:
        self._clock, self._timings = clock, timings
        self._issued: dict[str, tuple[Screen, float]] = {}
        self._exchanged: set[str] = set()

    def issue(self, screen: Screen) -> str:
        """A new trigger id for what was just done there."""
        now = self._clock()
        trigger = f"{int(now)}.{secrets.randbelow(10**10)}.{secrets.token_hex(16)}"
        self._issued[trigger] = (screen, now)
        return trigger

    def exchange(self, trigger: str) -> Screen:
        """Use it up; gives the screen that it came from.

        Raises:
            RefusedError: `invalid_trigger_id`, `exchanged_trigger_id` or `expired_trigger_id`.
        """
        if trigger not in self._issued:
            raise RefusedError("invalid_trigger_id")
        if trigger in self._exchanged:
            raise RefusedError("exchanged_trigger_id")
        screen, since = self._issued[trigger]
        if self._clock() - since > self._timings.trigger:
            raise RefusedError("expired_trigger_id")
        self._exchanged.add(trigger)
        return screen


@dataclass(frozen=True)
class Place:
    """Where a response goes: the channel, who acted, and the message that was acted on, if any."""

    channel: str
    user: str
    message_ts: str | None = None
    uses: int = 0
    since: float = 0.0


class ResponseUrls:
    """A response_url takes five responses in thirty minutes."""

    def __init__(self, clock: Clock, timings: Timings) -> None:
        self._clock, self._timings = clock, timings
        self._places: dict[str, Place] = {}

    def issue(self, place: Place) -> str:
        """The secret last part of a new response_url."""
        key = secrets.token_urlsafe(18)
        self._places[key] = replace(place, since=self._clock())
        return key

    def use(self, key: str) -> Place:
        """Count one use.

        Raises:
            RefusedError: `invalid_url`, `expired_url` after thirty minutes, `used_url` after five uses.
        """
        place = self._places.get(key)
        if place is None:
            raise RefusedError("invalid_url")
        if self._clock() - place.since > self._timings.response_url:
            raise RefusedError("expired_url")
        if place.uses >= self._timings.response_url_uses:
            raise RefusedError("used_url")
        self._places[key] = replace(place, uses=place.uses + 1)
        return place
