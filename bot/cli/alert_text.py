"""Alerts as plain text for a terminal: the verdict first."""

from __future__ import annotations

from datetime import datetime

from bot.core.alerts import Alert, AlertEvent, Severity, State
from bot.core.units import plural
from bot.services.alert_views import AlertDetails, AlertList, AlertTaken


def listing(view: AlertList) -> str:
    """What is wrong, critical ones first, and what is over since yesterday."""
    if not view.alerts:
        lines = ["Nothing is wrong that we know of."]
    else:
        lines = [f"{plural(len(view.alerts), 'thing is', 'things are')} wrong."]
    lines += [line for alert in view.alerts for line in _lines(alert)]
    lines += [f"Over since {_time(a.resolved_at)}: {a.sentence} ({a.id})" for a in view.resolved]
    return "\n".join(lines)


def details(view: AlertDetails) -> str:
    """One alert, what to do, and its history."""
    lines = [*_lines(view.alert), f"  now      {view.alert.next_step}"]
    return "\n".join([*lines, *(_event(event) for event in view.events)])


def taken(view: AlertTaken) -> str:
    """Who looks after it."""
    if view.first:
        at, lasts = view.alert.acknowledged_at, view.taken_for
        until = f" before {_time(at + lasts)}" if at and lasts else ""
        return f"You look after {view.alert.id} now. Nobody else is called{until}.\n{view.alert.next_step}"
    return f"{view.alert.acknowledged_user} looks after {view.alert.id} already."


def _lines(alert: Alert) -> list[str]:
    kind = "CRITICAL" if alert.severity is Severity.CRITICAL else "warning "
    over = "over, " if alert.state is State.RESOLVED else ""
    who = f", {alert.acknowledged_user} looks after it" if alert.acknowledged_user else ""
    about = alert.database or "Sparewheel itself"
    return [f"{kind} {alert.id}  {over}{about}, since {_time(alert.opened_at)}{who}", f"  {alert.sentence}"]


def _event(event: AlertEvent) -> str:
    by = f" by {event.by_user}" if event.by_user else ""
    level = f" to level {event.level}" if event.what == "escalated" else ""
    return f"  {_time(event.at)}  {event.what}{level}{by}"


def _time(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment else "-"
