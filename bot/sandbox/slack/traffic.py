"""The last payloads in both directions, for whoever builds an app: what was sent, answered and refused."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from bot.sandbox.slack.options import Clock

_KEPT = 100
Direction = Literal["to the app", "from the app"]


@dataclass(frozen=True)
class Exchange:
    """One payload and what came of it.

    Attributes:
        number: counts up from 1.
        at: seconds since 1970.
        direction: whose payload it was.
        name: the Web API's method, or the kind of delivery.
        payload: what was sent, without its token.
        answer: what was answered, or None.
        refused: why not, in Slack's words; empty where it was taken.
    """

    number: int
    at: float
    direction: Direction
    name: str
    payload: dict[str, Any]
    answer: dict[str, Any] | None = None
    refused: Sequence[str] = ()

    def as_json(self) -> dict[str, Any]:
        """Ready to be sent to a page."""
        return asdict(self)


class Traffic:
    """Keeps the newest exchanges and tells its subscribers of each."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._numbers = clock, itertools.count(1)
        self._kept: deque[Exchange] = deque(maxlen=_KEPT)
        self.subscribers: list[Callable[[Exchange], None]] = []

    def all(self) -> list[Exchange]:
        """Oldest first."""
        return list(self._kept)

    def add(
        self,
        direction: Direction,
        name: str,
        payload: dict[str, Any],
        answer: dict[str, Any] | None = None,
        refused: Sequence[str] = (),
    ) -> None:
        """Keep one exchange."""
        shown = {key: value for key, value in payload.items() if key != "token"}
        kept = Exchange(next(self._numbers), self._clock(), direction, name, shown, answer, tuple(refused))
        self._kept.append(kept)
        for subscriber in self.subscribers:
            subscriber(kept)
