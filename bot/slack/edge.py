"""The Slack edge put together: client, identity, roles, listeners."""

from __future__ import annotations

from dataclasses import dataclass

from slack_bolt import App
from slack_sdk import WebClient

from bot.errors import ConfigurationError
from bot.ledger import inbox
from bot.ledger.connection import LedgerPool, borrowed
from bot.settings import Configuration, Environment
from bot.slack.bolt import build_app
from bot.slack.client import Identity, identify, patient_client, quick_client
from bot.slack.desk import Desk
from bot.slack.directory import Directory
from bot.slack.doors import Doors
from bot.slack.views import Surroundings


@dataclass(frozen=True)
class Edge:
    """A bot that is known to Slack and ready to be connected, over a socket or HTTP."""

    app: App
    identity: Identity
    client: WebClient
    directory: Directory


def bot_token(environment: Environment) -> str:
    """The bot token.

    Raises:
        ConfigurationError: there is none.
    """
    if environment.slack_bot_token is None:
        raise ConfigurationError(
            "SLACK_BOT_TOKEN is not set.",
            next_step="Set it to the token that begins with xoxb-, from the app's page under Install App.",
        )
    return environment.slack_bot_token.get_secret_value()


def open_edge(
    environment: Environment,
    configuration: Configuration,
    pool: LedgerPool,
    doors: Doors,
) -> Edge:
    """Ask Slack who we are, then build the app.

    Raises:
        ConfigurationError: no token, or one that Slack does not take.
        SlackError: Slack could not be asked.
    """
    token, api_url = bot_token(environment), environment.slack_api_url
    quick = quick_client(token, api_url)
    identity = identify(patient_client(token, api_url))
    directory = Directory(quick, configuration.roles, identity.team)

    def take(team: str, key: str) -> bool:
        with borrowed(pool) as connection:
            return inbox.take(connection, team, key)

    desk = Desk(doors, directory, take, quick, Surroundings(contacts=configuration.contacts))
    secret = environment.slack_signing_secret
    app = build_app(quick, desk, secret.get_secret_value() if secret else None)
    return Edge(app, identity, quick, directory)
