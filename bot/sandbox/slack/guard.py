"""Why the sandbox cannot touch the real world: loopback, its own token and origin, embedded databases."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

import psycopg
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.errors import SandboxError

_CONNECT_SECONDS = 10


def is_loopback(host: str) -> bool:
    """Whether a host name or address (without port) can only mean this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _host_name(host: str) -> str:
    return urlsplit(f"//{host}").hostname or ""


class LoopbackOnly:
    """Refuses a Host that is not this machine (DNS rebinding) and an Origin that is not this server."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or answer 403 (a websocket's handshake is refused in the same way)."""
        if scope["type"] in ("http", "websocket"):
            problem = _foreign(Headers(scope=scope))
            if problem and scope["type"] == "http":
                await JSONResponse({"ok": False, "error": problem}, 403)(scope, receive, send)
                return
            if problem:
                await send({"type": "websocket.close", "code": 4403})
                return
        await self._app(scope, receive, send)


def _foreign(headers: Headers) -> str | None:
    host = headers.get("host", "")
    if not is_loopback(_host_name(host)):
        return "foreign_host"
    origin = headers.get("origin")
    if origin is not None and origin != f"http://{host}":
        return "foreign_origin"
    return None


def token_matches(header: str, token: str) -> bool:
    """Compare an Authorization header with a token, in a time that tells nothing."""
    return hmac.compare_digest(header.encode(), f"Bearer {token}".encode())


def refuse_real_databases(urls: Mapping[str, str], allowed_system_identifiers: Collection[int]) -> None:
    """Let the sandbox start only beside databases of its own embedded servers.

    Args:
        urls: every configured address, by the name that a person knows it by.
        allowed_system_identifiers: `pg_control_system().system_identifier` of the embedded servers.

    Raises:
        SandboxError: a database belongs to another server, or could not be asked.
    """
    for name, url in urls.items():
        if _system_identifier(name, url) not in allowed_system_identifiers:
            raise SandboxError(
                f"The sandbox does not start: the database {name} is not one of its embedded ones.",
                next_step="Connect a real Slack (SLACK_BOT_TOKEN) to use real databases, "
                "or unset their addresses to use the sandbox.",
            )


def _system_identifier(name: str, url: str) -> int:
    try:
        with psycopg.connect(url, connect_timeout=_CONNECT_SECONDS, autocommit=True) as connection:
            row = connection.execute("SELECT system_identifier FROM pg_control_system()").fetchone()
    except psycopg.Error:
        # What psycopg says can hold the address; the sentence must not.
        raise SandboxError(
            f"The sandbox does not start: it could not find out which server the database {name} is on.",
            next_step="Start the embedded servers, or mend the database's address.",
        ) from None
    return int(row[0]) if row else 0
