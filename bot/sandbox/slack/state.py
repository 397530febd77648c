"""One running sandbox: its parts, put together once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from bot.sandbox.page.session import Links
from bot.sandbox.slack import manifest
from bot.sandbox.slack.credentials import FOLDER, Credentials, make_or_read
from bot.sandbox.slack.delivery import Delivery
from bot.sandbox.slack.faults import Faults
from bot.sandbox.slack.journal import Journal
from bot.sandbox.slack.options import Options
from bot.sandbox.slack.passes import Place, ResponseUrls, Triggers
from bot.sandbox.slack.people import Channel, Person
from bot.sandbox.slack.rates import RateLimiter
from bot.sandbox.slack.sockets import Sockets
from bot.sandbox.slack.traffic import Traffic
from bot.sandbox.slack.views import Modals
from bot.sandbox.slack.workspace import Workspace


class Sandbox:
    """Everything that the Web API, the sockets and the person's side share. One event loop owns it."""

    def __init__(self, home: Path, options: Options, app_manifest: manifest.Manifest) -> None:
        self.options, self.manifest = options, app_manifest
        self.credentials: Credentials = make_or_read(home)
        self.base_url = ""  # known once the server listens
        self.folder = home / FOLDER
        clock, timings = options.clock, options.timings
        self.workspace = Workspace(Journal(self.folder / "journal.jsonl"), clock)
        self.triggers = Triggers(clock, timings)
        self.response_urls = ResponseUrls(clock, timings)
        self.limiter = RateLimiter(options.rates, clock)
        self.modals, self.faults = Modals(), Faults()
        self.traffic, self.links = Traffic(clock), Links()
        self.sockets = Sockets(timings)
        self.delivery = Delivery(
            self.sockets, self.faults, self.traffic, options, self.credentials.signing_secret
        )
        self.uploads: dict[str, dict[str, object]] = {}  # secret of an upload URL -> file id, length, …

        # Buttons that the sandbox answers itself, by action id, told who presses, in
        # which channel and tab; the app never hears of them.
        self.own_buttons: dict[str, Callable[[Person, Channel, str], Awaitable[None]]] = {}

    def response_url(self, place: Place) -> str:
        """A new response_url for something that happened at `place`."""
        return f"{self.base_url}/response/{self.response_urls.issue(place)}"
