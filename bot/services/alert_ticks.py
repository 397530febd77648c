"""What the clock does every minute for alerts: looks, delivers where no worker can, gives a sign of life."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.errors import SlackError
from bot.ledger import alerts as ledger
from bot.ledger.connection import LedgerPool, borrowed
from bot.services.alerts import EVALUATED, LOOKED_WITHIN, Alerts
from bot.services.heartbeats import Beat, ping
from bot.settings import HeartbeatSettings

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class AlertTick:
    """`deliver` posts one message of the outbox; None where no Slack is connected."""

    alerts: Alerts
    deliver: Callable[[str], None] | None

    def __call__(self, now: datetime | None = None) -> None:
        """Look at everything; tell of it ourselves where nobody else will.

        Raises:
            LedgerUnavailableError: the ledger is away.
        """
        self.alerts.evaluate(now)
        if self.deliver is not None and self.alerts.nobody_delivers():
            self._deliver(self.deliver)

    def _deliver(self, deliver: Callable[[str], None]) -> None:
        for outbox_id in self.alerts.undelivered():
            try:
                deliver(outbox_id)
            except SlackError as error:
                log.warning("an alert could not be posted yet: %s", error.sentence)
                return  # those behind it keep their order


@dataclass(frozen=True)
class HeartbeatTick:
    """Tells the outside watcher that somebody looks; its silence says the rest."""

    pool: LedgerPool
    settings: HeartbeatSettings
    environ: Mapping[str, str] = field(repr=False)
    _begun: list[datetime] = field(default_factory=list, repr=False)

    def __call__(self, now: datetime | None = None) -> None:
        """Tell success where alerts were looked at lately, failure where not.

        A clock that has just begun tells nothing before its first look ended, or should have: the ticks run
        side by side, and what was not looked at while no clock ran says nothing about this one.

        Raises:
            LedgerUnavailableError: the ledger is away; then nothing is told, and the watcher misses us.
        """
        url = self.environ.get(self.settings.process_url_env or "")
        if not url:
            return
        with borrowed(self.pool) as connection:
            now = now or ledger.now(connection)
            looked = ledger.marks_of(connection, [EVALUATED]).get(EVALUATED)
        if not self._begun:
            self._begun.append(now)
        if looked is not None and now - looked <= LOOKED_WITHIN:
            ping(url, Beat.SUCCESS)
        elif now - self._begun[0] > LOOKED_WITHIN:
            ping(url, Beat.FAIL)
