"""The folder that embedded servers keep: one owner at a time, passwords for its owner only, a state file."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.errors import SandboxError
from bot.sandbox.embedded.accounts import Account

_ELSEWHERE = Path("/var/lib/sparewheel")  # root's own; entered by everyone


@dataclass
class Home:
    """`path` and the files in it. Nothing is made before `lock`."""

    path: Path
    _lock: int | None = None

    def lock(self) -> None:
        """Take the home for this process, until `unlock` or its end, however it ends.

        Raises:
            SandboxError: another process has it.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            raise SandboxError(
                f"Another Sparewheel already runs its embedded servers in {self.path}.",
                next_step="Stop that one, or set SPAREWHEEL_HOME to another folder.",
            ) from None
        self._lock = handle

    def unlock(self) -> None:
        """Give the home back."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def servers(self, account: Account) -> Path:
        """Where the clusters lie: `postgres/` in the home, made here.

        As root the servers run as nobody. Where nobody cannot enter the home (under /root, say), they lie
        in /var/lib/sparewheel/<first 12 hex of the SHA-256 of the home's path> instead.
        """
        folder = self.path.resolve() / "postgres"
        if not account.reaches(self.path.resolve()):
            folder = _ELSEWHERE / hashlib.sha256(str(self.path.resolve()).encode()).hexdigest()[:12]
        folder.mkdir(parents=True, exist_ok=True)
        account.own(folder, 0o711)
        return folder

    def passwords(self, names: tuple[str, ...]) -> Mapping[str, str]:
        """A password for each name: made once, kept in `passwords.json`, readable by its owner alone."""
        path = self.path / "passwords.json"
        kept = _read(path)
        missing = [name for name in names if name not in kept]
        if missing:
            kept |= {name: secrets.token_hex(24) for name in missing}
            _write(path, kept, 0o600)
        return {name: str(kept[name]) for name in names}

    def state(self) -> dict[str, Any]:
        """What the last start wrote: ports, system identifiers, folders. No secrets."""
        return _read(self.path / "state.json")

    def write_state(self, state: Mapping[str, Any]) -> None:
        """Replace `state.json` as a whole."""
        _write(self.path / "state.json", state, 0o644)


def _read(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return {}
    except ValueError:
        raise SandboxError(
            f"{path} is damaged.", next_step="Move the folder it lies in away and start again."
        ) from None


def _write(path: Path, content: Mapping[str, Any], mode: int) -> None:
    """Write beside and rename, so that a reader never sees half of it."""
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    beside.rename(path)
