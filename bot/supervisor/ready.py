"""How a process that the supervisor started says that it is ready: a file whose name it was given."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

VARIABLE = "SPAREWHEEL_READY_FILE"


def announce(problems: Sequence[str] = ()) -> None:
    """Say that this process does its work now, and what somebody should look at, a sentence each.

    Nothing happens where nobody asked. A later call replaces an earlier one.
    """
    if name := os.environ.get(VARIABLE):
        path = Path(name)
        beside = path.with_suffix(f".{os.getpid()}")
        beside.write_text("\n".join(" ".join(problem.split()) for problem in problems), encoding="utf-8")
        beside.rename(path)


def problems(path: Path) -> list[str]:
    """What a process that is ready found worth looking at."""
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
