"""Socket Mode: websockets over which payloads go out and acknowledgements come back.

The envelopes: docs.slack.dev, apis/events-api/using-socket-mode.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
import uuid
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from bot.sandbox.slack.options import Timings
from bot.sandbox.slack.people import APP

_MOST = 10
Payload = dict[str, Any]


class Sockets:
    """The open connections of the app. Any one of them gets a payload."""

    def __init__(self, timings: Timings) -> None:
        self._timings = timings
        self._tickets: set[str] = set()
        self._open: list[WebSocket] = []
        self._waiting: dict[str, asyncio.Future[Payload | None]] = {}
        self._turn = itertools.count()

    @property
    def connected(self) -> int:
        """How many connections are open."""
        return len(self._open)

    def ticket(self) -> str:
        """A secret that opens one connection (apps.connections.open)."""
        ticket = secrets.token_urlsafe(18)
        self._tickets.add(ticket)
        return ticket

    async def serve(self, websocket: WebSocket) -> None:
        """One connection, from its handshake to its end."""
        ticket = websocket.query_params.get("ticket", "")
        if ticket not in self._tickets or len(self._open) >= _MOST:
            await websocket.close(4401)
            return
        self._tickets.discard(ticket)
        await websocket.accept()
        self._open.append(websocket)
        try:
            await websocket.send_json(self._hello())
            while True:
                self._acknowledge(await websocket.receive_json())
        except (WebSocketDisconnect, RuntimeError):
            pass  # the app went away, or refresh() closed this connection
        finally:
            if websocket in self._open:
                self._open.remove(websocket)

    def _hello(self) -> Payload:
        return {
            "type": "hello",
            "num_connections": len(self._open),
            "connection_info": {"app_id": APP},
            "debug_info": {"host": "sandbox", "approximate_connection_time": 18060},
        }

    def _acknowledge(self, message: Any) -> None:
        """A late or unknown envelope id is dropped without a word, as Slack drops it."""
        if isinstance(message, dict):
            waiting = self._waiting.get(str(message.get("envelope_id")))
            if waiting is not None and not waiting.done():
                payload = message.get("payload")
                waiting.set_result(payload if isinstance(payload, dict) else None)

    async def send(self, kind: str, payload: Payload, extra: Payload) -> Payload | None:
        """Deliver one payload and wait for its acknowledgement.

        Returns:
            What the app put into the acknowledgement, or None.

        Raises:
            ConnectionError: no connection is open.
            TimeoutError: it was not acknowledged in time.
        """
        if not self._open:
            raise ConnectionError
        websocket = self._open[next(self._turn) % len(self._open)]
        envelope = str(uuid.uuid4())
        waiting = self._waiting[envelope] = asyncio.get_running_loop().create_future()
        try:
            await websocket.send_json({"envelope_id": envelope, "type": kind, "payload": payload, **extra})
            return await asyncio.wait_for(waiting, self._timings.acknowledge)
        except (WebSocketDisconnect, RuntimeError):
            raise ConnectionError from None
        finally:
            del self._waiting[envelope]

    async def refresh(self) -> None:
        """Ask every connection to come again, as Slack does every few hours; none gets a payload any more."""
        leaving, self._open = self._open, []
        for websocket in leaving:
            try:
                await websocket.send_json(
                    {"type": "disconnect", "reason": "refresh_requested", "debug_info": {"host": "sandbox"}}
                )
            except (WebSocketDisconnect, RuntimeError):
                continue  # it was gone already
