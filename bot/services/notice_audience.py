"""Whom a text of a notice reaches: its audiences as they are now, and everybody who was told before."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from bot.core.notices import Reach
from bot.ledger import notice_revisions
from bot.ledger.connection import LedgerPool, borrowed
from bot.services.recipients import Audience, Recipients
from bot.settings import Configuration


@dataclass(frozen=True)
class NoticeAudience:
    """Reads recipients. Who has heard of a matter hears how it goes on, in the audience still or not."""

    pool: LedgerPool
    recipients: Recipients
    channels: Collection[str]  # the configured ones; an earlier one that is gone cannot be used again

    def gather(self, names: Sequence[str], notice_id: str | None = None) -> Audience:
        """Everybody whom a text goes to, each once on each channel.

        Raises:
            SparewheelError: an audience cannot be read (a file, a query, a variable).
        """
        now = self.recipients.resolve(names)
        if notice_id is None:
            return now
        with borrowed(self.pool) as connection:
            told = notice_revisions.told_before(connection, notice_id)
        never = (
            self.recipients.unwanted() if told else frozenset()
        )  # whatever their audience's channels are now
        merged = {
            channel: {name.lower(): name for name in found} for channel, found in now.recipients.items()
        }
        for channel, recipient in told:
            if channel in self.channels and recipient.lower() not in never:
                merged.setdefault(channel, {}).setdefault(recipient.lower(), recipient)
        return replace(now, recipients={channel: tuple(names.values()) for channel, names in merged.items()})


def audience_zones(configuration: Configuration, product: str, audiences: Sequence[str]) -> tuple[str, ...]:
    """The zones that recipients live in, by audience; the product's where nothing is said, UTC without it."""
    settings = configuration.notices.products.get(product)
    own = settings.time_zone if settings else "UTC"
    known = [configuration.audiences[name] for name in audiences if name in configuration.audiences]
    return tuple(dict.fromkeys(one.time_zone or own for one in known)) or (own,)


def reach_of(audience: Audience) -> Reach:
    """The numbers alone."""
    left_out = len(audience.invalid) + audience.suppressed
    return Reach(audience.total, tuple(audience.counts.items()), left_out)
