"""No text arrives after the one that takes it back: what of it has not gone out is withdrawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.core.notice_truth import superseded_by
from bot.core.notices import Notice
from bot.core.people import Actor
from bot.errors import UserError
from bot.ledger import dispatches, notice_revisions
from bot.ledger import notices as ledger
from bot.ledger.connection import LedgerConnection
from bot.services.deliveries import Deliveries
from bot.services.notice_book import NoticeBook, revision_of


@dataclass(frozen=True)
class NoticeOrder:
    """Used by whoever begins a text or ends a matter, in their transaction."""

    deliveries: Deliveries
    book: NoticeBook

    @staticmethod
    def lock(connection: LedgerConnection, notice_id: str) -> Notice:
        """Lock what goes out of a notice, then the notice: whoever ends a delivery takes them in this order.

        Raises:
            UserError: another text of it began to go out in between.
        """
        held = {one.id for one in dispatches.hold_every(connection, notice_id)}
        notice = ledger.get(connection, notice_id, lock=True)
        if any(one.id not in held for one in dispatches.of_notice(connection, notice_id)):
            raise UserError(
                f"Another text of notice {notice_id} began to go out in this moment. Nothing was changed.",
                next_step=f"Look at it first: `/notice show {notice_id}`.",
            )
        return notice

    def take_back_superseded(self, connection: LedgerConnection, notice: Notice, by: Actor) -> None:
        """Withdraw whoever still waits for a text that another one contradicts by now; after lock().

        A text that was on its way is out with that, so that it does not keep the matter open.
        """
        texts = notice_revisions.every(connection, notice.id)
        over = [(text, later) for text in texts if (later := superseded_by(text, texts)) is not None]
        why = {text.number: f"{later.title} says otherwise." for text, later in over}
        self._take_back(connection, notice, by, why)
        for text, _ in over:
            notice_revisions.move(connection, "sent", notice.id, text.number)

    def take_back_all(self, connection: LedgerConnection, notice: Notice, by: Actor) -> None:
        """Withdraw whoever still waits for any text of a matter that is closed; after lock()."""
        texts = notice_revisions.every(connection, notice.id)
        self._take_back(connection, notice, by, {text.number: "The matter was closed." for text in texts})

    def _take_back(
        self, connection: LedgerConnection, notice: Notice, by: Actor, why: Mapping[int, str]
    ) -> None:
        going = [one for one in dispatches.of_notice(connection, notice.id) if one.revision in why]
        going = [one for one in going if one.finished_at is None and one.withdrawn_at is None]
        said = {
            one.revision: self.deliveries.withdraw_waiting(connection, notice.id, one.revision, by)
            for one in going
        }
        for number, left in said.items():
            text = revision_of(connection, notice, number)
            self.book.note(connection, notice, by, "stopped", text, note=f"{why[number]} {left}")
