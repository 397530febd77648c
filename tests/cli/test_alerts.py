"""`sparewheel alerts`: what is wrong, in a terminal and for scripts."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from bot.app import build
from bot.core.alerts import Condition, Severity
from bot.ledger import alerts as ledger
from bot.ledger.connection import borrowed, open_pool
from bot.services.alerts import Seen
from bot.settings import read_environment
from tests.cli.conftest import CommandLine

NOW = datetime(2026, 3, 1, tzinfo=UTC)
BAD = Condition("rpo:fleet", "rpo", Severity.CRITICAL, "fleet", "Too old.", "Type `/backup now full fleet`.")


def test_alerts_in_a_terminal(sparewheel: CommandLine) -> None:
    assert "Nothing is wrong" in sparewheel("alerts")
    house = build(read_environment(sparewheel.environ), sparewheel.environ)
    house.alerts.apply(Seen([BAD]), NOW)
    house.close()
    with open_pool(sparewheel.environ["SPAREWHEEL_DATABASE_URL"]) as pool, borrowed(pool) as connection:
        (alert,) = ledger.told(connection)
    assert "CRITICAL" in sparewheel("alerts", code=1)
    (seen,) = json.loads(sparewheel("alerts", "fleet", "--json", code=1))["alerts"]
    assert (seen["id"], seen["state"]) == (alert.id, "open")
    assert "You look after" in sparewheel("alerts", "ack", alert.id)
    shown = sparewheel("alerts", "show", alert.id)
    assert "acknowledged by" in shown
    assert "`sparewheel backup now full fleet`" in shown
    assert "no alert id" in sparewheel("alerts", "ack", "?!", code=2)
    assert "means nothing here" in sparewheel("alerts", "flet", code=2)
