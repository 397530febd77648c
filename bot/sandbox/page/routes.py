"""What a browser is served: the one-time link, the page, its scripts and styles, and uploaded files."""

from __future__ import annotations

import re
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from bot.sandbox.page import session
from bot.sandbox.slack.state import Sandbox

STATIC = Path(__file__).with_name("static")
_NAME = re.compile(r"[a-z_]+\.(js|css|svg)")
_FILE_ID = re.compile(r"F0[0-9A-F]{10}")
_PNG = b"\x89PNG\r\n\x1a\n"
_TYPES = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
_NO_LINK = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Sparewheel sandbox</title>
<link rel="icon" href="/page/icon.svg">
<p>This page opens by a link that works once.
<p>Get a new one in a terminal: <code>sparewheel sandbox open</code>
"""
# The cookie is SameSite=Strict: the next page must be asked for by a page of our own, not by a redirect.
_OPENED = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Sparewheel sandbox</title>
<link rel="icon" href="/page/icon.svg">
<meta http-equiv="refresh" content="0;url=/"><p><a href="/">To the sandbox</a>
"""


def headers(base_url: str) -> dict[str, str]:
    """Nothing from elsewhere, no inline script or style, and no text that becomes markup."""
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        f"connect-src 'self' {base_url.replace('http:', 'ws:')}; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
    }


def _may(sandbox: Sandbox, request: Request) -> bool:
    return session.holds_cookie(request, sandbox.base_url, sandbox.credentials.person_token)


def _closed(sandbox: Sandbox) -> Response:
    return HTMLResponse(_NO_LINK, 401, headers(sandbox.base_url))


async def open_link(sandbox: Sandbox, request: Request) -> Response:
    """Change a one-time link for the cookie. A HEAD, which programs send to look, uses nothing up."""
    good = request.method == "GET" and sandbox.links.use(request.path_params["key"])
    if not good and not _may(sandbox, request):
        return _closed(sandbox)
    response = HTMLResponse(_OPENED, headers=headers(sandbox.base_url))
    if good:
        response.set_cookie(
            session.cookie_name(sandbox.base_url),
            session.new_cookie(sandbox.credentials.person_token),
            httponly=True,
            samesite="strict",
            max_age=30 * 24 * 3600,
        )
    return response


async def page(sandbox: Sandbox, request: Request) -> Response:
    """The page itself, for whoever holds the cookie."""
    if not _may(sandbox, request):
        return _closed(sandbox)
    return HTMLResponse(
        (STATIC / "index.html").read_text(encoding="utf-8"), headers=headers(sandbox.base_url)
    )


async def static(sandbox: Sandbox, request: Request) -> Response:
    """A script or style. They hold nothing secret."""
    name = request.path_params["name"]
    known = _NAME.fullmatch(name)
    if not known or not (STATIC / name).is_file():
        return PlainTextResponse("not found", 404)
    body = (STATIC / name).read_text(encoding="utf-8")
    return Response(body, headers=headers(sandbox.base_url), media_type=_TYPES[known[1]])


async def file(sandbox: Sandbox, request: Request) -> Response:
    """An uploaded file: a PNG as an image, all else as text that no browser takes for a page."""
    file_id = request.path_params["file_id"]
    if not _may(sandbox, request):
        return _closed(sandbox)
    path = sandbox.folder / "files" / file_id
    if not _FILE_ID.fullmatch(file_id) or file_id not in sandbox.workspace.files or not path.is_file():
        return PlainTextResponse("not found", 404)
    body = path.read_bytes()
    kind = "image/png" if body.startswith(_PNG) else "text/plain"
    harmless = headers(sandbox.base_url) | {"Content-Security-Policy": "default-src 'none'; sandbox"}
    return Response(body, headers=harmless, media_type=kind)
