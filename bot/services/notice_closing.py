"""Ending a matter without another word to customers, for when none can be written or none is needed."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.notices import OPEN, Notice, NoticePhase, NoticeRevision, RevisionState
from bot.core.people import Action, Actor
from bot.errors import UserError
from bot.ledger import notice_revisions
from bot.ledger import notices as ledger
from bot.ledger.connection import LedgerConnection, LedgerPool, borrowed
from bot.services.access import Gate
from bot.services.approvals import Approvals
from bot.services.notice_book import TOPIC, NoticeBook, find
from bot.services.notice_order import NoticeOrder
from bot.services.notice_reading import NoticeReading
from bot.services.notice_views import NoticeAnswer

_REASON = 500


@dataclass(frozen=True)
class NoticeClosing:
    """Needs nothing of the configuration: a matter whose product is gone can be ended too."""

    pool: LedgerPool
    gate: Gate
    approvals: Approvals
    order: NoticeOrder
    book: NoticeBook
    reading: NoticeReading

    def close(self, actor: Actor, notice_id: str, reason: str) -> NoticeAnswer:
        """End a matter that customers know of; what waits for its time, a yes or a retry is withdrawn.

        `reason`: may be empty where the matter lacks something of the configuration; that is the reason then.

        Raises:
            UserError: customers were never told, it is over, a text is on its way, or the reason is missing.
            NotAllowedError: the actor's role does not reach.
        """
        self.gate.admit(actor, Action.WRITE_NOTICE, {"notice": notice_id[:8]})
        with borrowed(self.pool) as connection:
            notice = find(connection, notice_id)
            why = reason.strip()[:_REASON] or self._lacks(notice)
            waiting = _waiting(connection, notice)
            voided = [
                each
                for text in waiting
                for each in self.approvals.void(connection, TOPIC, text.key, "the notice was closed")
            ]
            notice = self.order.lock(connection, notice.id)
            _refuse(notice, waiting, _waiting(connection, notice))
            for text in waiting:
                _withdraw(connection, text, actor)
            ledger.end(connection, notice.id, NoticePhase.OVER)
            over = ledger.get(connection, notice.id)
            self.order.take_back_all(connection, over, actor)
            self.book.note(connection, over, actor, "closed", note=why)
            self.approvals.note_void(connection, voided, actor)
            return NoticeAnswer(over, self.reading.read(connection, notice.id).current, "closed")

    def _lacks(self, notice: Notice) -> str:
        missing = self.reading.missing(notice)
        if not missing:
            raise UserError(
                "Closing tells customers nothing, so it takes a reason for those who come later.",
                next_step=f"Type `/notice close {notice.id} WHY`, or tell customers how it ended: "
                f"`/notice update {notice.id}`.",
            )
        return f"{', '.join(missing)} left the configuration".capitalize()


def _waiting(connection: LedgerConnection, notice: Notice) -> list[NoticeRevision]:
    return [one for one in notice_revisions.every(connection, notice.id) if one.state in OPEN]


def _refuse(notice: Notice, seen: list[NoticeRevision], waiting: list[NoticeRevision]) -> None:
    if notice.phase is NoticePhase.DRAFT:
        raise UserError(
            f"Customers know nothing of notice {notice.id} yet, so there is nothing to close.",
            next_step=f"Withdraw its text: `/notice withdraw {notice.id}`.",
        )
    if notice.phase is not NoticePhase.LIVE:
        raise UserError(f"Notice {notice.id} is {notice.phase.value} already.", next_step="")
    if {one.number for one in waiting} - {one.number for one in seen}:
        raise UserError(
            "Somebody wrote another text in this moment. Nothing was changed.", next_step="Look at it first."
        )
    going = next((one for one in waiting if one.state is RevisionState.SENDING), None)
    if going is not None:
        raise UserError(
            f"A text of notice {notice.id} is on its way to customers. Nothing was changed.",
            next_step=f"Wait for its end, or stop it first: `/notice withdraw {going.key}`.",
        )


def _withdraw(connection: LedgerConnection, text: NoticeRevision, actor: Actor) -> None:
    state, note = RevisionState.WITHDRAWN.value, f"by {actor.user}"
    notice_revisions.move(connection, "end_open", text.notice_id, text.number, state=state, note=note)
