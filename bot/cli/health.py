"""`/healthz` and `/readyz`, beside Slack's door, too; `/metrics` on the clock's own port only."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.app import House
from bot.cli.listening import listen
from bot.errors import SparewheelError
from bot.ledger import revisions
from bot.ledger.connection import ledger_errors

log = logging.getLogger(__name__)
_PATIENCE_SECONDS = 2.0
_STOP_SECONDS = 5.0


def public_routes(house: House) -> list[Route]:
    """What may be seen from outside.

    `/healthz`: the process lives; a ledger that is away is no reason to start it again. `/readyz`: the ledger
    answers and has this version's tables.
    """

    async def healthz(_request: Request) -> Response:
        return PlainTextResponse("ok")

    async def readyz(_request: Request) -> Response:
        reason = await run_in_threadpool(_why_not_ready, house)
        return PlainTextResponse(reason or "ok", status_code=503 if reason else 200)

    return [Route("/healthz", healthz, methods=["GET"]), Route("/readyz", readyz, methods=["GET"])]


def routes(house: House) -> list[Route]:
    """The same and `/metrics`, which names databases: for the clock's own port, not for Slack's door."""

    async def metrics(_request: Request) -> Response:
        return Response(await run_in_threadpool(house.metrics.exposition), media_type=CONTENT_TYPE_LATEST)

    return [*public_routes(house), Route("/metrics", metrics, methods=["GET"])]


@contextmanager
def serving(house: House) -> Iterator[int | None]:
    """Serve them while inside, where SPAREWHEEL_METRICS_PORT is set; yields the port.

    Raises:
        ConfigurationError: the port cannot be listened on.
    """
    port = house.environment.metrics_port
    if port is None:
        yield None
        return
    listener = listen(house.environment.bind, port, variable="SPAREWHEEL_METRICS_PORT")
    config = uvicorn.Config(
        Starlette(routes=routes(house)), log_config=None, access_log=False, server_header=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True, name="health")
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(_STOP_SECONDS)


def _why_not_ready(house: House) -> str | None:
    try:
        with ledger_errors(), house.pool.connection(timeout=_PATIENCE_SECONDS) as connection:
            revisions.check_current(connection)
    except SparewheelError as error:
        return error.sentence
    return None
