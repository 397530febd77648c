"""What each decision on a request brings with it: its subject hears, then people, then the audit trail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bot.core.approvals import Approval, ApprovalState
from bot.core.people import Actor
from bot.errors import UserError
from bot.ledger import audit
from bot.ledger.connection import LedgerConnection
from bot.services.approval_telling import ApprovalTelling

# What a subject does when its request is approved, declined, expired or withdrawn, in the same transaction.
Ended = Callable[[LedgerConnection, Approval, Actor], None]

CHANGED = "What you were shown is not what is asked for any more"


@dataclass(frozen=True)
class Aftermath:
    """`ended`: topic -> what the subject does when a request on it ends; filled where the parts are wired."""

    telling: ApprovalTelling
    ended: dict[str, Ended] = field(default_factory=dict)

    def follow(
        self,
        connection: LedgerConnection,
        approval: Approval,
        actor: Actor,
        what: str,
        details: Mapping[str, object] | None = None,
    ) -> None:
        """Everything after a change that counted. The trail comes last: all writers wait for its end."""
        if approval.state is not ApprovalState.PENDING and approval.topic in self.ended:
            self.ended[approval.topic](connection, approval, actor)
        self.telling.changed(connection, approval, what)
        note(connection, actor, what, approval, details)


def note(
    connection: LedgerConnection,
    actor: Actor,
    what: str,
    approval: Approval,
    details: Mapping[str, object] | None = None,
) -> None:
    """Write the audit row of one step."""
    facts = {
        "approval": approval.id,
        "content_hash": approval.content_hash,
        "state": approval.state.value,
        "given": approval.given,
        "needed": approval.needed,
    }
    subject = f"{approval.topic}:{approval.subject}"
    audit.record(connection, actor, f"approval.{what}", subject, facts | dict(details or {}))


def not_counted(approval: Approval, why: str) -> UserError:
    """A click that changed nothing, said politely: why, and what the person can do."""
    steps = {
        ApprovalState.PENDING: f"It still waits: `/approvals show {approval.id}` shows it as it is now.",
        ApprovalState.EXPIRED: "Whoever asked for it can ask again.",
        ApprovalState.VOID: "Look at the new text; it needs a new approval.",
    }
    return UserError(f"{why}. Nothing was changed.", next_step=steps.get(approval.state, ""))
