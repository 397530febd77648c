"""One process of the product: started, watched, its words prefixed and kept, ended with a deadline."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import click

from bot.sandbox.embedded.accounts import Account
from bot.sandbox.embedded.children import spawn
from bot.supervisor import ready

_LONGEST_PAUSE = 30.0
_CALM_SECONDS = 60.0  # a child that lived this long starts again with the shortest pause
_MISTAKE = 2  # the exit code of a configuration that no restart mends


@dataclass
class Child:
    """A role of the product as a process of its own.

    Attributes:
        name: the role; also what its lines are prefixed with.
        arguments: what follows `sparewheel`.
        home: logs and ready files go under it.
        environ: its whole environment, secrets included; its arguments never hold any.
        patience: seconds between SIGTERM and SIGKILL when it is stopped.
        color: of its prefix on a terminal.
    """

    name: str
    arguments: tuple[str, ...]
    home: Path
    environ: Mapping[str, str] = field(repr=False)
    patience: float = 10.0
    color: str = "cyan"
    failures: int = 0
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _started_at: float = 0.0
    _restart_at: float | None = None
    _reader: threading.Thread | None = field(default=None, repr=False)

    @property
    def log(self) -> Path:
        """Everything it said, in every start."""
        return self.home / "logs" / f"{self.name}.log"

    @property
    def is_ready(self) -> bool:
        """Whether it has said so since its last start."""
        return self._ready_file.exists()

    @property
    def problems(self) -> list[str]:
        """What it found worth looking at when it said that it is ready."""
        return ready.problems(self._ready_file)

    @property
    def has_stopped(self) -> bool:
        """Whether it is not running."""
        return self._process is None or self._process.poll() is not None

    @property
    def is_hopeless(self) -> bool:
        """Whether it ended with the exit code that says: no restart will help."""
        return self._process is not None and self._process.poll() == _MISTAKE

    @property
    def _ready_file(self) -> Path:
        return self.home / "run" / f"{self.name}.ready"

    def start(self) -> None:
        """Start it in a session of its own; it ends when this process ends, however that ends.

        Must be called from the main thread (see bot.sandbox.embedded.children.spawn).
        """
        for folder in (self.log.parent, self._ready_file.parent):
            folder.mkdir(parents=True, exist_ok=True)
        self._ready_file.unlink(missing_ok=True)
        reading, writing = os.pipe()
        with os.fdopen(writing, "wb") as output:
            self._process = spawn(
                [sys.executable, "-m", "bot", *self.arguments],
                account=Account(os.getuid(), os.getgid()),
                environ={**self.environ, ready.VARIABLE: str(self._ready_file.resolve())},
                output=output,
                death_signal=signal.SIGTERM,
                cwd=Path.cwd(),
            )
        self._started_at, self._restart_at = time.monotonic(), None
        self._reader = threading.Thread(target=self._pass_on, args=(reading,), daemon=True)
        self._reader.start()

    def look_after(self) -> None:
        """Start it again when it has ended by itself, after a pause that doubles; says so."""
        if not self.has_stopped or self._process is None:
            return
        now = time.monotonic()
        if self._restart_at is None:
            self.failures = 1 if now - self._started_at > _CALM_SECONDS else self.failures + 1
            pause = min(2.0 ** (self.failures - 1), _LONGEST_PAUSE)
            self._restart_at = now + pause
            say(f"{self.name} ended (exit code {self._process.returncode}); again in {pause:.0f} s")
        elif now >= self._restart_at:
            self.start()

    def ask_to_stop(self) -> None:
        """SIGTERM: finish what is begun, take nothing new."""
        if self._process and not self.has_stopped:
            self._process.terminate()

    def stop(self, hurry: threading.Event) -> None:
        """End it: SIGTERM, then after its patience (at once in a hurry) SIGKILL for its whole session."""
        self.ask_to_stop()
        until = time.monotonic() + self.patience
        while not self.has_stopped and time.monotonic() < until and not hurry.is_set():
            hurry.wait(0.05)
        if self._process:
            if not self.has_stopped:
                say(f"{self.name} did not end by itself and is killed")
            # The session's other members too: its id is the child's, and nobody else can have it
            # while one of them lives.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        if self._reader:
            self._reader.join(2.0)
        self._ready_file.unlink(missing_ok=True)

    def _pass_on(self, reading: int) -> None:
        prefix = click.style(f"{self.name:>8} | ", fg=self.color)
        with os.fdopen(reading, "r", errors="replace") as lines, _private(self.log) as log:
            for line in lines:
                log.write(line)
                log.flush()
                _print(prefix + line.rstrip("\n"))


def _private(path: Path) -> TextIO:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    return os.fdopen(handle, "a", encoding="utf-8")


def say(words: str) -> None:
    """One line of the supervisor's own."""
    _print(click.style(f"{'run':>8} | ", fg="white", bold=True) + words)


def _print(line: str) -> None:
    # The terminal may be gone (its window closed, a pipe's reader ended): stopping in order goes on.
    with contextlib.suppress(OSError):
        click.echo(line, err=True)
