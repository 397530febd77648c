"""Processes that begin with the product's modules loaded: loading them takes longer than most commands do.

They are forked off one server that has loaded everything and done nothing; each has its own
environment, signals, output and end, as if it had been started anew.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess
from typing import Any, Self, TextIO

from bot.cli.main import _VERBS

_LOADED = [
    "bot.__main__",
    *sorted({place.partition(":")[0] for place in _VERBS.values()}),
    *("bot.app", "bot.storage.s3", "bot.services.health_reports"),
    *("tests.support.clock_program", "tests.support.deliver_child"),
    *("tests.support.notice_child", "tests.support.restore_program", "tests.support.worker_program"),
]


def processes() -> ForkServerContext:
    """What makes them, where only a function is to be called elsewhere."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_LOADED)
    return context


class Forked:
    """A process whose output is read here; it looks like subprocess.Popen, as far as tests need it."""

    def __init__(self, work: Callable[..., Any], *words: str, environ: Mapping[str, str]) -> None:
        context = processes()
        (out, its_out), (err, its_err) = context.Pipe(duplex=False), context.Pipe(duplex=False)
        self._process: ForkServerProcess = context.Process(
            target=_become, args=(work, words, dict(environ), its_out, its_err), daemon=True
        )
        self._process.start()
        its_out.close()
        its_err.close()
        self.stdout, self.stderr = _reading(out), _reading(err)

    @property
    def pid(self) -> int:
        """The process's number."""
        assert self._process.pid
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """How it ended: its code, or the signal's number below zero; None while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """The same."""
        return self._process.exitcode

    def wait(self) -> int | None:
        """Until it is over."""
        self._process.join()
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """Signal it, unless it is over."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def communicate(self) -> tuple[str, str]:
        """What is left of its output, once it is over."""
        with ThreadPoolExecutor(2) as readers:
            out, err = readers.map(_rest_of, (self.stdout, self.stderr))
        self.wait()
        return out, err

    def kill(self) -> None:
        """End it as kill -9 does."""
        self.send_signal(signal.SIGKILL)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stdout.close()
        self.stderr.close()
        self.wait()


def _reading(pipe: Connection) -> TextIO:
    with pipe:
        return open(os.dup(pipe.fileno()), encoding="utf-8")  # noqa: PTH123 - a descriptor has no path


def _rest_of(file: TextIO) -> str:
    with file:
        return file.read()


def _become(
    work: Callable[..., Any],
    words: tuple[str, ...],
    environ: dict[str, str],
    out: Connection,
    err: Connection,
) -> None:
    """In the new process: put on what it was given, and work."""
    os.environ.clear()
    os.environ.update(environ)
    for pipe, number in ((out, 1), (err, 2)):
        os.dup2(pipe.fileno(), number)
        pipe.close()
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - see above
    sys.stderr = open(2, "w", buffering=1, encoding="utf-8", closefd=False)  # noqa: SIM115 - see above
    sys.argv = ["sparewheel", *words]
    work()
