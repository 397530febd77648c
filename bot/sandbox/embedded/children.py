"""Children that end with their parent, even when it is killed with -9."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from bot.sandbox.embedded.accounts import Account

_LAUNCHER = Path(__file__).with_name("launch.py")


def spawn(
    command: Sequence[str],
    *,
    account: Account,
    environ: Mapping[str, str],
    output: IO[bytes],
    death_signal: signal.Signals,
    cwd: Path = Path("/"),
) -> subprocess.Popen[bytes]:
    """Start `command` (its first word is a full path) in a session of its own.

    A session of its own, so that Ctrl-C reaches the parent alone and it decides the order of the end.
    The kernel ties the parent-death signal to the *thread* that starts the child (prctl(2)): call this
    from a thread that lives as long as the child shall.

    Args:
        command: the program and its arguments.
        account: whom to run as.
        environ: the child's whole environment.
        output: where its stdout and stderr go.
        death_signal: what it gets when this thread ends, however it ends.
        cwd: a folder the account can enter.
    """
    who = [str(os.getpid()), str(int(death_signal)), str(account.uid), str(account.gid)]
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(_LAUNCHER), *who, *command],
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd=cwd,
        start_new_session=True,
    )


def end(child: subprocess.Popen[bytes], *steps: tuple[signal.Signals, float]) -> None:
    """Send signals in turn, waiting the given seconds after each, until the child has ended."""
    for number, seconds in (*steps, (signal.SIGKILL, 10.0)):
        if child.poll() is not None:
            return
        child.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(seconds)


def free_port(preferred: int | None = None) -> int:
    """A TCP port on 127.0.0.1 that nobody listens on now: the preferred one if it is free."""
    for wanted in (preferred or 0, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", wanted))
                return int(probe.getsockname()[1])
    raise OSError("no free port on 127.0.0.1")
