"""What Ctrl-C (or SIGTERM) means on the command line: first stop cleanly, then leave at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Self

import click


class Interrupts:
    """Raises KeyboardInterrupt while nothing is begun; later the first signal asks, the second raises it.

    Attributes:
        waiting: whether a signal came where it could not be heeded yet.
        torn: whether a second one came there: what was to be written is there or not.
    """

    def __init__(self) -> None:
        self.waiting = self.torn = False
        self._held = False
        self._ask: Callable[[], None] | None = None
        self._asked = False

    @contextmanager
    def listening(self) -> Iterator[Self]:
        """Handle the signals while inside."""
        before = {number: signal.signal(number, self._handle) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def held(self) -> Iterator[None]:
        """While inside the first signal waits: what is written is there or not, and nobody need guess."""
        self._held = True
        try:
            yield
        finally:
            self._held = False

    @contextmanager
    def asking(self, ask: Callable[[], None]) -> Iterator[None]:
        """While inside the first signal calls `ask` and work goes on to its end; one that waits counts.

        `ask` runs in a thread: a signal may arrive while this one holds a connection.
        """
        self._ask = ask
        try:
            if self.waiting:
                self._begin_asking(ask)
            yield
        finally:
            self._ask = None

    def _handle(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        if self._held and not self.waiting:
            self.waiting = True
        elif self._ask is not None and not self._asked:
            self._begin_asking(self._ask)
        else:
            self.torn = self._held
            raise KeyboardInterrupt

    def _begin_asking(self, ask: Callable[[], None]) -> None:
        self._asked = True
        click.echo("Cancelling; this ends within seconds. Press Ctrl-C again to leave at once.", err=True)
        threading.Thread(target=ask, daemon=True).start()
