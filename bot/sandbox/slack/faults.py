"""Faults that a test or a curious person switches on: a Slack that is slow, busy, broken or gone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class FaultKind(StrEnum):
    """What goes wrong with a Web API call. After `…-after` the call was done, and only its answer is lost."""

    SLOW = "slow"  # answers after `seconds`
    RATE_LIMITED = "429"  # HTTP 429, Retry-After `seconds`
    SERVER_ERROR = "500"
    SERVER_ERROR_AFTER = "500-after"
    DROP = "drop"  # the connection ends without an answer
    DROP_AFTER = "drop-after"
    REFUSED = "refused"  # Slack's own refusal, `code`

    @property
    def is_after(self) -> bool:
        """Whether the call is done all the same."""
        return self in (FaultKind.SERVER_ERROR_AFTER, FaultKind.DROP_AFTER)


@dataclass
class Fault:
    """`methods` empty means every method; `times` None means until cleared."""

    kind: FaultKind
    methods: tuple[str, ...] = ()
    times: int | None = None
    seconds: float = 1.0
    code: str = "internal_error"


class Faults:
    """The faults that are on, and whether events are delivered twice."""

    def __init__(self) -> None:
        self._on: list[Fault] = []
        self.double_events = False
        self.subscribers: list[Callable[[], None]] = []

    def shown(self) -> dict[str, Any]:
        """What is on, ready to be sent to a page."""
        return {"on": [asdict(fault) for fault in self._on], "double_events": self.double_events}

    def add(self, fault: Fault) -> None:
        """Switch one on."""
        self._on.append(fault)
        self._changed()

    def deliver_twice(self) -> None:
        """Every event comes twice from now on."""
        self.double_events = True
        self._changed()

    def clear(self) -> None:
        """Everything works again."""
        self._on.clear()
        self.double_events = False
        self._changed()

    def take(self, method: str) -> Fault | None:
        """The first fault that hits this call, its count gone down by one."""
        for fault in self._on:
            if fault.methods and method not in fault.methods:
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self._on.remove(fault)
                self._changed()
            return fault
        return None

    def _changed(self) -> None:
        for subscriber in self.subscribers:
            subscriber()
