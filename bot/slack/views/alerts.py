"""Alerts: the message that is redrawn through an alert's life, its thread, and `/alerts`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot.core.alerts import Alert, AlertEvent, Severity, State, What
from bot.core.people import Action
from bot.services.alert_views import (
    AlertDetails,
    AlertHelp,
    AlertLine,
    AlertList,
    AlertMessage,
    AlertTaken,
)
from bot.slack import mrkdwn, texts
from bot.slack.blocks import Block, Rendered, actions, at_most_fifty, button, section, with_button
from bot.slack.buttons import ALERT_SHOW, ALERT_TAKE
from bot.slack.fit import GOOD_TEXT, cut_mrkdwn, pages
from bot.slack.mrkdwn import Mrkdwn
from bot.slack.views.base import Surroundings, contacts_up_to, message, render, who_asked

_LISTED = 30
_OVER_LISTED = 10
_HISTORY = 20
_CALLING = frozenset({What.REOPENED, What.REMINDED, What.ESCALATED, What.WORSENED, What.LAPSED})


@render.register
def _(view: AlertMessage, around: Surroundings) -> Rendered:
    alert = view.alert
    values = _facts(alert) | {"contacts": _called(alert, around)}
    return message("alert", values, _buttons(alert))


@render.register
def _(view: AlertLine, around: Surroundings) -> Rendered:
    alert, event = view.alert, view.event
    began = alert.opened_at or event.at
    values = _facts(alert) | {
        "event": event,
        "what": event.what.value,
        "by": _who(event),
        "lasted": (event.at - began).total_seconds(),
        "unanswered": (event.at - (alert.raised_at or began)).total_seconds(),
        "taken_for": (view.taken_for or timedelta(0)).total_seconds(),
        "until": event.at + view.taken_for if view.taken_for else None,
        "contacts": contacts_up_to(around.contacts, event.level) if _calls(alert, event) else [],
    }
    return message("alert_line", values)


@render.register
def _(view: AlertList, around: Surroundings) -> Rendered:
    del around
    critical = sum(1 for alert in view.alerts if alert.severity is Severity.CRITICAL)
    lines = texts.fill("alert_list_head", {"open": len(view.alerts), "critical": critical})
    blocks: list[Block] = [section(lines[0])]
    for alert in view.alerts[:_LISTED]:
        line = "\n".join(texts.fill("alert_list_line", _facts(alert)))
        lines.append(line)
        free = alert.state is State.OPEN
        press = button("I take it", ALERT_TAKE, alert.id) if free else button("Details", ALERT_SHOW, alert.id)
        blocks.append(with_button(line, press))
    if len(view.alerts) > _LISTED:
        blocks.append(section(f"… and {len(view.alerts) - _LISTED} more"))
    for alert in view.resolved[:_OVER_LISTED]:
        over = texts.fill("alert_list_over", _facts(alert))
        lines += over
        blocks += texts.as_blocks(over)
    return Rendered(cut_mrkdwn(texts.as_text(lines), GOOD_TEXT), at_most_fifty(blocks))


@render.register
def _(view: AlertDetails, around: Surroundings) -> Rendered:
    values = _facts(view.alert) | {"contacts": _called(view.alert, around)}
    lines: list[str] = []
    for event in view.events[-_HISTORY:]:
        lines += texts.fill("alert_history", {"event": event, "by": _who(event)})
    history: list[Block] = [section(page) for page in pages(lines)]
    return message("alert", values, [*history, *_buttons(view.alert)])


@render.register
def _(view: AlertTaken, around: Surroundings) -> Rendered:
    del around
    taken_at, lasts = view.alert.acknowledged_at, view.taken_for
    until = taken_at + lasts if taken_at and lasts else None
    return message("alert_taken", _facts(view.alert) | {"first": view.first, "until": until})


@render.register
def _(view: AlertHelp, around: Surroundings) -> Rendered:
    del around
    return message("alert_help", {"may": view.actor.may(Action.ACKNOWLEDGE)})


def _facts(alert: Alert) -> dict[str, Any]:
    """What the templates of an alert may print."""
    taker = None
    if alert.acknowledged_user and alert.acknowledged_source:
        taker = who_asked(alert.acknowledged_user, alert.acknowledged_source)
    return {
        "alert": alert,
        "headline": _headline(alert),
        "sentence": _below_headline(alert),
        "since": alert.opened_at or alert.seen_at,
        "taker": taker,
        "over": alert.state is State.RESOLVED,
    }


def _headline(alert: Alert) -> Mrkdwn:
    about = mrkdwn.code(alert.database) if alert.database else "Sparewheel itself"
    if alert.state is State.RESOLVED:
        return Mrkdwn(f"Over: {about}")
    kind = "Critical" if alert.severity is Severity.CRITICAL else "Warning"
    return Mrkdwn(f"{kind}: {about}")


def _below_headline(alert: Alert) -> str:
    """The sentence without the database's name where that stands right above it."""
    rest = alert.sentence.removeprefix(f"`{alert.database}`: ")
    return rest[:1].upper() + rest[1:]


def _called(alert: Alert, around: Surroundings) -> list[Mrkdwn]:
    """Whom the message calls: nobody once somebody has it, or once it is over."""
    return contacts_up_to(around.contacts, alert.level) if alert.state is State.OPEN else []


def _calls(alert: Alert, event: AlertEvent) -> bool:
    """Whether this step mentions contacts; a reminder of what somebody took mentions that one alone."""
    reminds_taker = event.what is What.REMINDED and alert.acknowledged_user is not None
    return event.what in _CALLING and not reminds_taker


def _who(event: AlertEvent) -> Mrkdwn | None:
    return who_asked(event.by_user, event.by_source) if event.by_user and event.by_source else None


def _buttons(alert: Alert) -> list[Block]:
    if alert.state is not State.OPEN:
        return []
    return [actions([button("I take it", ALERT_TAKE, alert.id, style="primary")])]
