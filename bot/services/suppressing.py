"""Addresses that asked not to be written to: kept for every notice to come, and for those under way."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from bot.core.people import Action, Actor
from bot.errors import UserError
from bot.ledger import audit, suppressions
from bot.ledger.connection import LedgerPool, borrowed
from bot.services.access import Gate
from bot.services.recipients import sift


@dataclass(frozen=True)
class Suppressing:
    """The list in the ledger. The audit trail names an address by its hash only."""

    pool: LedgerPool
    gate: Gate

    def add(self, actor: Actor, address: str, reason: str) -> bool:
        """Never write to an address again. False: that was so already.

        Raises:
            NotAllowedError: the role does not reach. UserError: it is no address.
        """
        return self._change(actor, address, "notice.suppressed", reason)

    def remove(self, actor: Actor, address: str) -> bool:
        """Let an address be written to again. False: it was not on the list."""
        return self._change(actor, address, "notice.unsuppressed", None)

    def _change(self, actor: Actor, address: str, action: str, reason: str | None) -> bool:
        self.gate.admit(actor, Action.WRITE_NOTICE, {"action": action})
        known = sift([address]).valid
        if not known:
            raise UserError("This is no mail address.", next_step="Write it like ann@example.com.")
        with borrowed(self.pool) as connection:
            if reason is None:
                changed = suppressions.remove(connection, known[0])
            else:
                changed = suppressions.add(connection, known[0], reason, actor.label)
            digest = hashlib.sha256(known[0].lower().encode()).hexdigest()
            details = {"address_sha256": digest, "reason": reason, "changed": changed}
            audit.record(connection, actor, action, "notice:suppressions", details)
        return changed
