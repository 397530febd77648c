"""HTTP for channels: one request, told apart by whether it can have arrived."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError

from bot.errors import ChannelBusyError, ChannelError, ChannelRefusedError, ChannelUnknownError

_CONNECT_SECONDS = 5.0
_TOO_MANY, _STATUSPAGE_TOO_MANY, _TIMEOUT, _BROKEN, _BUSY = 429, 420, 408, 500, 503
_LONGEST_WAIT = 600.0


def open_session() -> requests.Session:
    """A session that sends what it is given: no login out of a .netrc."""
    session = requests.Session()
    session.auth = _as_it_is
    return session


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def request(
    session: requests.Session,
    method: str,
    url: str,
    *,
    who: str,
    timeout: float,
    headers: Mapping[str, str],
    **content: Any,
) -> requests.Response:
    """Ask, without following redirects, and return an answer of 2xx.

    Raises:
        ChannelRefusedError: it said no. ChannelBusyError: surely not done. ChannelUnknownError: who knows.
    """
    try:
        answer = session.request(
            method,
            url,
            headers=dict(headers),
            timeout=(min(timeout, _CONNECT_SECONDS), timeout),
            allow_redirects=False,
            **content,
        )
    except requests.RequestException as error:
        raise _unanswered(error, who) from None
    if not answer.ok or answer.is_redirect:
        raise _no(answer, who)
    return answer


def _unanswered(error: requests.RequestException, who: str) -> ChannelError:
    kind = type(error).__name__
    inner = error.args[0] if error.args else None
    reason = inner.reason if isinstance(inner, MaxRetryError) else None
    never = isinstance(error, requests.ConnectTimeout | requests.exceptions.SSLError)
    if never or isinstance(reason, NewConnectionError):
        return ChannelBusyError(f"{who} cannot be reached ({kind}).", whole=True, cause=kind)
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
        return ChannelBusyError(f"The address of {who} is wrong.", whole=True, cause=kind)
    return ChannelUnknownError(f"{who} was asked and did not answer ({kind}).", cause=kind)


def _no(answer: requests.Response, who: str) -> ChannelError:
    code = answer.status_code
    if code in (_TOO_MANY, _STATUSPAGE_TOO_MANY, _BUSY):
        return ChannelBusyError(f"{who} asks to wait ({code}).", retry_after=_retry_after(answer), whole=True)
    if code in (_TIMEOUT, _BROKEN):
        return ChannelBusyError(f"{who} could not do it now ({code}).", whole=True)
    if code > _BROKEN:  # something in front of it lost the answer
        return ChannelUnknownError(f"Nobody knows whether {who} has it ({code}).")
    return ChannelRefusedError(f"{who} refused it ({code}).")


def _retry_after(answer: requests.Response) -> float | None:
    text = answer.headers.get("Retry-After", "")
    return min(float(text), _LONGEST_WAIT) if text.isdigit() else None
