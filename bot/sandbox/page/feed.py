"""The live side of the page: all that a person sees when it connects, then every change of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from bot.sandbox.page.session import comes_from_page
from bot.sandbox.slack.passes import Screen
from bot.sandbox.slack.people import CHANNELS, GROUPS, PEOPLE, Person, find_person
from bot.sandbox.slack.state import Sandbox
from bot.sandbox.slack.traffic import Exchange
from bot.sandbox.slack.workspace import Entry, Message

# Enough for a long evening; `sparewheel sandbox read` knows all of them.
_MESSAGES = 300
Event = dict[str, Any]
Queue = asyncio.Queue[Event]


class Feed:
    """Every open page and the person that it looks through the eyes of. One event loop owns it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._open: dict[Queue, tuple[Person, Screen]] = {}
        sandbox.workspace.subscribers.append(self._entry)
        sandbox.modals.subscribers.append(self._modal)
        sandbox.traffic.subscribers.append(self._exchange)
        sandbox.faults.subscribers.append(self._faults)

    async def serve(self, websocket: WebSocket) -> None:
        """One page, from its handshake to its end."""
        box, person = self._sandbox, find_person(websocket.query_params.get("as", ""))
        if person is None or not comes_from_page(websocket, box.base_url, box.credentials.person_token):
            await websocket.close(4401)
            return
        await websocket.accept()
        queue: Queue = asyncio.Queue()
        screen = Screen(person.id, websocket.query_params.get("tab", ""))
        self._open[queue] = (person, screen)
        queue.put_nowait(self._hello(person, screen))
        sending = asyncio.create_task(_send(websocket, queue))
        try:
            while True:
                await websocket.receive_text()
        except (WebSocketDisconnect, RuntimeError):
            pass  # the page went away
        finally:
            del self._open[queue]
            sending.cancel()

    def _hello(self, person: Person, screen: Screen) -> Event:
        box = self._sandbox
        return {
            "type": "hello",
            "me": person.id,
            "people": [asdict(one) for one in PEOPLE.values()],
            "groups": [asdict(one) for one in GROUPS.values()],
            "channels": list(self._channels(person)),
            "commands": [asdict(one) for one in box.manifest.commands.values()],
            "home": box.workspace.homes.get(person.id),
            "modal": box.modals.top(screen),
            "traffic": [one.as_json() for one in box.traffic.all()],
            "faults": box.faults.shown(),
        }

    def _channels(self, person: Person) -> Iterator[dict[str, Any]]:
        for channel in CHANNELS.values():
            if person.id in channel.members:
                seen = [one for one in self._sandbox.workspace.all(channel.id) if _sees(person, one)]
                yield {
                    "id": channel.id,
                    "name": channel.name,
                    "user": channel.user,
                    "messages": seen[-_MESSAGES:],
                }

    def _entry(self, entry: Entry) -> None:
        """A change of the workspace, for those who see it."""
        if entry["op"] == "home":
            self._tell({"type": "home", "view": entry["view"]}, only=entry["user"])
        if "channel" not in entry:
            return
        channel = entry["channel"]
        if entry["op"] == "delete":
            self._tell({"type": "gone", "channel": channel, "ts": entry["ts"]}, channel=channel)
            return
        ts = entry["ts"] if entry["op"] == "change" else entry["message"]["ts"]
        message = self._sandbox.workspace.get(channel, ts)
        if message is not None:
            event = {"type": "message", "channel": channel, "message": message}
            self._tell(event, channel=channel, only=message.get("ephemeral_to"))

    def _modal(self, user: str) -> None:
        """Each tab is told what it shows: a modal opens in the one that asked for it."""
        for queue, (person, screen) in self._open.items():
            if person.id == user:
                queue.put_nowait({"type": "modal", "view": self._sandbox.modals.top(screen)})

    def _exchange(self, exchange: Exchange) -> None:
        self._tell({"type": "traffic", "exchange": exchange.as_json()})

    def _faults(self) -> None:
        self._tell({"type": "faults", "faults": self._sandbox.faults.shown()})

    def _tell(self, event: Event, *, channel: str | None = None, only: str | None = None) -> None:
        for queue, (person, _) in self._open.items():
            if only not in (None, person.id):
                continue
            if channel is None or person.id in CHANNELS[channel].members:
                queue.put_nowait(event)


def _sees(person: Person, message: Message) -> bool:
    return bool(message.get("ephemeral_to", person.id) == person.id)


async def _send(websocket: WebSocket, queue: Queue) -> None:
    try:
        while True:
            await websocket.send_json(await queue.get())
    except (WebSocketDisconnect, RuntimeError):
        pass  # the receiving side notices too
