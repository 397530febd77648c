"""What happens to notices by themselves: decisions arrive, times come, promises pass, deliveries end."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.core.approvals import Approval, ApprovalState
from bot.core.notice_due import due
from bot.core.notice_truth import has_drifted
from bot.core.notices import (
    EXPIRED,
    LAPSED,
    TAKEN_BACK,
    Notice,
    NoticePhase,
    NoticeRevision,
    RevisionState,
    promise_due,
    to_ask_for,
)
from bot.core.people import Actor
from bot.errors import SparewheelError, UserError
from bot.ledger import notice_revisions
from bot.ledger import notices as ledger
from bot.ledger.connection import LedgerConnection, LedgerPool, borrowed
from bot.services.approvals import Approvals
from bot.services.notice_book import TOPIC, NoticeBook, revision_of, the_clock
from bot.services.notice_sending import NoticeSending, confirmed
from bot.services.recipients import Audience
from bot.settings import Configuration

log = logging.getLogger(__name__)
_BACK = {ApprovalState.EXPIRED: EXPIRED, ApprovalState.WITHDRAWN: TAKEN_BACK}


@dataclass(frozen=True)
class NoticeLife:
    """Called by the approval engine, by deliveries and by clocks. Each step is one transaction, done once."""

    pool: LedgerPool
    configuration: Configuration
    approvals: Approvals
    sending: NoticeSending
    book: NoticeBook

    def decided(self, connection: LedgerConnection, approval: Approval, actor: Actor) -> None:
        """A request about a text has ended, in the transaction that ends it.

        Raises:
            UserError: the text is not what was asked for any more; then the decision is not written either.
        """
        notice_id, _, number = approval.subject.partition(".")
        notice = ledger.get(connection, notice_id, lock=True)
        if approval.state is ApprovalState.APPROVED:
            until = datetime.now(UTC) + timedelta(seconds=self.configuration.approvals.expires)
            moved = notice_revisions.move(
                connection, "approve", notice_id, int(number), approval_id=approval.id, until=until
            )
        else:
            note = approval.ended_why or _BACK.get(approval.state, approval.state.value)
            moved = notice_revisions.move(connection, "back_to_draft", notice_id, int(number), note=note)
        if not moved:
            raise UserError("The text was changed in this moment. Nothing was decided.", next_step="")
        revision = revision_of(connection, notice, int(number))
        what = approval.state.value
        self.book.note(connection, notice, actor, what, revision, note=approval.ended_why)

    def tick(self, now: datetime | None = None) -> None:
        """Do what the time asks for. Any number of clocks may call this at once."""
        moment = now or datetime.now(UTC)
        with borrowed(self.pool) as connection:
            waiting = ledger.work(connection, moment)
        for notice_id in waiting:
            try:
                self._tend(notice_id, moment)
            except SparewheelError as error:
                log.warning("notice %s: %s", notice_id, error.sentence)
            except Exception:
                # One notice that cannot be tended must not keep an emergency waiting behind it.
                log.exception("notice %s could not be tended", notice_id)

    def _tend(self, notice_id: str, now: datetime) -> None:
        with borrowed(self.pool) as connection:
            notice = ledger.get(connection, notice_id)
            revisions = notice_revisions.every(connection, notice_id)
        for revision in revisions:
            if revision.state is RevisionState.SENDING:
                self._close_if_out(revision)
            if revision.state is RevisionState.APPROVED and revision.covered_by is None:
                self._lapse_if_late(revision, now)
        what_is_due = due(notice, revisions, now)
        for revision, why in what_is_due.skip:
            self._skip(revision, why)
        for revision in what_is_due.send:
            self._begin(notice, revision)
        for stage in to_ask_for(notice, revisions, now):
            self._ask(notice_id, stage)
        if number := promise_due(notice, now):
            self._remind_of_promise(notice_id, number)

    def _close_if_out(self, revision: NoticeRevision) -> None:
        """What a delivery's end should have done; a net under it."""
        summary = self.sending.deliveries.summary(revision.notice_id, revision.number)
        if summary and summary.finished_at:
            with borrowed(self.pool) as connection:
                self.sending.close(connection, revision.notice_id, revision.number)

    def _lapse_if_late(self, revision: NoticeRevision, now: datetime) -> None:
        """Approved long ago and never confirmed: it has to be read again."""
        if revision.approved_until is None or revision.approved_until > now:
            return
        with borrowed(self.pool) as connection:
            why = "it was approved, and not sent in time"
            voided = self.approvals.void(connection, TOPIC, revision.key, why)
            notice = ledger.get(connection, revision.notice_id, lock=True)
            fresh = revision_of(connection, notice, revision.number)
            if fresh.state is not RevisionState.APPROVED:
                connection.rollback()
                return
            notice_revisions.move(connection, "back_to_draft", notice.id, revision.number, note=LAPSED)
            self.book.note(connection, notice, the_clock(notice), "lapsed", revision, note=LAPSED)
            self.approvals.note_void(connection, voided, the_clock(notice))

    def _skip(self, revision: NoticeRevision, why: str) -> None:
        with borrowed(self.pool) as connection:
            notice = ledger.get(connection, revision.notice_id, lock=True)
            if notice_revisions.move(connection, "skip", notice.id, revision.number, note=why):
                self.book.note(connection, notice, the_clock(notice), "skipped", revision, note=why)

    def _begin(self, notice: Notice, revision: NoticeRevision) -> None:
        try:
            audience = self.sending.audience.gather(revision.audiences, notice.id)
        except SparewheelError as error:
            self._trouble(notice, revision, error)
            return
        if not audience.total:  # everybody has left or wants no more; nobody would notice otherwise
            step = "Fill the audience; it is tried again every minute."
            self._trouble(notice, revision, UserError("Nobody would receive it.", next_step=step))
            return
        with borrowed(self.pool) as connection:
            fresh = self.sending.order.lock(connection, notice.id)
            if has_drifted(confirmed(revision), audience.total, self._drift):
                self._hold(connection, fresh, revision, audience)
                return
            if not notice_revisions.move(connection, "begin", notice.id, revision.number):
                return
            self.sending.hand_over(connection, fresh, revision, audience, the_clock(notice))
            told = ledger.get(connection, notice.id)
            self.book.note(connection, told, the_clock(notice), "sending", revision)

    def _hold(
        self, connection: LedgerConnection, notice: Notice, revision: NoticeRevision, audience: Audience
    ) -> None:
        """A living audience changes every minute; nobody is asked every minute."""
        asked = revision.held_recipients
        if asked is None or has_drifted(asked, audience.total, self._drift):
            self.sending.hold(connection, notice, revision, audience)

    @property
    def _drift(self) -> float:
        return self.configuration.notices.audience_drift

    def _trouble(self, notice: Notice, revision: NoticeRevision, error: SparewheelError) -> None:
        """Recipients cannot be read now: said once, tried again every minute."""
        with borrowed(self.pool) as connection:
            fresh = ledger.get(connection, notice.id, lock=True)
            if ledger.mark_asked(connection, notice.id, f"trouble-{revision.number}"):
                self.book.ask(connection, fresh, "trouble", revision.number)
                said = f"It was due and could not be sent yet. {error.sentence} {error.next_step}".strip()
                self.book.note(connection, fresh, the_clock(notice), "trouble", revision, note=said)

    def _ask(self, notice_id: str, stage: str) -> None:
        with borrowed(self.pool) as connection:
            notice = ledger.get(connection, notice_id, lock=True)
            if notice.phase is NoticePhase.LIVE and ledger.mark_asked(connection, notice_id, stage):
                self.book.ask(connection, notice, stage)
                self.book.note(connection, notice, the_clock(notice), "asked", note=stage)

    def _remind_of_promise(self, notice_id: str, number: int) -> None:
        with borrowed(self.pool) as connection:
            notice = ledger.get(connection, notice_id, lock=True)
            if notice.promised_at and ledger.mark_promise(connection, notice_id, number):
                self.book.ask(connection, notice, "promise", number)
                self.book.note(connection, notice, the_clock(notice), "promise-late")
