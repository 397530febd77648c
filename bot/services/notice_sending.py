"""The last yes, with the number of recipients; rehearsals; and handing a text over to delivery, once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from bot.core.delivery import REHEARSAL
from bot.core.notice_truth import too_late, what_to_do_when_late
from bot.core.notices import Notice, NoticePhase, NoticeRevision, RevisionState, is_over_after
from bot.core.people import Action, Actor
from bot.core.units import plural
from bot.errors import UserError
from bot.ledger import notice_revisions
from bot.ledger import notices as ledger
from bot.ledger.connection import LedgerConnection, LedgerPool, borrowed
from bot.ledger.dispatches import Dispatch, NewDispatch
from bot.services.access import Gate
from bot.services.deliveries import Deliveries
from bot.services.notice_audience import NoticeAudience, reach_of
from bot.services.notice_book import NoticeBook, find, revision_of, the_clock
from bot.services.notice_counting import nobody
from bot.services.notice_order import NoticeOrder
from bot.services.notice_reading import NoticeReading
from bot.services.notice_views import NoticeAnswer, NoticeMessage
from bot.services.notice_writing import not_in_this_state
from bot.services.recipients import Audience


@dataclass(frozen=True)
class NoticeSending:
    """From an approved text to one that is on its way, and to one that has gone."""

    pool: LedgerPool
    gate: Gate
    audience: NoticeAudience
    deliveries: Deliveries
    book: NoticeBook
    reading: NoticeReading
    order: NoticeOrder

    def confirm_send(self, actor: Actor, notice_id: str, number: int, recipients: int) -> NoticeMessage:
        """The last yes: send text `number` to `recipients` people, at once or at its time.

        For one that is held because its audience has changed it is the yes to the new number, and sends it.

        Raises:
            UserError: it is not approved (any more), somebody was faster, the number is another by now,
                nobody would read it, or it is not true any more.
            NotAllowedError: the actor's role does not reach.
        """
        self.gate.admit(actor, Action.WRITE_NOTICE, {"notice": notice_id[:8], "revision": number})
        notice, revision = self._look(notice_id, number)
        waits = revision.state is RevisionState.APPROVED and not revision.covered_by
        if not waits and revision.held_recipients is None:
            raise not_in_this_state("sent", revision.state.value)
        refuse_late(notice, revision, datetime.now(UTC))
        audience = self.audience.gather(revision.audiences, notice.id)
        self._refuse_other_number(actor, notice, revision, audience, recipients)
        with borrowed(self.pool) as connection:
            notice = self.order.lock(connection, notice.id)
            state = _confirmed(connection, actor, revision, recipients)
            if state is None:
                raise not_in_this_state("sent", revision_of(connection, notice, number).state.value)
            if state is RevisionState.SENDING:
                self.hand_over(connection, notice, revision, audience, actor)
            told = ledger.get(connection, notice.id)
            details = {"confirmed_recipients": recipients}
            self.book.note(connection, told, actor, state.value, revision, details=details)
            return self.reading.read(connection, notice.id)

    def hold(
        self, connection: LedgerConnection, notice: Notice, revision: NoticeRevision, audience: Audience
    ) -> None:
        """Ask whether a text is really to reach another number than was confirmed; once for each number."""
        changed = notice_revisions.move(
            connection, "hold", notice.id, revision.number, recipients=audience.total
        )
        if not changed:
            return
        notice_revisions.counted(connection, notice.id, revision.number, reach_of(audience))
        self.book.ask(connection, notice, "recount", revision.number)
        approved = plural(confirmed(revision), "recipient")
        said = f"It was approved for {approved} and would reach {audience.total:,} now."
        details = {"approved_for": confirmed(revision), "now": audience.total}
        self.book.note(connection, notice, the_clock(notice), "held", revision, note=said, details=details)

    def rehearse(self, actor: Actor, notice_id: str, number: int) -> NoticeAnswer:
        """Send a text to the team's channel alone, marked as a rehearsal. Needs no approval.

        Raises:
            UserError: the notice belongs to no channel.
            NotAllowedError: the actor's role does not reach.
        """
        self.gate.admit(actor, Action.WRITE_NOTICE, {"notice": notice_id[:8], "revision": number})
        notice, revision = self._look(notice_id, number)
        if notice.channel is None:
            raise UserError(
                "This notice belongs to no channel of the team, so there is nobody to rehearse before.",
                next_step="Set `[slack] operations_channel` and write it again.",
            )
        with borrowed(self.pool) as connection:
            new = _dispatch(notice, revision, rehearsal=True)
            self.deliveries.plan(connection, new, {REHEARSAL: (notice.channel,)})
            self.book.note(connection, notice, actor, "rehearsed", revision)
        return NoticeAnswer(notice, revision, "rehearsed", 1)

    def hand_over(
        self,
        connection: LedgerConnection,
        notice: Notice,
        revision: NoticeRevision,
        audience: Audience,
        by: Actor,
    ) -> None:
        """Begin the delivery of a text that has just been moved to SENDING; after order.lock().

        Texts that would contradict it are taken out where they wait for their time, and taken back from
        whoever waits for them.
        """
        self.deliveries.plan(connection, _dispatch(notice, revision), audience.recipients)
        notice_revisions.counted(connection, notice.id, revision.number, reach_of(audience))
        if revision.covered_by is None:
            moved = revision.window is not None and revision.window != notice.window
            stage = None if moved or revision.ends else revision.stage
            why = f"{revision.title} says otherwise"
            notice_revisions.replace_scheduled(connection, notice.id, revision.number, why, stage)
        ledger.told(connection, notice, revision)
        told = ledger.get(connection, notice.id)
        self.order.take_back_superseded(connection, told, by)

    def stop(self, connection: LedgerConnection, notice_id: str, number: int, by: Actor) -> str:
        """Take back what has not been handed over; a sentence, empty where nothing was on its way.

        Call it before the notice is locked: whoever ends a delivery takes the two in this order.
        """
        return self.deliveries.withdraw_waiting(connection, notice_id, number, by)

    def finished(self, connection: LedgerConnection, dispatch: Dispatch) -> None:
        """Nobody waits any more: the text is out, in the transaction that ends its delivery.

        Some of it may have been tried again long after; then the message alone changes. How a rehearsal went
        is said in the thread.
        """
        if dispatch.rehearsal:
            self._rehearsed(connection, dispatch)
        elif not self.close(connection, dispatch.notice_id, dispatch.revision):
            self.book.redraw(connection, ledger.get(connection, dispatch.notice_id))

    def _rehearsed(self, connection: LedgerConnection, dispatch: Dispatch) -> None:
        notice = ledger.get(connection, dispatch.notice_id, lock=True)
        revision = revision_of(connection, notice, dispatch.revision)
        summary = self.deliveries.stands(connection, dispatch)
        what, said = ("rehearsal-arrived", "") if summary.all_sent else ("rehearsal-failed", summary.why_not)
        self.book.note(connection, notice, the_clock(notice), what, revision, note=said)

    def redraw(self, notice_id: str) -> NoticeMessage:
        """Have the message show how deliveries stand, after somebody decided about one."""
        with borrowed(self.pool) as connection:
            self.book.redraw(connection, ledger.get(connection, notice_id, lock=True))
            return self.reading.read(connection, notice_id)

    def close(self, connection: LedgerConnection, notice_id: str, number: int) -> bool:
        """A text is out; with the last one the matter is over. Once, whoever calls first: True for them."""
        notice = ledger.get(connection, notice_id, lock=True)
        if not notice_revisions.move(connection, "sent", notice_id, number):
            return False
        revision = revision_of(connection, notice, number)
        over = is_over_after(revision, notice_revisions.every(connection, notice_id))
        if over:
            ledger.end(connection, notice_id, NoticePhase.OVER)
        now = ledger.get(connection, notice_id)
        self.book.note(connection, now, the_clock(notice), "sent", revision)
        if over:
            self.book.note(connection, now, the_clock(notice), "over", revision)
        return True

    def _look(self, notice_id: str, number: int) -> tuple[Notice, NoticeRevision]:
        with borrowed(self.pool) as connection:
            notice = find(connection, notice_id)
            return notice, revision_of(connection, notice, number)

    def _refuse_other_number(
        self, actor: Actor, notice: Notice, revision: NoticeRevision, audience: Audience, shown: int
    ) -> None:
        """Whoever confirmed another number did not mean this one. The message then shows the new one."""
        if audience.total == shown and shown:
            return
        with borrowed(self.pool) as connection:
            ledger.get(connection, notice.id, lock=True)
            notice_revisions.counted(connection, notice.id, revision.number, reach_of(audience))
            details = {"shown": shown, "now": audience.total}
            self.book.note(connection, notice, actor, "recounted", revision, details=details)
            if revision.held_recipients is not None and audience.total:
                self.hold(connection, notice, revision, audience)
        if not audience.total:
            raise nobody()
        raise UserError(
            f"It would reach {plural(audience.total, 'recipient')} now, not {shown:,}. Nothing was sent.",
            next_step="The message shows the new number; confirm that one if it is right.",
        )


def refuse_late(notice: Notice, revision: NoticeRevision, now: datetime) -> None:
    """Keep a text that is not true any more from its readers.

    Raises:
        UserError: its window has begun, or is over; the step says what can be told instead.
    """
    if why := too_late(revision, now):
        raise UserError(f"{why}. Nothing was sent.", next_step=what_to_do_when_late(notice, revision))


def confirmed(revision: NoticeRevision) -> int:
    """How many recipients people said yes to."""
    return revision.confirmed_recipients or revision.recipients or 0


def _confirmed(
    connection: LedgerConnection, actor: Actor, revision: NoticeRevision, recipients: int
) -> RevisionState | None:
    """Write the last yes, and what becomes of the text by it. None: somebody was faster."""

    def move(change: str) -> int:
        about = (revision.notice_id, revision.number)
        return notice_revisions.move(
            connection, change, *about, confirmed_by=actor.user, recipients=recipients
        )

    if revision.held_recipients is not None:
        begun = move("confirm_held") and notice_revisions.move(
            connection, "begin", revision.notice_id, revision.number
        )
        return RevisionState.SENDING if begun else None
    state = notice_revisions.confirm(connection, revision, actor.user, recipients, datetime.now(UTC))
    if state is not None:
        move("confirm_covered")
    return state


def _dispatch(notice: Notice, revision: NoticeRevision, *, rehearsal: bool = False) -> NewDispatch:
    window = revision.window
    return NewDispatch(
        notice_id=notice.id,
        revision=revision.number,
        team=notice.team,
        kind=notice.kind,
        stage=revision.stage,
        severity=revision.severity,
        status=revision.status,
        subject=revision.text.subject,
        body_text=revision.text.text,
        body_html=revision.text.html,
        body_slack=revision.text.slack,
        content_hash=revision.content_hash,
        starts_at=window.start if window else None,
        ends_at=window.end if window else None,
        rehearsal=rehearsal,
    )
