"""The sandbox's own tokens: random, made once per home, in a file that only its owner reads."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bot.errors import SandboxError

FOLDER = "slack"
_FILE = "credentials.json"
_ADDRESS = "address"


@dataclass(frozen=True)
class Credentials:
    """What the app needs to talk to the sandbox, and what a person needs; none of it is printed."""

    bot_token: str = field(repr=False)
    app_token: str = field(repr=False)
    signing_secret: str = field(repr=False)
    person_token: str = field(repr=False)


def make_or_read(home: Path) -> Credentials:
    """The credentials of this home, made at the first call (file mode 0600)."""
    path = home / FOLDER / _FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return read(home)
    made = Credentials(
        bot_token=f"xoxb-sandbox-{secrets.token_hex(16)}",
        app_token=f"xapp-sandbox-{secrets.token_hex(16)}",
        signing_secret=secrets.token_hex(16),
        person_token=secrets.token_urlsafe(32),
    )
    with os.fdopen(handle, "w") as file:
        json.dump(asdict(made), file)
    return made


def read(home: Path) -> Credentials:
    """The credentials of a sandbox that was started before.

    Raises:
        SandboxError: there is none in this home, or others can read the file.
    """
    path = home / FOLDER / _FILE
    try:
        if path.stat().st_mode & 0o077:
            raise SandboxError(
                "The sandbox's credentials can be read by others.",
                next_step=f"Delete {path} and start the sandbox again.",
            )
        return Credentials(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        raise SandboxError(
            "There is no sandbox here.", next_step="Start it with `make run`, then try again."
        ) from None


def write_address(home: Path, base_url: str) -> None:
    """Leave the running server's address for the command line."""
    (home / FOLDER / _ADDRESS).write_text(base_url, encoding="utf-8")


def read_address(home: Path) -> str:
    """The address of the server that was started last in this home.

    Raises:
        SandboxError: none was ever started.
    """
    try:
        return (home / FOLDER / _ADDRESS).read_text(encoding="utf-8")
    except OSError:
        raise SandboxError(
            "There is no sandbox here.", next_step="Start it with `make run`, then try again."
        ) from None
