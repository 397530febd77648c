"""What people and notices ask of deliveries: to begin, to look, to try again, to say what is not known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.core.delivery import DeliverySummary
from bot.core.people import Action, Actor
from bot.core.units import plural
from bot.errors import NotFoundError, UserError
from bot.ledger import audit, dispatches
from bot.ledger.connection import LedgerConnection, LedgerPool, borrowed
from bot.ledger.dispatches import Dispatch, NewDispatch
from bot.ledger.queue import Queue
from bot.services.access import Gate

_FORGOTTEN_SECONDS = 60.0


@dataclass(frozen=True)
class Deliveries:
    """Writes what is to be handed over; DeliveryRunner does it."""

    pool: LedgerPool
    queue: Queue
    gate: Gate

    def plan(
        self, connection: LedgerConnection, new: NewDispatch, recipients: Mapping[str, Sequence[str]]
    ) -> Dispatch:
        """Write a row for each recipient and queue a job for each channel, in the caller's transaction.

        A revision goes out once: asked for again, this answers with what is there. `recipients`: channel
        name -> whom, without duplicates.

        Raises:
            UserError: nobody would receive it.
        """
        if not any(recipients.values()):
            raise UserError(
                "Nobody would receive this notice.", next_step="Choose an audience that has recipients."
            )
        made = dispatches.insert(connection, new, recipients)
        if made is None:
            known = dispatches.of_revision(connection, new.notice_id, new.revision)
            assert known is not None  # the same transaction found it there
            return known
        for channel in recipients:
            self.queue.deliveries(connection, made.id, channel)
        return made

    def summary(self, notice_id: str, revision: int) -> DeliverySummary | None:
        """How the sending of a revision stands; None where it has not begun."""
        with borrowed(self.pool) as connection:
            found = dispatches.of_revision(connection, notice_id, revision)
            return None if found is None else dispatches.summary(connection, found)

    @staticmethod
    def stands(connection: LedgerConnection, dispatch: Dispatch) -> DeliverySummary:
        """The same for a rehearsal too, in the caller's transaction."""
        return dispatches.summary(connection, dispatch)

    def summaries(self, notice_id: str) -> tuple[DeliverySummary, ...]:
        """Everything that went out for a notice, oldest first."""
        with borrowed(self.pool) as connection:
            found = dispatches.of_notice(connection, notice_id)
            return tuple(dispatches.summary(connection, one) for one in found)

    def retry_failed(
        self, actor: Actor, notice_id: str, revision: int, channel: str | None = None
    ) -> DeliverySummary:
        """Try those that failed again, and no others.

        Raises:
            NotAllowedError: the role does not reach.
            NotFoundError: this revision was never sent.
            UserError: nothing failed, or it was withdrawn.
        """
        self.gate.admit(actor, Action.WRITE_NOTICE, {"notice": notice_id})
        with borrowed(self.pool) as connection:
            dispatch = _sent(connection, notice_id, revision)
            _refuse_withdrawn(dispatches.hold(connection, dispatch.id))
            numbers = dispatches.retry_failed(connection, dispatch.id, channel)
            if not numbers:
                raise UserError("Nothing of this notice failed.", next_step="There is nothing to retry.")
            for name in numbers:
                self.queue.deliveries(connection, dispatch.id, name)
            summary = dispatches.summary(connection, dispatch)
            details = {"revision": revision, "hash": dispatch.content_hash, "recipients": numbers}
            audit.record(connection, actor, "notice.retried", f"notice:{notice_id}", details)
        return summary

    def resolve_unknown(
        self, actor: Actor, delivery_id: int, answer: Literal["sent", "send-again"]
    ) -> DeliverySummary:
        """Say of one recipient that it was sent after all, or have it sent again.

        Raises:
            NotAllowedError: the role does not reach.
            UserError: it is known by now, or was withdrawn and is not sent again; nothing was done.
        """
        self.gate.admit(actor, Action.WRITE_NOTICE, {"delivery": delivery_id})
        again = answer == "send-again"
        with borrowed(self.pool) as connection:
            dispatch = dispatches.hold_of(connection, delivery_id)
            if again:
                _refuse_withdrawn(dispatch)
            found = dispatches.resolve(connection, delivery_id, actor.label, again=again)
            if found is None or dispatch is None:
                raise UserError(
                    "It is known by now how this one went, so nothing was done.",
                    next_step="Look at the notice's message for how it stands.",
                )
            if again:
                self.queue.deliveries(connection, dispatch.id, found[1])
            summary = dispatches.summary(connection, dispatch)
            details = {"revision": dispatch.revision, "hash": dispatch.content_hash, "delivery": delivery_id}
            action = "notice.sent-again" if again else "notice.known-sent"
            audit.record(connection, actor, action, f"notice:{dispatch.notice_id}", details)
        return summary

    def withdraw_waiting(self, connection: LedgerConnection, notice_id: str, revision: int, by: Actor) -> str:
        """Take back what has not gone yet, in the caller's transaction; says how many in a sentence."""
        dispatch = dispatches.of_revision(connection, notice_id, revision)
        if dispatch is None:
            return ""
        number = dispatches.withdraw(connection, dispatch.id, by.user)
        dispatches.finish(connection, dispatch.id)
        if not number:
            return "Everybody had been written to already."
        total = dispatches.summary(connection, dispatch).total
        return f"{number:,} of {plural(total, 'recipient')} had not been written to yet and will not be."

    def send_forgotten(self) -> int:
        """Queue channels on which somebody waits and no job will come; how many."""
        with borrowed(self.pool) as connection:
            found = dispatches.forgotten(connection, _FORGOTTEN_SECONDS)
            for dispatch_id, channel in found:
                self.queue.deliveries(connection, dispatch_id, channel)
        return len(found)


def _sent(connection: LedgerConnection, notice_id: str, revision: int) -> Dispatch:
    dispatch = dispatches.of_revision(connection, notice_id, revision)
    if dispatch is None:
        raise NotFoundError(
            f"Revision {revision} of notice {notice_id} was never sent.",
            next_step="Look at the notice first: `/notice show`.",
        )
    return dispatch


def _refuse_withdrawn(dispatch: Dispatch | None) -> None:
    if dispatch is not None and dispatch.withdrawn_at is not None:
        raise UserError(
            f"It was withdrawn at {dispatch.withdrawn_at:%Y-%m-%d %H:%M} UTC; nobody else is written to.",
            next_step=f"Write the next word instead: `/notice update {dispatch.notice_id}`.",
        )
