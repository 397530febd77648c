"""Counting whom a draft would reach: in a worker, as a large or slow audience outlasts Slack's patience."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from bot.core.notices import Notice, NoticeRevision, Reach, RevisionState
from bot.core.people import Action, Actor
from bot.core.units import plural
from bot.errors import LedgerUnavailableError, SparewheelError, UserError
from bot.ledger import notice_revisions
from bot.ledger import notices as ledger
from bot.ledger.connection import LedgerConnection, LedgerPool, borrowed
from bot.ledger.queue import Queue
from bot.services.access import Gate
from bot.services.notice_audience import NoticeAudience, reach_of
from bot.services.notice_book import NoticeBook, find, revision_of
from bot.services.notice_reading import NoticeReading
from bot.services.notice_views import NoticeAnswer
from bot.services.notice_writing import not_in_this_state

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class NoticeCounting:
    """From a draft that nobody has counted to one with its number, or with the reason why there is none."""

    pool: LedgerPool
    queue: Queue
    gate: Gate
    audience: NoticeAudience
    book: NoticeBook
    reading: NoticeReading

    def begin(self, connection: LedgerConnection, notice: Notice, number: int) -> None:
        """Have a worker count, in the transaction that writes the draft."""
        self.queue.recipients(connection, notice.id, number)

    def again(self, actor: Actor, notice_id: str, number: int) -> NoticeAnswer:
        """Count once more, after the audience was mended.

        Raises:
            UserError: it is not a draft any more.
            NotAllowedError: the actor's role does not reach.
        """
        self.gate.admit(actor, Action.WRITE_NOTICE, {"notice": notice_id[:8], "revision": number})
        with borrowed(self.pool) as connection:
            notice = ledger.get(connection, find(connection, notice_id).id, lock=True)
            revision = revision_of(connection, notice, number)
            if revision.state is not RevisionState.DRAFT:
                raise not_in_this_state("counted again", revision.state.value)
            notice_revisions.move(connection, "not_counted", notice.id, number, problem="")
            self.begin(connection, notice, number)
            self.book.redraw(connection, notice)
        return NoticeAnswer(notice, revision, "counting")

    def run(self, notice_id: str, number: int) -> None:
        """Count, and show it in the draft's message. What went on or was replaced meanwhile stays as it is.

        Raises:
            LedgerUnavailableError: try again later.
        """
        with borrowed(self.pool) as connection:
            notice = ledger.get(connection, notice_id)
            revision = revision_of(connection, notice, number)
        if revision.state is not RevisionState.DRAFT:
            return
        found = self._count(notice, revision)
        with borrowed(self.pool) as connection:
            notice = ledger.get(connection, notice_id, lock=True)
            if revision_of(connection, notice, number).state is not RevisionState.DRAFT:
                return
            if isinstance(found, Reach):
                notice_revisions.counted(connection, notice_id, number, found)
            else:
                notice_revisions.move(connection, "not_counted", notice_id, number, problem=found)
            self.book.redraw(connection, notice)

    def _count(self, notice: Notice, revision: NoticeRevision) -> Reach | str:
        """The numbers, or a sentence that says why there are none."""
        try:
            return reach_of(self.audience.gather(revision.audiences, notice.id))
        except LedgerUnavailableError:
            raise
        except SparewheelError as error:
            return f"{error.sentence} {error.next_step}".strip()
        except Exception as error:  # noqa: BLE001 - a draft must not wait for ever; its words may hold addresses
            _LOG.error("the recipients of notice %s were not counted: %s", notice.id, type(error).__name__)
            return f"Something unforeseen happened ({type(error).__name__}); it is in the bot's log."


def refuse_uncounted(revision: NoticeRevision) -> int:
    """How many recipients a text has: nobody is asked to read one that reaches nobody knows whom.

    Raises:
        UserError: they are not counted yet, cannot be counted, or there are none.
    """
    if revision.recipients is None and revision.count_problem:
        raise UserError(
            f"Its recipients could not be counted. {revision.count_problem}",
            next_step="Mend that, and press Count again.",
        )
    if revision.recipients is None:
        raise UserError(
            "Its recipients are being counted still. Nothing was submitted.",
            next_step="Wait until the message shows the number; Count again begins anew.",
        )
    if not revision.recipients:
        raise nobody()
    return revision.recipients


def nobody() -> UserError:
    """Nobody would read it: an empty audience is told, not sent to."""
    return UserError(
        f"It would reach {plural(0, 'recipient')}: the audience is empty. Nothing was sent.",
        next_step="Fill the audience, or edit the text and choose another one.",
    )
