"""Addresses that must never be written to."""

from __future__ import annotations

from bot.ledger.connection import LedgerConnection
from bot.ledger.statements import statements


def add(conn: LedgerConnection, address: str, reason: str, added_by: str) -> bool:
    """Keep an address (in lower case). False: it was there already."""
    return (
        statements("deliveries").run(
            conn, "suppress", address=address.lower(), reason=reason, added_by=added_by
        )
        == 1
    )


def remove(conn: LedgerConnection, address: str) -> bool:
    """Let an address be written to again. False: it was not there."""
    return statements("deliveries").run(conn, "unsuppress", address=address.lower()) == 1


def every(conn: LedgerConnection) -> frozenset[str]:
    """All of them, in lower case."""
    return frozenset(row["address"] for row in statements("deliveries").every(conn, "suppressed"))
