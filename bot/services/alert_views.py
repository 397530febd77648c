"""What the alerts' service answers: facts for an edge to show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.alerts import Alert, AlertEvent
from bot.core.people import Actor


@dataclass(frozen=True)
class AlertMessage:
    """The one message of an alert, by its state."""

    alert: Alert
    now: datetime


@dataclass(frozen=True)
class AlertLine:
    """A line in the thread under it: one step of its life. `taken_for`: how long somebody may have it."""

    alert: Alert
    event: AlertEvent
    taken_for: timedelta | None = None


@dataclass(frozen=True)
class AlertList:
    """`/alerts`: what is open, critical ones first, and what was over in the last day."""

    alerts: Sequence[Alert]
    resolved: Sequence[Alert]
    now: datetime


@dataclass(frozen=True)
class AlertDetails:
    """`/alerts show ID`: one alert with its history."""

    alert: Alert
    events: Sequence[AlertEvent]
    now: datetime


@dataclass(frozen=True)
class AlertTaken:
    """`/alerts ack ID`: who looks after it; `first` False: somebody did already.

    `taken_for`: how long nobody else is asked.
    """

    alert: Alert
    first: bool
    now: datetime
    taken_for: timedelta | None = None


@dataclass(frozen=True)
class AlertHelp:
    """`/alerts help`: what this person may do."""

    actor: Actor
