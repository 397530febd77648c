"""Channels that only keep what they are handed, and what tests of deliveries look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.channels.interface import Outgoing, Receipt
from bot.core.delivery import DeliveryState
from bot.core.people import Actor, Role, Source
from bot.ledger import dispatches
from bot.ledger.connection import LedgerPool, borrowed
from bot.ledger.dispatches import Dispatch
from bot.services.deliveries import Deliveries
from tests.support.outgoing import dispatch

OLGA = Actor("T0TEST", "U0OLGA", Source.SLACK, frozenset({Role.OPERATOR}))
VERA = Actor("T0TEST", "U0VERA", Source.SLACK, frozenset({Role.VIEWER}))
PEOPLE = tuple(f"c{number:03}@example.com" for number in range(20))

Script = Callable[[Outgoing], None]


@dataclass
class Book:
    """Channels that keep what they are handed; `script` raises what the other side would answer."""

    script: Script = lambda _: None
    got: list[Outgoing] = field(default_factory=list)
    gap: float = 0.0
    fails_to_open: Exception | None = None

    def open(self, name: str) -> Book:
        del name
        if self.fails_to_open:
            raise self.fails_to_open
        return self

    def spacing(self, name: str) -> float:
        del name
        return self.gap

    def reaches(self, name: str) -> tuple[str, ...] | None:
        return None if name == "mail" else (name,)

    def hand_over(self, message: Outgoing) -> Receipt:
        self.script(message)
        self.got.append(message)
        return Receipt(f"<{message.key}>")

    def close(self) -> None:
        """Nothing is open."""

    @property
    def counts(self) -> Counter[str]:
        return Counter(message.recipient for message in self.got)


def planned(service: Deliveries, recipients: tuple[str, ...] = PEOPLE, **which: int) -> Dispatch:
    with borrowed(service.pool) as connection:
        return service.plan(connection, dispatch(**which), {"mail": recipients})


def states(service: Deliveries, made: Dispatch) -> dict[DeliveryState, int]:
    with borrowed(service.pool) as connection:
        (channel,) = dispatches.summary(connection, made).channels
    return dict(channel.of)


def jobs(pool: LedgerPool) -> int:
    with borrowed(pool) as connection:
        row = connection.execute(
            "select count(*) as n from procrastinate_jobs where task_name = 'run_deliveries'"
        ).fetchone()
    assert row is not None
    return int(row["n"])


def free_the_channel(pool: LedgerPool) -> None:
    """What waiting would do."""
    with borrowed(pool) as connection:
        connection.execute("delete from channel_pace")
        connection.execute("update delivery set not_before = null where state = 'waiting'")
