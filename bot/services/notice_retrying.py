"""Trying recipients again whom a text did not reach, as long as customers should still read that text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from bot.core.notice_truth import superseded_by, too_late
from bot.core.notices import NoticePhase
from bot.core.people import Action, Actor
from bot.errors import UserError
from bot.ledger import dispatches, notice_revisions
from bot.ledger.connection import LedgerPool, borrowed
from bot.services.access import Gate
from bot.services.deliveries import Deliveries
from bot.services.notice_book import find, revision_of
from bot.services.notice_sending import NoticeSending
from bot.services.notice_views import NoticeMessage

Answer = Literal["sent", "send-again"]


@dataclass(frozen=True)
class NoticeRetrying:
    """What people decide about single recipients; Deliveries does it."""

    pool: LedgerPool
    gate: Gate
    deliveries: Deliveries
    sending: NoticeSending

    def failed(self, actor: Actor, notice_id: str, number: int) -> NoticeMessage:
        """Try those that failed again.

        Raises:
            UserError: nothing failed, or a later text says otherwise by now.
            NotAllowedError: the actor's role does not reach.
        """
        self.gate.admit(actor, Action.WRITE_NOTICE, {"notice": notice_id[:8], "revision": number})
        self._refuse_outdated(notice_id, number)
        self.deliveries.retry_failed(actor, notice_id, number)
        return self.sending.redraw(notice_id)

    def unknown(self, actor: Actor, delivery_id: int, answer: Answer) -> NoticeMessage:
        """Say of one recipient that it was sent after all, or have it sent again.

        Raises:
            UserError: it is known by now; or, for sending it again, a later text says otherwise.
            NotAllowedError: the actor's role does not reach.
        """
        self.gate.admit(actor, Action.WRITE_NOTICE, {"delivery": delivery_id})
        with borrowed(self.pool) as connection:
            dispatch = dispatches.of_delivery(connection, delivery_id)
        if answer == "send-again" and dispatch is not None and not dispatch.rehearsal:
            self._refuse_outdated(dispatch.notice_id, dispatch.revision)
        summary = self.deliveries.resolve_unknown(actor, delivery_id, answer)
        return self.sending.redraw(summary.notice_id)

    def _refuse_outdated(self, notice_id: str, number: int) -> None:
        """Nobody is told of a window that was moved, or of works that are done."""
        with borrowed(self.pool) as connection:
            notice = find(connection, notice_id)
            revision = revision_of(connection, notice, number)
            later = superseded_by(revision, notice_revisions.every(connection, notice.id))
        if later is not None:
            raise UserError(
                f"{later.title} went out after it, so it is not true any more. Nothing was sent again.",
                next_step=f"Try that one again for those whom it did not reach: "
                f"`/notice retry {notice.id}.{later.number}`.",
            )
        if why := too_late(revision, datetime.now(UTC)):
            raise UserError(
                f"{why}. Nothing was sent again.",
                next_step=f"Tell customers what is true now: `/notice update {notice.id}`.",
            )
        if notice.phase is not NoticePhase.LIVE and not revision.ends:
            raise UserError(
                f"Notice {notice.id} is {notice.phase.value}, so this text is not true any more. "
                "Nothing was sent again.",
                next_step="Write a new one where customers have to know something.",
            )
