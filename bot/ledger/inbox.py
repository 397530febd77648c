"""Deliveries that came in: each key is taken once, however often Slack repeats it."""

from __future__ import annotations

from datetime import timedelta

from bot.ledger.connection import LedgerConnection
from bot.ledger.statements import statements

# Slack repeats an event for about an hour; a person's double click comes much sooner.
KEEP = timedelta(days=7)


def take(conn: LedgerConnection, team: str, key: str) -> bool:
    """True the first time, False ever after. A second taker waits for the first one's transaction."""
    return statements("messages").run(conn, "inbox_take", team=team, key=key) == 1


def purge(conn: LedgerConnection, older_than: timedelta = KEEP) -> int:
    """Forget keys taken longer ago than that; answers how many."""
    return statements("messages").run(conn, "inbox_purge", older_than_seconds=older_than.total_seconds())
