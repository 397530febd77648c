"""What the alerts' service answers: facts for an edge to show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.alerts import Alert, AlertEvent
from bot.core.people import Actor


@dataclass(frozen=True)
class AlertMessage:
    """The one message of an alert, by its state."""

    alert: Alert
    now: datetime


@dataclass(frozen=True)
class AlertLine:
    """A line in the thread under it: one step of its life."""

    alert: Alert
    event: AlertEvent


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
    """`/alerts ack ID`: who looks after it; `first` False: somebody did already."""

    alert: Alert
    first: bool
    now: datetime


@dataclass(frozen=True)
class AlertHelp:
    """`/alerts help`: what this person may do."""

    actor: Actor
