"""May this person do that? A no is written down before it is said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.core.people import ALLOWED, Action, Actor
from bot.errors import NotAllowedError
from bot.ledger import audit
from bot.ledger.connection import LedgerPool, borrowed


@dataclass(frozen=True)
class Gate:
    """Looks at roles and keeps the refusals."""

    pool: LedgerPool

    def admit(self, actor: Actor, action: Action, details: Mapping[str, Any]) -> None:
        """Return where a role allows the action.

        Raises:
            NotAllowedError: none does; an audit row says who wanted what.
        """
        if actor.may(action):
            return
        self.note_refusal(actor, action.value, details)
        needed = " or ".join(sorted(role.value for role in ALLOWED[action]))
        if not actor.roles:
            raise NotAllowedError(
                "You have no role in Sparewheel yet, so nothing was done.",
                next_step="Ask an administrator to add you to one of the groups under [roles].",
            )
        raise NotAllowedError(
            f"As {' and '.join(sorted(actor.roles))} you may not {action.value}; "
            f"the role {needed} is needed. Nothing was done."
        )

    def note_refusal(self, actor: Actor, wanted: str, details: Mapping[str, Any]) -> None:
        """Write an audit row for something that was refused."""
        with borrowed(self.pool) as connection:
            audit.record(connection, actor, "access.refused", f"action:{wanted}", details)
