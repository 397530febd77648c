"""The roles that listen to Slack, one process each: `socket` and `web`."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import click
import uvicorn

from bot.app import House
from bot.cli import health
from bot.cli.listening import listen
from bot.cli.part import restartable
from bot.cli.session import open_house
from bot.errors import ConfigurationError
from bot.slack.edge import Edge, open_edge
from bot.slack.http import build_asgi
from bot.slack.patience import until_reached
from bot.slack.socket import SocketMode
from bot.supervisor import ready
from bot.wiring.doors import doors_of


@click.command()
@restartable
def socket() -> None:
    """Answer Slack through Socket Mode (SLACK_BOT_TOKEN and SLACK_APP_TOKEN)."""
    with stop_on_signal() as stop, open_house() as house:
        token = house.environment.slack_app_token
        if token is None:
            raise ConfigurationError(
                "SLACK_APP_TOKEN is not set.",
                next_step="Set it to the token that begins with xapp-, or run `sparewheel web`.",
            )
        edge = _edge(house, stop)
        if edge is None:
            return
        line = SocketMode(edge.app, token.get_secret_value(), house.environment.slack_api_url)
        line.run(stop, on_connected=ready.announce)


@click.command()
@restartable
def web() -> None:
    """Answer Slack over HTTP at /slack/events (SLACK_BOT_TOKEN and SLACK_SIGNING_SECRET)."""
    with open_house() as house:
        if house.environment.slack_signing_secret is None:
            raise ConfigurationError(
                "SLACK_SIGNING_SECRET is not set.",
                next_step="Copy it from the app's page (Basic Information), or run `sparewheel socket`.",
            )
        with stop_on_signal() as stop:
            edge = _edge(house, stop)
        if edge is None:
            return
        app = build_asgi(edge.app, health.public_routes(house))
        listener = listen(house.environment.bind, house.environment.port)
        config = uvicorn.Config(app, log_config=None, access_log=False, server_header=False)
        # From here connections wait in the listener's queue, so nothing that comes early is refused.
        ready.announce()
        uvicorn.Server(config).run(sockets=[listener])


@contextmanager
def stop_on_signal() -> Iterator[threading.Event]:
    """An event that SIGTERM and SIGINT set."""
    stop = threading.Event()

    def handle(number: int, frame: FrameType | None) -> None:
        del number, frame
        stop.set()

    before = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _edge(house: House, stop: threading.Event) -> Edge | None:
    """The Slack edge, as soon as Slack can be reached; None where `stop` is set before."""

    def ask() -> Edge:
        return open_edge(house.environment, house.configuration, house.pool, doors_of(house))

    return until_reached(ask, stop, on_away=lambda sentence: ready.announce([sentence]))
