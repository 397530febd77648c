"""Going ahead alone: switched off unless configured, for administrators, with a reason, twice, and loudly."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.approvals import Approval, ApprovalState, Verdict, same_content
from bot.core.people import Action, Actor, Source, identities_of, person_of
from bot.errors import NotAllowedError, UserError
from bot.ledger import approvals as ledger
from bot.ledger.approvals import Voter
from bot.ledger.connection import LedgerPool, borrowed
from bot.services.access import Gate
from bot.services.approval_aftermath import CHANGED, Aftermath, not_counted
from bot.services.approval_views import ApprovalMessage, BreakGlassQuestion
from bot.settings import Configuration

_SHORTEST_REASON = 10
LONGEST_COMMENT = 1000


@dataclass(frozen=True)
class BreakGlass:
    """The two steps of an administrator who cannot wait for an approver."""

    pool: LedgerPool
    configuration: Configuration
    gate: Gate
    aftermath: Aftermath

    def ask(self, actor: Actor, approval_id: str, content_hash: str, reason: str) -> BreakGlassQuestion:
        """The second confirmation: shows what would be done, and does nothing.

        Raises:
            UserError: it is switched off, not for this person, without a reason, or over.
        """
        self._admit(actor, approval_id, reason)
        with borrowed(self.pool) as connection:
            approval = ledger.get(connection, approval_id)
        _refuse_changed(approval, content_hash)
        return BreakGlassQuestion(approval, reason.strip())

    def go(
        self, actor: Actor, approval_id: str, content_hash: str, reason: str, *, confirmed: str
    ) -> ApprovalMessage:
        """Go ahead without the approvals that are needed. `confirmed`: the request's id, typed once more.

        Raises:
            UserError: as in ask(), or it was not confirmed.
        """
        self._admit(actor, approval_id, reason)
        if confirmed.strip().lower() != approval_id:
            raise UserError(
                "The confirmation is not this request's id. Nothing was done.",
                next_step=f"Type {approval_id} to go ahead alone, or wait for an approver.",
            )
        people = self.configuration.people
        voter = Voter(actor, person_of(actor, people), identities_of(actor, people))
        comment = reason.strip()[:LONGEST_COMMENT]
        with borrowed(self.pool) as connection:
            version = ledger.decide(
                connection,
                approval_id,
                voter,
                Verdict.BREAK_GLASS,
                content_hash=content_hash,
                comment=comment,
            )
            approval = ledger.get(connection, approval_id)
            if version is None:
                raise not_counted(approval, "It is over already, or was changed")
            self.aftermath.telling.glass_broken(connection, approval)
            self.aftermath.follow(connection, approval, actor, "break-glass", {"reason": comment})
            return self.aftermath.telling.message(approval)

    def _admit(self, actor: Actor, approval_id: str, reason: str) -> None:
        if not self.configuration.approvals.break_glass:
            raise NotAllowedError(
                "Going ahead without an approval is switched off here. Nothing was done.",
                next_step="Ask one of the approvers.",
            )
        if actor.source is not Source.SLACK:
            raise NotAllowedError("The command line never approves. Nothing was done.", next_step="")
        self.gate.admit(actor, Action.BREAK_GLASS, {"approval": approval_id[:8]})
        if len(reason.strip()) < _SHORTEST_REASON:
            raise UserError(
                "Going ahead alone needs a reason that others will understand. Nothing was done.",
                next_step=f"Write at least {_SHORTEST_REASON} characters.",
            )


def _refuse_changed(approval: Approval, content_hash: str) -> None:
    if approval.state is not ApprovalState.PENDING or not same_content(approval.content_hash, content_hash):
        raise not_counted(approval, CHANGED)
