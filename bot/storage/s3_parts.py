"""Carries parts to the store in two threads, and lets the writer run no further ahead than that."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from bot.errors import StorageError

IN_FLIGHT = 2


@dataclass(frozen=True)
class SentPart:
    """A part that the store has accepted. `sha256` is its raw digest."""

    number: int
    etag: str
    sha256: bytes


class PartSender:
    """At most two parts are in flight; the first failure, or stop(), ends it for good.

    submit() and drain() belong to the writing thread; stop() may come from any thread and wakes both.
    """

    def __init__(self, send: Callable[[int, bytearray], SentPart]) -> None:
        self._send = send
        self._changed = threading.Condition()
        self._threads = ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="upload")
        self._flying = 0
        self._failure: Exception | None = None
        self._stopped = False
        self._sent: dict[int, SentPart] = {}

    @property
    def is_over(self) -> bool:
        """Whether a part failed or somebody stopped it."""
        return self._stopped or self._failure is not None

    def submit(self, number: int, data: bytearray) -> None:
        """Hand a part on; blocks while two are in flight. Raises what made an earlier part fail."""
        with self._changed:
            self._changed.wait_for(lambda: self._flying < IN_FLIGHT or self.is_over)
            self._raise_if_over()
            self._flying += 1
            self._threads.submit(self._carry, number, data)

    def drain(self) -> list[SentPart]:
        """Wait until every part is there; the parts in order. Raises what made one fail."""
        with self._changed:
            self._changed.wait_for(lambda: self._flying == 0 or self.is_over)
            self._raise_if_over()
        self._threads.shutdown(wait=True)
        return [self._sent[number] for number in sorted(self._sent)]

    def stop(self, patience_s: float) -> bool:
        """Start nothing more and wait so long for what is in flight; whether all is quiet then."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
            quiet = self._changed.wait_for(lambda: self._flying == 0, timeout=patience_s)
        self._threads.shutdown(wait=False)
        return quiet

    def _carry(self, number: int, data: bytearray) -> None:
        try:
            if not self.is_over:
                self._sent[number] = self._send(number, data)
        except Exception as error:  # noqa: BLE001 - whatever it is, the writing thread has to raise it
            with self._changed:
                self._failure = self._failure or error
        finally:
            with self._changed:
                self._flying -= 1
                self._changed.notify_all()

    def _raise_if_over(self) -> None:
        if self._failure is not None:
            raise self._failure
        if self._stopped:
            raise StorageError("The upload was given up before it was complete.")
