"""How another terminal finds the parts that a running supervisor started."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

_FILE = "environment.json"
# Where everything is. Slack's tokens are not among them: no command needs those of a real workspace.
_GIVEN = ("SPAREWHEEL_DATABASE_URL", "SPAREWHEEL_CONFIG", "SPAREWHEEL_CLIENTS")
_PATHS = ("SPAREWHEEL_CONFIG", "SPAREWHEEL_CLIENTS")


def given(environ: Mapping[str, str]) -> dict[str, str]:
    """What was set for the supervisor and another terminal needs as well; paths without "from here"."""
    found = {name: environ[name] for name in _GIVEN if environ.get(name)}
    return found | {name: str(Path(found[name]).absolute()) for name in _PATHS if name in found}


def write(home: Path, variables: Mapping[str, str]) -> None:
    """Leave the variables for commands of the same account; the file is readable by it alone."""
    path = home / _FILE
    beside = path.with_suffix(f".{os.getpid()}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump({"pid": os.getpid(), "variables": dict(variables)}, file)
    beside.rename(path)


def read(home: Path) -> dict[str, str]:
    """The variables of the supervisor that runs in `home`; nothing where none runs."""
    try:
        content = json.loads((home / _FILE).read_text(encoding="utf-8"))
        os.kill(int(content["pid"]), 0)
        return dict(content["variables"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def remove(home: Path) -> None:
    """Take the file away again."""
    with contextlib.suppress(FileNotFoundError):
        (home / _FILE).unlink()
