"""A response that is none: the connection ends before a byte of an answer."""

from __future__ import annotations

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.errors import SandboxError

_ABORT = "sandbox.abort"


class Dropped(Response):
    """Cuts the connection that the request came over."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's form
        """Abort, then let the server notice before it would answer in our stead."""
        scope[_ABORT]()
        while True:
            if (await receive())["type"] == "http.disconnect":
                return


class Droppable:
    """The outermost layer: here `send` still belongs to uvicorn's cycle, which holds the transport."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Put the way to the transport into the scope."""

        def abort() -> None:
            transport = getattr(getattr(send, "__self__", None), "transport", None)
            if transport is None:
                raise SandboxError("This server cannot drop a connection.")
            transport.abort()

        await self._app({**scope, _ABORT: abort}, receive, send)
