"""Which world a ledger belongs to: the sandbox's or a real workspace's, never both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.errors import SandboxError
from bot.ledger.connection import LedgerConnection
from bot.ledger.statements import statements

Mode = Literal["sandbox", "real"]


@dataclass(frozen=True)
class Installation:
    """The first start's answer, kept. `team` is Slack's id of the workspace, or `local`."""

    mode: Mode
    team: str


def get(conn: LedgerConnection) -> Installation | None:
    """What the ledger says of itself, or None before the first start."""
    row = statements("messages").one(conn, "installation_get")
    return None if row is None else Installation(row["mode"], row["team"])


def register(conn: LedgerConnection, mode: Mode, team: str) -> Installation:
    """Keep the first start's mode and team; every later start is held against the mode.

    Raises:
        SandboxError: the ledger belongs to the other world.
    """
    statements("messages").run(conn, "installation_put", mode=mode, team=team)
    found = get(conn)
    assert found is not None  # written just now, or before
    if found.mode != mode:
        names = {"sandbox": "the sandbox", "real": "a real workspace"}
        raise SandboxError(
            f"This ledger belongs to {names[found.mode]} and is not used for {names[mode]}.",
            next_step="Point SPAREWHEEL_DATABASE_URL at another database.",
        )
    return found
