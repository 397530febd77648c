"""How a process that the supervisor started says that it is ready: a file whose name it was given."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "SPAREWHEEL_READY_FILE"


def announce() -> None:
    """Say that this process does its work now. Nothing happens where nobody asked."""
    if name := os.environ.get(VARIABLE):
        Path(name).touch()
