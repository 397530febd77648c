"""HTTP delivery for those behind a load balancer: `/slack/events` as an ASGI app."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from slack_bolt import App
from slack_bolt.adapter.starlette.handler import to_bolt_request, to_starlette_response
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.slack.bolt import drain

# Slack's payloads are a few kB; whoever sends more is not Slack, and is stopped before the hash is made.
_LARGEST_BODY = 1_000_000


def build_asgi(app: App, beside: Sequence[Route] = ()) -> Starlette:
    """The web app. Bolt verifies each request's signature and age; `beside` are further routes.

    Bolt's sync dispatch runs in a thread, so that a slow one does not hold up the event loop.
    """

    async def events(request: Request) -> Response:
        body = await _body(request)
        if body is None:
            return PlainTextResponse("too large", status_code=413)
        try:
            bolt_request = to_bolt_request(request, body)
        except UnicodeDecodeError:
            return PlainTextResponse("not text", status_code=400)
        return to_starlette_response(await run_in_threadpool(app.dispatch, bolt_request))

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        await run_in_threadpool(drain, app)

    routes = [Route("/slack/events", events, methods=["POST"]), *beside]
    return Starlette(routes=routes, lifespan=lifespan)


async def _body(request: Request) -> bytes | None:
    """The whole body, or None as soon as it grows too large."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_BODY:
            return None
    return bytes(body)
