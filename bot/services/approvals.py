"""The approval engine: one person asks, another reads exactly that and says yes, and it happens once."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from bot.core.approvals import Approval, ApprovalState, Click, Verdict, refusal
from bot.core.people import Action, Actor, Role, Source, identities_of, person_of
from bot.errors import SparewheelError, UserError
from bot.ledger import approvals as ledger
from bot.ledger.approvals import NewApproval, Voter
from bot.ledger.connection import LedgerConnection, LedgerPool, borrowed
from bot.services.access import Gate
from bot.services.approval_aftermath import Aftermath, not_counted, note
from bot.services.approval_telling import ApprovalTelling
from bot.services.approval_views import ApprovalList, ApprovalMessage
from bot.services.break_glass import LONGEST_COMMENT
from bot.services.by_id import the_one
from bot.settings import Configuration

_LOG = logging.getLogger(__name__)
APPROVERS = frozenset({Role.APPROVER})


@dataclass(frozen=True)
class Ask:
    """What is asked for. `what`: lines as they are shown. `authors`: identities of whoever wrote the content.

    `needed` and `expires_seconds` default to the configuration's.
    """

    topic: str
    subject: str
    content_hash: str
    title: str
    what: tuple[str, ...]
    why: str
    consequence: str
    requested: Actor
    authors: frozenset[str] = frozenset()
    roles: frozenset[Role] = APPROVERS
    needed: int | None = None
    expires_seconds: float | None = None
    channel: str | None = None


@dataclass(frozen=True)
class Approvals:
    """The use cases behind `/approvals` and behind every button that says yes or no."""

    pool: LedgerPool
    configuration: Configuration
    gate: Gate
    aftermath: Aftermath

    @property
    def telling(self) -> ApprovalTelling:
        """What people are told."""
        return self.aftermath.telling

    def open(self, connection: LedgerConnection, ask: Ask) -> Approval:
        """Ask, in the caller's transaction. Call it after everything else that the transaction writes.

        Raises:
            psycopg.errors.UniqueViolation: a request on this subject waits already.
        """
        settings, people = self.configuration.approvals, self.configuration.people
        values = {name: value for name, value in vars(ask).items() if name != "authors"}
        own = {
            "person": person_of(ask.requested, people),
            "barred": ask.authors | identities_of(ask.requested, people),
            "needed": ask.needed or settings.needed,
            "expires_seconds": ask.expires_seconds or settings.expires,
        }
        approval = ledger.insert(connection, NewApproval(**values | own))
        self.telling.opened(connection, approval)
        note(connection, ask.requested, "requested", approval)
        return approval

    def decide(
        self, actor: Actor, approval_id: str, content_hash: str, verdict: str, comment: str = ""
    ) -> ApprovalMessage:
        """Say yes or no to exactly the content of this hash. The roles of `actor` decide, as of this click.

        Raises:
            UserError: the click does not count; its sentence says why.
            NotFoundError: no such request.
        """
        said = Verdict.APPROVE if verdict == Verdict.APPROVE else Verdict.DECLINE
        with borrowed(self.pool) as connection:
            asked = find(connection, approval_id)
            if actor.source is Source.SLACK and ledger.decide(
                connection,
                asked.id,
                self._voter(actor),
                said,
                content_hash=content_hash,
                comment=comment.strip()[:LONGEST_COMMENT],
            ):
                approval = ledger.get(connection, asked.id)
                self.aftermath.follow(connection, approval, actor, f"{said.value}d")
                return self.telling.message(approval)
        raise self._refused(actor, asked.id, content_hash, said.value)

    def withdraw(self, actor: Actor, approval_id: str) -> ApprovalMessage:
        """Take back what one has asked for.

        Raises:
            UserError: it is over already, or somebody else's.
            NotFoundError: no such request.
        """
        with borrowed(self.pool) as connection:
            asked = find(connection, approval_id)
            identities = identities_of(actor, self.configuration.people)
            if not ledger.withdraw(connection, asked.id, actor.user, identities):
                now = ledger.get(connection, asked.id)
                theirs = now.state is not ApprovalState.PENDING or bool(now.barred & identities)
                raise not_counted(
                    now, "It is over already" if theirs else "Only whoever asked can withdraw it"
                )
            approval = ledger.get(connection, asked.id)
            self.aftermath.follow(connection, approval, actor, "withdrawn")
            return self.telling.message(approval)

    def void(self, connection: LedgerConnection, topic: str, subject: str, why: str) -> list[Approval]:
        """The content changed: what was asked or given for it does not count any more.

        Call it before the subject's own row is touched (the gate takes the two in this order), and
        note_void() at the end of the transaction.
        """
        voided = ledger.void(connection, topic, subject, why)
        for approval in voided:
            self.telling.changed(connection, approval, "void")
        return voided

    @staticmethod
    def note_void(connection: LedgerConnection, voided: list[Approval], by: Actor) -> None:
        """The audit rows of void(), written last."""
        for approval in voided:
            note(connection, by, "void", approval)

    def tick(self, now: datetime | None = None) -> None:
        """End what nobody answered in time, and remind of the rest. Any number of clocks may call this."""
        with borrowed(self.pool) as connection:
            overdue = ledger.overdue(connection, now)
        for approval_id in overdue:
            try:
                self._expire(approval_id, now)
            except SparewheelError as error:  # one that cannot end must not keep the others waiting
                _LOG.warning("request for approval %s: %s", approval_id, error.sentence)
        for approval in self.pending():
            with borrowed(self.pool) as connection:
                self.telling.remind(connection, approval, now or datetime.now(UTC))

    def _expire(self, approval_id: str, now: datetime | None) -> None:
        with borrowed(self.pool) as connection:
            if ledger.expire(connection, approval_id, now):
                approval = ledger.get(connection, approval_id)
                clock = Actor(approval.team, "clock", Source.SCHEDULE)
                self.aftermath.follow(connection, approval, clock, "expired")

    def pending(self) -> list[Approval]:
        """Everything that waits, the oldest first."""
        with borrowed(self.pool) as connection:
            return ledger.pending(connection)

    def waiting_for(self, actor: Actor) -> list[Approval]:
        """What this person could decide now."""
        now, voter = datetime.now(UTC), self._voter(actor)
        return [
            each for each in self.pending() if refusal(each, _click(voter, each.content_hash), now) is None
        ]

    def overview(self, actor: Actor) -> ApprovalList:
        """`/approvals`: what waits for this person, and what they wait for.

        Raises:
            NotAllowedError: the person has no role at all.
        """
        self.gate.admit(actor, Action.SEE, {"what": "approvals"})
        own = identities_of(actor, self.configuration.people)
        mine = [approval for approval in self.pending() if approval.barred & own]
        return ApprovalList(self.waiting_for(actor), mine, datetime.now(UTC))

    def message(self, approval_id: str) -> ApprovalMessage:
        """A request's message as of now, by its id or the beginning of it.

        Raises:
            NotFoundError: no such request.
        """
        with borrowed(self.pool) as connection:
            return self.telling.message(find(connection, approval_id))

    def _voter(self, actor: Actor) -> Voter:
        people = self.configuration.people
        return Voter(actor, person_of(actor, people), identities_of(actor, people))

    def _refused(self, actor: Actor, approval_id: str, content_hash: str, wanted: str) -> UserError:
        """Why a click did not count; where it could have, that it was tried is written down."""
        approval = self.message(approval_id).approval
        click = _click(self._voter(actor), content_hash)
        why = refusal(approval, click, datetime.now(UTC))
        if approval.state is ApprovalState.PENDING:
            details = {"approval": approval.id, "why": why or "lost a race"}
            self.gate.note_refusal(actor, f"{wanted} {approval.topic}", details)
        return not_counted(approval, why or "It changed in the moment you clicked")


def find(connection: LedgerConnection, approval_id: str) -> Approval:
    """A request by its id or the beginning of it.

    Raises:
        NotFoundError, UserError: as in the_one().
    """
    look = partial(ledger.find_by_prefix, connection)
    return the_one(approval_id, look, noun="request", next_step="`/approvals` lists what waits.")


def _click(voter: Voter, content_hash: str) -> Click:
    slack = voter.actor.source is Source.SLACK
    return Click(voter.identities, voter.actor.roles, content_hash, slack)
