"""A person's Home tab: how the databases stand, what waits for them, and what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from bot.core.approvals import Approval
from bot.core.people import Actor
from bot.ledger import alerts
from bot.ledger.connection import LedgerPool, borrowed
from bot.services.health import standing
from bot.services.report_views import HomeView
from bot.services.sources import Sources


class Waiting(Protocol):
    """What the tab needs of `bot.services.approvals.Approvals`."""

    def waiting_for(self, actor: Actor) -> Sequence[Approval]:
        """The requests that this person may decide."""


@dataclass(frozen=True)
class Home:
    """Makes the tab. `clock` tells the time, UTC."""

    pool: LedgerPool
    sources: Sources
    approvals: Waiting
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def of(self, actor: Actor) -> HomeView:
        """What this person sees; somebody without a role is shown nothing of the databases.

        Raises:
            LedgerUnavailableError: nothing is known without it.
        """
        now = self.clock()
        if not actor.roles:
            return HomeView(actor, now)
        with borrowed(self.pool) as connection:
            found = standing(connection, self.sources, self.sources.names(), now, figures=False)
            open_alerts = alerts.told(connection)
        return HomeView(actor, now, found, self.approvals.waiting_for(actor), open_alerts)
