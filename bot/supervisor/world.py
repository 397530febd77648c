"""Keeps the sandbox's world and the real one apart in a ledger that was given."""

from __future__ import annotations

import psycopg
from psycopg.rows import dict_row

from bot.errors import SandboxError
from bot.ledger import backups, installation
from bot.ledger.connection import ledger_conninfo, ledger_errors

SANDBOX_TEAM = "T0SANDBOX"
REAL_TEAM = "local"  # the workspace's own id stands in every row; here it is not known yet


def register(ledger_url: str, *, sandbox: bool) -> None:
    """Write into a migrated ledger which world uses it, or find that it is the other one's.

    Raises:
        SandboxError: the sandbox is asked to use a ledger that a real workspace uses, or the reverse.
        LedgerUnavailableError: the ledger cannot be reached.
    """
    with (
        ledger_errors(),
        psycopg.connect(ledger_conninfo(ledger_url, "sparewheel run"), row_factory=dict_row) as connection,
    ):
        if sandbox and installation.get(connection) is None:
            _refuse_used(connection)
        installation.register(
            connection, "sandbox" if sandbox else "real", SANDBOX_TEAM if sandbox else REAL_TEAM
        )


def _refuse_used(connection: psycopg.Connection[dict[str, object]]) -> None:
    _, total = backups.recent(connection, database=None, kind=None, limit=1)
    if total:
        raise SandboxError(
            "This ledger holds backups already, and does not say that they are the sandbox's.",
            next_step="Point SPAREWHEEL_DATABASE_URL at an empty database, or connect a real Slack.",
        )
