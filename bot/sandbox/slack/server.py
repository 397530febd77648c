"""Starts the sandbox Slack: one server on the loopback address, in a thread or in the foreground."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Collection, Mapping
from pathlib import Path
from typing import Self

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp

from bot.errors import SandboxError
from bot.sandbox.page import routes as page
from bot.sandbox.page.feed import Feed
from bot.sandbox.slack import manifest, methods_files, person, responses, web_api
from bot.sandbox.slack.credentials import Credentials, write_address
from bot.sandbox.slack.drop import Droppable
from bot.sandbox.slack.guard import LoopbackOnly, refuse_real_databases
from bot.sandbox.slack.options import Options
from bot.sandbox.slack.state import Sandbox
from bot.sandbox.tour import Tour

_HOST = "127.0.0.1"
_START_SECONDS = 30
Endpoint = Callable[[Sandbox, Request], Awaitable[Response]]


def application(sandbox: Sandbox) -> ASGIApp:
    """The ASGI application around one sandbox."""

    def bound(endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            return await endpoint(sandbox, request)

        return answer

    routes = [
        Route("/api/{method:str}", bound(web_api.call), methods=["GET", "POST"]),
        Route("/upload/{key:str}", bound(methods_files.receive), methods=["POST"]),
        Route("/response/{key:str}", bound(responses.receive), methods=["POST"]),
        Route("/sandbox/{action:str}", bound(person.call), methods=["POST"]),
        Route("/", bound(page.page)),
        Route("/open/{key:str}", bound(page.open_link)),
        Route("/page/file/{file_id:str}", bound(page.file)),
        Route("/page/{name:str}", bound(page.static)),
        WebSocketRoute("/page/live", Feed(sandbox).serve),
        WebSocketRoute("/link/", sandbox.sockets.serve),
    ]
    return Droppable(Starlette(routes=routes, middleware=[Middleware(LoopbackOnly)]))


class SlackServer:
    """A sandbox Slack that listens. Use as a context manager, or start() and stop()."""

    def __init__(
        self,
        home: Path,
        port: int = 0,
        options: Options | None = None,
        *,
        manifest_path: Path = manifest.DEFAULT,
        databases: Mapping[str, str] | None = None,
        allowed_system_identifiers: Collection[int] = (),
    ) -> None:
        """Prepare; nothing listens yet.

        Args:
            home: the folder that keeps credentials, journal and files, under `slack/`.
            port: 0 takes a free one.
            options: other limits, times and clock than Slack's.
            manifest_path: the app manifest.
            databases: every configured address by name; each must be on an embedded server.
            allowed_system_identifiers: the embedded servers'.

        Raises:
            SandboxError: a database is not an embedded one, or the manifest cannot be read.
        """
        refuse_real_databases(databases or {}, allowed_system_identifiers)
        self.sandbox = Sandbox(home, options or Options(), manifest.read(manifest_path))
        self._home, self._port = home, port
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()

    @property
    def base_url(self) -> str:
        """`http://127.0.0.1:PORT`, once started."""
        return self.sandbox.base_url

    @property
    def api_url(self) -> str:
        """What slack_sdk takes as `base_url`."""
        return f"{self.base_url}/api/"

    @property
    def credentials(self) -> Credentials:
        """The tokens for the app and for the person's side."""
        return self.sandbox.credentials

    def start(self) -> SlackServer:
        """Listen, from a thread of its own; returns when calls are answered.

        Raises:
            SandboxError: the port is taken, or the server did not come up.
        """
        listener = self._listen()
        config = uvicorn.Config(
            application(self.sandbox),
            log_level="warning",
            access_log=False,
            lifespan="off",
            proxy_headers=False,
            server_header=False,
            http="h11",
            ws="websockets-sansio",
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        if self.sandbox.options.tour:
            Tour(self.sandbox).welcome()
        self._thread = threading.Thread(target=self._run, args=(listener,), name="sandbox-slack", daemon=True)
        self._thread.start()
        if not self._ready.wait(_START_SECONDS):
            raise SandboxError("The sandbox Slack did not start.")
        write_address(self._home, self.base_url)
        return self

    def _listen(self) -> socket.socket:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((_HOST, self._port))
        except OSError:
            listener.close()
            raise SandboxError(
                f"Port {self._port} is taken, so the sandbox Slack cannot listen there.",
                next_step="Stop what listens there, or choose another port.",
            ) from None
        listener.listen(128)
        self.sandbox.base_url = f"http://{_HOST}:{listener.getsockname()[1]}"
        return listener

    def _run(self, listener: socket.socket) -> None:
        asyncio.run(self._serve(listener))

    async def _serve(self, listener: socket.socket) -> None:
        assert self._server is not None
        # The listener accepts from now on: a call that comes early waits in its queue.
        self._ready.set()
        try:
            await self._server.serve(sockets=[listener])
        finally:
            self.sandbox.delivery.stop()
            listener.close()

    def stop(self) -> None:
        """Stop listening and wait for the thread to end."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join()

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()


def serve(
    home: Path,
    port: int = 0,
    *,
    databases: Mapping[str, str],
    allowed_system_identifiers: Collection[int],
    options: Options | None = None,
) -> SlackServer:
    """Start a sandbox Slack beside embedded databases; the caller stops it.

    Raises:
        SandboxError: a database is not an embedded one, the port is taken, the manifest is unreadable.
    """
    server = SlackServer(
        home,
        port,
        options,
        databases=databases,
        allowed_system_identifiers=allowed_system_identifiers,
    )
    return server.start()
