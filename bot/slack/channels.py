"""Whether the channels that the configuration names are there: asked at the start, not when it matters."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.errors import ConfigurationError
from bot.settings import Configuration
from bot.slack.client import code_of, unreached

_LOG = logging.getLogger(__name__)


def named(configuration: Configuration) -> Iterator[tuple[str, str]]:
    """Every channel id in the configuration, with the place where it stands."""
    settings = configuration.slack
    for key in ("operations_channel", "alerts_channel"):
        if channel := getattr(settings, key):
            yield f"slack.{key}", channel
    for name, database in configuration.databases.items():
        for channel in database.channels:
            yield f"databases.{name}.channels", channel
    for name, ours in configuration.channels.items():
        if ours.type == "slack":
            for channel in ours.channels:
                yield f"channels.{name}.channels", channel


def refuse_unknown(client: WebClient, configuration: Configuration) -> int:
    """Ask Slack for each channel; returns how many there are.

    A channel that Slack would not tell about for another reason (a missing scope, a lost connection) is
    logged and let pass: it may well be there.

    Raises:
        ConfigurationError: a channel does not exist, or is private and the bot is not in it.
    """
    found = 0
    for place, channel in named(configuration):
        try:
            client.conversations_info(channel=channel)
            found += 1
        except SlackApiError as error:
            if code_of(error) == "channel_not_found":
                raise ConfigurationError(
                    f"{place}: Slack knows no channel {channel}, or it is private and the bot is not in it.",
                    next_step="Write the channel's id (it begins with C), or invite the bot into it.",
                ) from None
            _LOG.warning("%s: Slack would not tell about %s (%s)", place, channel, code_of(error))
        except Exception as error:  # noqa: BLE001 - the sdk lets urllib's and the socket's own errors through
            _LOG.warning("the channels were not looked up: %s", unreached(client.base_url, error).sentence)
            return found
    return found
