"""The append-only file that lets a restarted sandbox know its messages again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class Journal:
    """One JSON object a line. A line that a crash cut short is the last one, and is dropped."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path

    def entries(self) -> Iterator[dict[str, Any]]:
        """Everything written so far, oldest first."""
        if not self._path.exists():
            return
        with self._path.open("r+b") as file:
            whole = 0
            for line in file:
                if not line.endswith(b"\n"):
                    file.truncate(whole)
                    return
                whole += len(line)
                yield json.loads(line)

    def append(self, entry: dict[str, Any]) -> None:
        """Write one entry and hand it to the operating system."""
        with self._path.open("ab") as file:
            file.write(json.dumps(entry, ensure_ascii=False).encode() + b"\n")
