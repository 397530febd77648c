"""A real bot on the sandbox Slack: real Bolt, real Web API client, real ledger; nothing is pretended."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from slack_sdk import WebClient

from bot.app import House
from bot.ledger import outbox
from bot.ledger.connection import borrowed
from bot.ledger.outbox import OutboxMessage
from bot.sandbox.slack.client import SandboxClient
from bot.sandbox.slack.server import SlackServer
from bot.slack.client import quick_client
from bot.slack.deliver import Deliverer
from bot.slack.edge import Edge, open_edge
from bot.slack.socket import SocketMode
from bot.wiring.doors import doors_of
from bot.wiring.topics import deliverer_of
from tests.support.house import Plan, folder_storage, open_house

Waiting = Callable[[], list[OutboxMessage]]


@pytest.fixture
def house(slack: SlackServer, ledger_url: str, tmp_path: Path) -> Iterator[House]:
    """Two databases that nobody connects to: the edge only asks, and workers are not here."""
    nowhere = "postgresql://postgres@127.0.0.1:1/none"
    plan = Plan(
        {"cruzonic": nowhere, "fleetnest": nowhere},
        {"cruzonic": 'staging_url_env = "TEST_STAGING"', "fleetnest": 'channels = ["C0ALERTS"]'},
        folder_storage(tmp_path / "archives"),
        {
            "SLACK_BOT_TOKEN": slack.credentials.bot_token,
            "SLACK_SIGNING_SECRET": slack.credentials.signing_secret,
            "SLACK_API_URL": slack.api_url,
            "TEST_STAGING": nowhere,
        },
    )
    with open_house(plan, ledger_url, tmp_path) as built:
        yield built


@pytest.fixture
def edge(house: House) -> Edge:
    return open_edge(house.environment, house.configuration, house.pool, doors_of(house))


@pytest.fixture
def socket(slack: SlackServer, edge: Edge, people: SandboxClient) -> Iterator[SocketMode]:
    """The bot, connected over Socket Mode."""
    connection = SocketMode(edge.app, slack.credentials.app_token, slack.api_url)
    connection.connect()
    wait_for(lambda: people.connections() > 0)
    yield connection
    connection.close()


@pytest.fixture
def web(slack: SlackServer) -> WebClient:
    return quick_client(slack.credentials.bot_token, slack.api_url)


@pytest.fixture
def deliverer(house: House) -> Deliverer:
    return deliverer_of(house)


@pytest.fixture
def waiting(house: House) -> Waiting:
    """What the outbox holds and nobody has delivered yet."""

    def look() -> list[OutboxMessage]:
        with borrowed(house.pool) as connection:
            return outbox.waiting(connection)

    return look


def wait_for(condition: Callable[[], object]) -> None:
    """Wait until something has happened; pytest's own timeout ends what never does."""
    pause = threading.Event()
    while not condition():
        pause.wait(0.02)
