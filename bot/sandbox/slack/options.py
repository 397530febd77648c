"""What a sandbox can be set to: Slack's own numbers by default, others in tests."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

Clock = Callable[[], float]


@dataclass(frozen=True)
class Rates:
    """How often a method may be called: calls a second on average, and how many at once.

    Source: docs.slack.dev, apis/web-api/rate-limits (tiers are calls a minute; bursts are observed).
    """

    post_per_second: float = 1.0
    post_burst: int = 20
    tier_2: int = 20
    tier_3: int = 50
    tier_4: int = 100


@dataclass(frozen=True)
class Timings:
    """Slack's waiting times, in seconds; uses are counted."""

    acknowledge: float = 3.0
    trigger: float = 3.0
    response_url: float = 30 * 60.0
    response_url_uses: int = 5
    event_retries: tuple[float, ...] = (0.0, 60.0, 300.0)


@dataclass(frozen=True)
class Options:
    """Everything about one sandbox that is not its state. `clock` gives seconds since 1970."""

    rates: Rates = field(default_factory=Rates)
    timings: Timings = field(default_factory=Timings)
    clock: Clock = time.time
    request_url: str | None = None  # set: signed HTTP delivery instead of Socket Mode; loopback only
    tour: bool = False  # welcome a newcomer in #database-operations
    archives: Path | None = None  # the sandbox's own storage, for the tour to break something in
