"""Which posted message speaks of what, so that it can be updated later."""

from __future__ import annotations

from bot.ledger.connection import LedgerConnection
from bot.ledger.statements import statements


def get(conn: LedgerConnection, topic: str, subject: str) -> tuple[str, str] | None:
    """Channel and timestamp of the message on a subject, or None where none was posted."""
    row = statements("messages").one(conn, "slack_get", topic=topic, subject=subject)
    return None if row is None else (row["channel"], row["ts"])


def put(conn: LedgerConnection, topic: str, subject: str, *, team: str, channel: str, ts: str) -> None:
    """Keep where the message on a subject stands; a later one takes its place."""
    statements("messages").run(
        conn, "slack_put", topic=topic, subject=subject, team=team, channel=channel, ts=ts
    )
