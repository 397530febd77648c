"""Alerts tied to a house: what people type, what the clock does every minute."""

from __future__ import annotations

import logging

from bot.app import House
from bot.clock.ticks import Tick
from bot.core.people import Actor
from bot.core.reply import Reply, Request
from bot.services.alert_ticks import AlertTick, HeartbeatTick
from bot.slack.doors import Handler
from bot.wiring.topics import deliverer_of
from commands import alerts

log = logging.getLogger(__name__)


def commands(house: House) -> dict[str, Handler]:
    """`/alerts`."""

    def on_alerts(request: Request, actor: Actor) -> Reply:
        return alerts.answer(request, actor, house.alert_desk, house.sources.names())

    return {alerts.COMMAND: on_alerts}


def ticks(house: House) -> dict[str, Tick]:
    """Looking, and the sign of life to the outside; the clock itself posts where no worker can.

    Raises:
        ConfigurationError: half of Slack's settings is there.
    """
    deliver = deliverer_of(house).deliver if house.environment.slack_bot_token else None
    variable = house.configuration.heartbeats.process_url_env
    if variable and not house.environ.get(variable):
        log.warning("%s is not set: no outside watcher hears of this clock", variable)
    heartbeat = HeartbeatTick(house.pool, house.configuration.heartbeats, house.environ)
    return {"alerts": AlertTick(house.alerts, deliver), "heartbeat": heartbeat}
