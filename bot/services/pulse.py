"""The beat of a running job: keeps its lease, carries progress out, and brings a stop in.

A run works in its own thread and may sit for a while in a lock, a read or a slow store. The pulse is a
second thread that, about once a second, writes progress and the lease into the ledger and reads from the
same row whether somebody asked to stop. When a stop arrives it calls the interrupters that the run has
registered (cancel the waiting query, end pg_dump), so that the run notices within seconds.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol, Self

from bot.errors import CancelledError, LeaseLostError, LedgerUnavailableError, RunStoppedError

log = logging.getLogger(__name__)

LEASE_SECONDS = 45.0
_BEAT_SECONDS = 1.0
# While the ledger is away nobody can take the run over; who does so across a cut network is fenced off.
_LEDGER_PATIENCE_SECONDS = 600.0
# How long a run may take to end by itself after a stop, before the pulse reports the cancellation for it.
_SETTLE_SECONDS = 3.0


class Beat(Protocol):
    """One beat's answer from the ledger: still ours? asked to stop, by whom?"""

    @property
    def alive(self) -> bool:
        """Whether the row still carries this attempt."""

    @property
    def cancel_requested_by(self) -> str | None:
        """Who asked to stop, or None."""


class Pulse:
    """Runs `beat` until closed. `settle` reports a cancellation that the run is too slow to report."""

    def __init__(
        self,
        beat: Callable[[], Beat],
        *,
        settle: Callable[[CancelledError], object],
        on_progress: Callable[[], None] = lambda: None,
    ) -> None:
        self._beat = beat
        self._settle = settle
        self._on_progress = on_progress
        self._closing = threading.Event()
        self._stop: RunStoppedError | None = None
        self._interrupters: list[Callable[[], None]] = []
        self._lock = threading.Lock()
        self._last_heard = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._thread.join()

    def check(self) -> None:
        """Raise CancelledError or LeaseLostError once a stop has arrived. Costs nothing otherwise."""
        if self._stop is not None:
            raise self._stop

    def confirm(self) -> None:
        """Ask the ledger now, and raise if this run may not go on. Called before what cannot be undone.

        A ledger that is away is waited for: what has been done so far is worth more than some minutes.
        """
        while True:
            self.check()
            try:
                self._listen(self._beat())
            except LedgerUnavailableError:
                self._closing.wait(_BEAT_SECONDS)
            else:
                break
        self.check()

    @contextmanager
    def interruptible(self, interrupt: Callable[[], None]) -> Iterator[None]:
        """While inside, a stop calls `interrupt`; whatever it makes the body raise becomes the stop."""
        with self._lock:
            self._interrupters.append(interrupt)
        try:
            self.check()
            yield
        except RunStoppedError:
            raise
        except Exception:
            self.check()  # an interrupted query's own error is not what happened
            raise
        finally:
            with self._lock:
                self._interrupters.remove(interrupt)
        self.check()

    def _run(self) -> None:
        while not self._closing.wait(_BEAT_SECONDS):
            try:
                self._listen(self._beat())
            except Exception as error:  # noqa: BLE001 - the ledger may be away for a while: no beat ends a run
                log.warning("the ledger did not take a heartbeat: %s", type(error).__name__)
                if time.monotonic() - self._last_heard > _LEDGER_PATIENCE_SECONDS:
                    self._arrive(LeaseLostError("The bot's own database was away for too long."))
            with suppress(Exception):
                self._on_progress()
            if self._stop is not None:
                self._see_it_end()
                return

    def _listen(self, beat: Beat) -> None:
        self._last_heard = time.monotonic()
        if not beat.alive:
            self._arrive(LeaseLostError("This run was taken over or ended by another process."))
        elif beat.cancel_requested_by is not None:
            self._arrive(CancelledError(f"Stopped because {beat.cancel_requested_by} asked for it."))

    def _arrive(self, stop: RunStoppedError) -> None:
        with self._lock:
            first, self._stop = self._stop is None, self._stop or stop
            interrupters = list(self._interrupters) if first else []
        for interrupt in interrupters:
            try:
                interrupt()
            except Exception:  # the others must still be called
                log.warning("an interrupter failed", exc_info=True)

    def _see_it_end(self) -> None:
        """Give the run a moment to report its own end, then report a cancellation for it."""
        if isinstance(self._stop, CancelledError) and not self._closing.wait(_SETTLE_SECONDS):
            with suppress(Exception):
                self._settle(self._stop)
