"""Where a customer's notice goes: the one seam to channels, with a file for each kind behind it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class Outgoing:
    """One notice for one recipient.

    `key` is the same at every attempt and in every process, so that the other side can know a repeat.
    `references` are the receipts of earlier notices of the same matter to the same recipient, oldest first.
    `again`: an earlier attempt may have gone; look before sending where looking is possible.
    """

    key: str
    recipient: str = field(repr=False)
    notice_id: str
    revision: int
    kind: str
    stage: str
    severity: str  # info, warning, critical, resolved
    status: str  # Statuspage's word: scheduled, in_progress, … investigating, … resolved
    subject: str
    text: str
    html: str
    slack: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    references: tuple[str, ...] = ()
    again: bool = False


@dataclass(frozen=True)
class Receipt:
    """What the other side calls what it took: a Message-ID, a time stamp of Slack's, an incident's id."""

    reference: str


class Channel(Protocol):
    """One open channel, used by one thread. Nothing is sent before hand_over()."""

    def hand_over(self, message: Outgoing) -> Receipt:
        """Give one notice to the other side, and return when it took it.

        Raises:
            ChannelRefusedError: it said no for good.
            ChannelBusyError: surely not handed over; later.
            ChannelUnknownError: nobody knows whether it went.
        """

    def close(self) -> None:
        """Let go of connections. Never raises."""
