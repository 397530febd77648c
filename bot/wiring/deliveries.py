"""Handing notices over, tied to a house: the configured channels, with Slack where one is connected."""

from __future__ import annotations

import dataclasses

from bot.app import House
from bot.ledger.connection import LedgerConnection
from bot.ledger.dispatches import Dispatch
from bot.services.run_deliveries import DeliveryRunner
from bot.slack.client import patient_client
from bot.slack.edge import bot_token
from bot.slack.progress import SlackProgress


@dataclasses.dataclass(frozen=True)
class _Told:
    """What deliveries mean for the notice, and for its message."""

    house: House
    progress: SlackProgress | None

    def progressed(self, dispatch: Dispatch) -> None:
        """Draw how far it is; a rehearsal has no message of its own."""
        if self.progress is not None and not dispatch.rehearsal:
            self.progress.update(self.house.notices.reading.message(dispatch.notice_id))

    def finished(self, connection: LedgerConnection, dispatch: Dispatch) -> None:
        """The text is out."""
        self.house.notices.sending.finished(connection, dispatch)


def delivery_runner_of(house: House, progress: SlackProgress | None = None) -> DeliveryRunner:
    """Hands this house's notices over."""
    channels = house.notice_channels
    if house.environment.slack_bot_token is not None:
        client = patient_client(bot_token(house.environment), house.environment.slack_api_url)
        channels = dataclasses.replace(channels, slack=client)
    whom = house.recipients
    told = _Told(house, progress)
    return DeliveryRunner(
        house.pool, channels, told, unwanted=whom.unwanted, unwanted_stamp=whom.unwanted_stamp
    )
