"""Handing notices over, tied to a house: the configured channels, with Slack where one is connected."""

from __future__ import annotations

import dataclasses

from bot.app import House
from bot.services.run_deliveries import DeliveryRunner
from bot.slack.client import patient_client
from bot.slack.edge import bot_token


def delivery_runner_of(house: House) -> DeliveryRunner:
    """Hands this house's notices over."""
    channels = house.notice_channels
    if house.environment.slack_bot_token is not None:
        client = patient_client(bot_token(house.environment), house.environment.slack_api_url)
        channels = dataclasses.replace(channels, slack=client)
    return DeliveryRunner(house.pool, channels)
