"""Words for handing notices over: states of a recipient, and how a dispatch stands."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

REHEARSAL = "rehearsal"  # the channel that everybody has: the team alone, marked


class DeliveryState(StrEnum):
    """Where one recipient is. `unknown`: it may have gone, and is never sent again by itself."""

    WAITING = "waiting"
    BEGUN = "begun"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    WITHDRAWN = "withdrawn"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True)
class Trouble:
    """A recipient that failed or is unknown. `id` is what a retry or a resolution names."""

    id: int
    channel: str
    recipient: str
    error: str


@dataclass(frozen=True)
class ChannelCounts:
    """How many recipients of one channel are in which state. `waits_for`: what holds the channel up."""

    channel: str
    of: Mapping[DeliveryState, int]
    waits_for: str | None = None

    def __getitem__(self, state: DeliveryState) -> int:
        return self.of.get(state, 0)

    @property
    def total(self) -> int:
        """All recipients of the channel."""
        return sum(self.of.values())

    @property
    def open(self) -> int:
        """How many are not over yet."""
        return self[DeliveryState.WAITING] + self[DeliveryState.BEGUN]


@dataclass(frozen=True)
class DeliverySummary:
    """A dispatch as it is shown. `failed` and `unknown` hold the first of them; the counts hold all.

    `withdrawn_at`, `withdrawn_by`: when and by whom it was stopped half-way; nobody is written to after that.
    """

    dispatch_id: str
    notice_id: str
    revision: int
    rehearsal: bool
    finished_at: datetime | None
    channels: tuple[ChannelCounts, ...]
    failed: tuple[Trouble, ...] = ()
    unknown: tuple[Trouble, ...] = ()
    withdrawn_at: datetime | None = None
    withdrawn_by: str | None = None

    def count(self, state: DeliveryState) -> int:
        """Recipients in a state, over all channels."""
        return sum(channel[state] for channel in self.channels)

    @property
    def total(self) -> int:
        """All recipients."""
        return sum(channel.total for channel in self.channels)

    @property
    def all_sent(self) -> bool:
        """Whether everybody has it."""
        return self.count(DeliveryState.SENT) == self.total

    @property
    def why_not(self) -> str:
        """What the first that failed or is unknown says; empty where there is none."""
        return next((trouble.error for trouble in (*self.failed, *self.unknown)), "")

    @property
    def stopped(self) -> str:
        """`sent to 420 of 1,240, then withdrawn`; empty where nobody withdrew it."""
        if self.withdrawn_at is None:
            return ""
        return f"sent to {self.count(DeliveryState.SENT):,} of {self.total:,}, then withdrawn"


def delivery_key(notice_id: str, revision: int, channel: str, recipient: str, nonce: str = "") -> str:
    """The same for every attempt at one recipient, and tells nobody who that is: 32 hex digits."""
    parts = (notice_id, str(revision), channel, recipient, nonce)
    text = b"".join(b"%d:%s," % (len(part.encode()), part.encode()) for part in parts)
    return hashlib.sha256(text).hexdigest()[:32]


def patience(stumbles: int) -> float:
    """Seconds to leave a channel alone after so many failures in a row: 5, 10, 20 … 300."""
    return min(5.0 * float(2 ** min(max(stumbles - 1, 0), 10)), 300.0)
