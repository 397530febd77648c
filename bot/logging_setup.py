"""Logging in one place: a line an event, and never a secret in it."""

from __future__ import annotations

import logging
import os
import re
import sys
import time
from collections.abc import Iterable, Mapping
from typing import IO
from urllib.parse import unquote, urlsplit

_STARS = "***"
_SHORTEST_SECRET = 6  # a shorter one would black out ordinary words
_SECRET_NAMES = re.compile(r"TOKEN|SECRET|PASSWORD|PASSWD|ACCESS_KEY|CREDENTIAL|PRIVATE")
_SHAPES = (
    re.compile(r"(?<=://)([^\s/:@'\"]*):[^\s@'\"]+(?=@)"),  # user:password@ in any address
    re.compile(r"\b(?:xox[a-z]|xapp)-[A-Za-z0-9-]{6,}"),
    re.compile(r"(?i)(?<=\bpassword=)('[^']*'|\S+)"),
    re.compile(r"(?i)(?<=\bbearer )\S+"),
)
_PLAIN_RECORD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def secrets_of(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Values in an environment that must not be shown, longest first.

    These are variables whose name says so, and the password of every address (a password is taken as it
    stands in the address and as it reads decoded).
    """
    found: set[str] = set()
    for name, value in environ.items():
        if _SECRET_NAMES.search(name.upper()):
            found.add(value)
        found.update(_password(value))
    return tuple(sorted((s for s in found if len(s) >= _SHORTEST_SECRET), key=len, reverse=True))


def _password(value: str) -> Iterable[str]:
    if "://" not in value or "@" not in value:
        return ()
    try:
        password = urlsplit(value).password
    except ValueError:  # brackets that are no IPv6 address, …
        return (value,)
    return (password, unquote(password)) if password else ()


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """The text with known secrets, passwords in addresses and Slack tokens replaced by stars."""
    for secret in secrets:
        text = text.replace(secret, _STARS)
    address, *others = _SHAPES
    text = address.sub(rf"\1:{_STARS}", text)
    for shape in others:
        text = shape.sub(_STARS, text)
    return text


class LineFormatter(logging.Formatter):
    """`2026-01-31T02:00:00.123Z INFO bot.jobs backup started id=a1b2c3d4`, tracebacks folded in."""

    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")
        self.converter = time.gmtime
        self._secrets = tuple(secrets)

    def format(self, record: logging.LogRecord) -> str:
        """One line: the message, then what was given as `extra`, as key=value."""
        text = super().format(record)
        extra = {k: v for k, v in vars(record).items() if k not in _PLAIN_RECORD}
        text += "".join(f" {key}={value}" for key, value in sorted(extra.items()))
        # Folded, because half an event in a log search is no event; and a forged line cannot begin.
        folded = " | ".join(line.strip() for line in text.splitlines() if line.strip())
        return redact(folded, self._secrets)


def configure(
    *, debug: bool = False, environ: Mapping[str, str] = os.environ, stream: IO[str] | None = None
) -> None:
    """Send every log of this process to `stream` (stderr), ours from INFO, libraries' from WARNING."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(LineFormatter(secrets_of(environ)))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO if debug else logging.WARNING)
    for name in ("bot", "commands"):
        logging.getLogger(name).setLevel(logging.DEBUG if debug else logging.INFO)
