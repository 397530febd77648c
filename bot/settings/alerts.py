"""When people are told that something is wrong, how often, and who watches the watcher."""

from __future__ import annotations

from datetime import time
from typing import Annotated

from pydantic import BeforeValidator, ConfigDict, Field

from bot.core.durations import Keep
from bot.settings.fields import KeepFor, Part, Seconds, ZoneName


def _clock_time(value: object) -> object:
    """`"22:00"` -> a time; TOML's own times pass as they are."""
    if isinstance(value, time):
        return value
    try:
        return time.fromisoformat(value) if isinstance(value, str) else time()
    except ValueError:
        raise ValueError(f"{value!r} is no time of day; write one like '22:00'") from None


ClockTime = Annotated[time, BeforeValidator(_clock_time)]
Share = Annotated[float, Field(gt=0, lt=1)]


class QuietHoursSettings(Part):
    """Hours in which warnings wait. Critical alerts never do."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    begin: Annotated[ClockTime, Field(alias="from")]
    end: Annotated[ClockTime, Field(alias="until")]
    time_zone: ZoneName = "UTC"


class AlertSettings(Part):
    """`escalate_after` calls the second and the third level of contacts, counted from the opening.

    Whoever took a critical alert is reminded every `remind_taker_every`; after `taken_for` others are asked.
    """

    remind_every: Annotated[Seconds, Field(ge=60)] = 4 * 3600.0
    remind_taker_every: Annotated[Seconds, Field(ge=60)] = 8 * 3600.0
    taken_for: Annotated[Seconds, Field(ge=60)] = 24 * 3600.0
    escalate_after: Annotated[tuple[Seconds, ...], Field(max_length=2)] = (1800.0, 7200.0)
    hold: Seconds = 300.0  # an alert is over once its cause was away that long
    shrink: Share = 0.3  # size or rows fell by more than this share
    slow: Annotated[float, Field(gt=1)] = 2.0  # a run takes longer than this many times the usual
    stuck_after: Annotated[Seconds, Field(ge=60)] = 600.0  # a message that no worker takes up
    look_every: Annotated[Seconds, Field(ge=60)] = 900.0  # at what lies in storage
    keep: KeepFor = Keep(days=400)  # what is over, with its history
    quiet_hours: QuietHoursSettings | None = None


class HeartbeatSettings(Part):
    """A watcher outside, such as healthchecks.io: it misses us when we are silent."""

    process_url_env: str | None = None
