"""`sparewheel sandbox …`: the Slack that comes with the product, and a person's hands in it."""

from __future__ import annotations

import json
import os
import shlex
import socket
import sys
from pathlib import Path
from urllib.parse import urlsplit

import click

from bot import app
from bot.cli.backup import say as say_text
from bot.cli.roles import stop_on_signal
from bot.cli.session import environment
from bot.errors import SandboxError
from bot.sandbox.slack import credentials
from bot.sandbox.slack.client import SandboxClient
from bot.sandbox.slack.options import Options
from bot.sandbox.slack.people import PEOPLE
from bot.sandbox.slack.render_text import plain
from bot.sandbox.slack.server import SlackServer
from bot.supervisor import ready

_CHANNEL = "database-operations"
# Slack's own words for what went wrong between it and the app.
_PROBLEMS = {
    "operation_timeout": "the app did not answer in three seconds (operation_timeout).",
    "dispatch_failed": "the app is not connected, so nobody heard of it (dispatch_failed).",
}
_NAMES = ", ".join(person.name for person in PEOPLE.values() if not person.is_bot)
as_option = click.option("--as", "name", required=True, help=f"Who does it: {_NAMES}.")
channel_option = click.option("--channel", default=_CHANNEL, show_default=True)


@click.group()
def sandbox() -> None:
    """A Slack to try things in: on this machine only, and beside sample databases only."""


@sandbox.command()
@click.option("--port", default=0, help="Where to listen on 127.0.0.1; 0: as the last time, or a free port.")
def serve(port: int) -> None:
    """Serve the sandbox Slack until stopped. `sparewheel run` does this by itself."""
    given = environment()
    server = SlackServer(
        given.home,
        port or usual_port(given.home),
        Options(tour=True, archives=given.home / "backups"),
        databases=_addresses(),
        allowed_system_identifiers=_embedded_identifiers(given.home),
    )
    with stop_on_signal() as stop, server:
        click.echo(f"sandbox Slack listens on {server.base_url}", err=True)
        ready.announce()
        stop.wait()


@sandbox.command(name="open")
def open_() -> None:
    """Print a link that opens the workspace in a browser, once."""
    click.echo(SandboxClient(environment().home).link())


@sandbox.command()
@as_option
@channel_option
@click.argument("words")
def say(name: str, channel: str, words: str) -> None:
    """Type something as a person: a message, or a command like "/backup status"."""
    if not words.strip():
        raise SandboxError(
            "There is nothing to say.", next_step='Type some words, like "/backup status" or "hello".'
        )
    answer = SandboxClient(environment().home).say(name, words, channel)
    if answer:
        say_text(f"Slack says: {answer}")
        sys.exit(1)
    where = "" if channel == _CHANNEL else f" --channel {shlex.quote(channel)}"
    click.echo(f"Said. Read the answer with: sparewheel sandbox read --as {name}{where}", err=True)


@sandbox.command()
@click.option("--as", "name", default="", help="See what this person sees, messages for them alone too.")
@click.option("--since", default="", help="Only messages after this time stamp (ts).")
@channel_option
def read(name: str, since: str, channel: str) -> None:
    """Print a channel's conversation: messages, threads and buttons."""
    say_text(SandboxClient(environment().home).read(channel, since, name))


@sandbox.command(name="click")
@as_option
@click.option("--ts", default="", help="The message's time stamp, as `read` shows it.")
@click.option("--confirm", is_flag=True, help="Answer the button's question with yes.")
@channel_option
@click.argument("action_id")
def click_(name: str, ts: str, channel: str, action_id: str, *, confirm: bool) -> None:
    """Press a button as a person."""
    answer = SandboxClient(environment().home).click(
        name, action_id, ts=ts, channel=channel, confirmed=confirm
    )
    if question := answer.get("confirm"):
        title, words = plain(str(question["title"]["text"])), plain(str(question["text"]["text"]))
        say_text(f"Slack asks: {title} {words} Nothing was pressed; `--confirm` answers with yes.")
        sys.exit(1)
    if problem := answer.get("problem"):
        say_text(f"Slack says: {_PROBLEMS.get(problem, problem)}")
        sys.exit(1)


def usual_port(home: Path) -> int:
    """The port of the last time, so that open pages and bookmarks find it again; 0 where it is not free."""
    try:
        port = urlsplit(credentials.read_address(home)).port or 0
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
    except (SandboxError, ValueError, OSError):
        return 0
    return port


def _addresses() -> dict[str, str]:
    """Every configured database and staging server, by name; none may be anything but embedded.

    Raises:
        SandboxError: an address is not known, so nobody can say whose database it is.
    """
    found = {}
    for name, settings in app.build(environment()).configuration.databases.items():
        for variable in filter(None, (settings.url_env, settings.staging_url_env)):
            url = os.environ.get(variable)
            if not url:
                raise SandboxError(
                    f"The sandbox does not start: {variable}, the address of {name}, is not set.",
                    next_step="Start everything with `make run`.",
                )
            found[f"{name} ({variable})"] = url
    return found


def _embedded_identifiers(home: Path) -> list[int]:
    try:
        state = json.loads((home / "state.json").read_text(encoding="utf-8"))
        return [int(identifier) for identifier in state["system_identifiers"].values()]
    except (OSError, ValueError, KeyError):
        return []
