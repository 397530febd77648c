"""Who may use the page: whoever opened a one-time link holds a cookie, and acts from this page only."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import deque

from starlette.requests import HTTPConnection

# Links that nobody used are forgotten, the oldest first.
_MOST_LINKS = 20


class Links:
    """One-time links. The key of each opens the page once."""

    def __init__(self) -> None:
        self._keys: deque[str] = deque(maxlen=_MOST_LINKS)

    def issue(self) -> str:
        """A new key, the secret last part of a link."""
        key = secrets.token_urlsafe(18)
        self._keys.append(key)
        return key

    def use(self, key: str) -> bool:
        """Whether the key was good; it is used up by this."""
        if key not in self._keys:
            return False
        self._keys.remove(key)
        return True


def cookie_name(base_url: str) -> str:
    """Browsers share cookies among all ports of a host: the name keeps two sandboxes apart."""
    return f"sparewheel_sandbox_{base_url.rpartition(':')[2]}"


def new_cookie(person_token: str) -> str:
    """A cookie's value: random, and signed, so that it outlives a restart of the server."""
    number = secrets.token_urlsafe(18)
    return f"{number}.{_signature(number, person_token)}"


def _signature(number: str, person_token: str) -> str:
    return hmac.new(person_token.encode(), f"page {number}".encode(), hashlib.sha256).hexdigest()


def holds_cookie(connection: HTTPConnection, base_url: str, person_token: str) -> bool:
    """Whether a request or websocket brings a cookie that this home's token signed."""
    value = connection.cookies.get(cookie_name(base_url), "")
    number, _, signature = value.partition(".")
    return bool(number) and hmac.compare_digest(signature.encode(), _signature(number, person_token).encode())


def comes_from_page(connection: HTTPConnection, base_url: str, person_token: str) -> bool:
    """Whether our own page sent this: its cookie is there, and the Origin that a browser always adds."""
    own = connection.headers.get("origin") == base_url
    return own and holds_cookie(connection, base_url, person_token)
