"""Writing customers' notices: draft, follow-up, edit, submit, withdraw. Nothing here reaches a customer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bot.core.notices import (
    EDITABLE,
    OPEN,
    Notice,
    NoticePhase,
    NoticeRevision,
    RevisionState,
    is_over_now,
)
from bot.core.people import Action, Actor, identities_of
from bot.errors import UserError
from bot.ledger import notice_revisions
from bot.ledger import notices as ledger
from bot.ledger.connection import LedgerConnection, LedgerPool, borrowed
from bot.ledger.notices import NewNotice
from bot.services.access import Gate
from bot.services.approvals import Approvals
from bot.services.notice_asking import ask_for
from bot.services.notice_book import TOPIC, NoticeBook, find, revision_of
from bot.services.notice_counting import NoticeCounting
from bot.services.notice_reading import NoticeReading
from bot.services.notice_sending import NoticeSending, refuse_late
from bot.services.notice_views import NoticeAnswer, NoticeMessage
from bot.services.notice_writing import (
    NoticeInput,
    NoticeWriter,
    Written,
    not_in_this_state,
    refuse_uneditable,
)
from bot.settings import Configuration
from bot.settings.channels import SlackChannelSettings


@dataclass(frozen=True)
class Notices:
    """The use cases behind `/notice`, up to the last yes."""

    pool: LedgerPool
    configuration: Configuration
    gate: Gate
    approvals: Approvals
    writer: NoticeWriter
    book: NoticeBook
    reading: NoticeReading
    sending: NoticeSending
    counting: NoticeCounting

    def draft(self, actor: Actor, typed: NoticeInput, key: str) -> NoticeMessage:
        """Write a new matter with its first text. `key`: of the submission; once for each.

        Raises:
            NotAllowedError: the actor's role does not reach.
            FieldsError: with a sentence for each field that is wrong.
        """
        self._admit(actor, typed.kind)
        with borrowed(self.pool) as connection:
            if known := ledger.by_key(connection, key):
                return self.reading.read(connection, known)
        if not self.writer.texts.stage(typed.kind, typed.stage).file.opens:
            raise UserError(
                f"A notice of {typed.kind} does not begin with {typed.stage}.",
                next_step="Follow an existing one up: `/notice list` shows them.",
            )
        written = self._write(actor, typed)
        with borrowed(self.pool) as connection:
            new = NewNotice(
                kind=typed.kind,
                product=written.product,
                databases=written.databases,
                audiences=typed.audiences,
                owner=actor,
                channel=self._team_channel(typed.channel),
                request_key=key,
            )
            notice_id = ledger.insert(connection, new)
            if notice_id is None:  # the same submission, a moment earlier
                return self.reading.read(connection, ledger.by_key(connection, key) or "")
            notice = ledger.get(connection, notice_id, lock=True)
            self._add(connection, notice, written, actor, key)
            return self.reading.read(connection, notice_id)

    def follow_up(self, actor: Actor, notice_id: str, typed: NoticeInput, key: str) -> NoticeMessage:
        """Write the next text of a matter that customers know of.

        Raises:
            UserError: it is over or was never sent, or another text of it is worked on.
            FieldsError, NotAllowedError: as draft().
        """
        self._admit(actor, typed.kind)
        with borrowed(self.pool) as connection:
            notice = find(connection, notice_id)
            if notice_revisions.written_before(connection, notice.id, key):
                return self.reading.read(connection, notice.id)
            self._refuse_follow_up(connection, notice, typed)
        written = self._write(actor, typed, notice)
        with borrowed(self.pool) as connection:
            notice = ledger.get(connection, notice.id, lock=True)
            if not notice_revisions.written_before(connection, notice.id, key):
                self._refuse_follow_up(connection, notice, typed)
                self._add(connection, notice, written, actor, key)
            return self.reading.read(connection, notice.id)

    def edit(self, actor: Actor, notice_id: str, number: int, typed: NoticeInput, key: str) -> NoticeMessage:
        """Replace a text by a new one. What was approved or asked for it is void.

        Raises:
            UserError: it is on its way or over.
            FieldsError, NotAllowedError: as draft().
        """
        self._admit(actor, typed.kind)
        with borrowed(self.pool) as connection:
            notice = find(connection, notice_id)
            if notice_revisions.written_before(connection, notice.id, key):
                return self.reading.read(connection, notice.id)
            old = revision_of(connection, notice, number)
            _refuse_edit(notice, old, typed)
            earlier = notice_revisions.authors(connection, notice.id, number)
        written = self._write(actor, typed, notice if notice.phase is NoticePhase.LIVE else None, earlier)
        with borrowed(self.pool) as connection:
            voided = self.approvals.void(connection, TOPIC, old.key, "the text was edited")
            notice = ledger.get(connection, notice.id, lock=True)
            if notice_revisions.written_before(connection, notice.id, key) is None:
                _refuse_edit(notice, revision_of(connection, notice, number), typed)
                self._end(connection, old, RevisionState.REPLACED, "edited")
                ledger.set_audience(
                    connection, notice.id, typed.audiences, written.databases, written.product
                )
                self._add(connection, notice, written, actor, key, "edited")
            self.approvals.note_void(connection, voided, actor)
            return replace(self.reading.read(connection, notice.id), voided=bool(voided))

    def submit(self, actor: Actor, notice_id: str, number: int) -> NoticeMessage:
        """Ask others to read a text, exactly as it is.

        Raises:
            UserError: it is not a draft any more, not counted yet, reaches nobody, or is not true any more.
            NotAllowedError: the actor's role does not reach.
        """
        self._admit(actor, notice_id)
        with borrowed(self.pool) as connection:
            notice = ledger.get(connection, find(connection, notice_id).id, lock=True)
            revision = revision_of(connection, notice, number)
            if revision.state is not RevisionState.DRAFT or revision.covered_by:
                raise not_in_this_state("submitted", revision.state.value)
            refuse_late(notice, revision, datetime.now(UTC))
            authors = notice_revisions.authors(connection, notice.id, number)
            covered = self.reading.covered(connection, revision)
            ask = ask_for(self.configuration, notice, revision, covered, requested=actor, authors=authors)
            approval = self.approvals.open(connection, ask)
            notice_revisions.move(connection, "submit", notice.id, number, approval_id=approval.id)
            submitted = revision_of(connection, notice, number)
            self.book.note(connection, notice, actor, "submitted", submitted)
            return self.reading.read(connection, notice.id)

    def withdraw(self, actor: Actor, notice_id: str, number: int) -> NoticeAnswer:
        """Take a text back. What has reached somebody has; whoever was not written to yet will not be.

        Raises:
            UserError: it is over already.
            NotAllowedError: the actor's role does not reach.
        """
        self._admit(actor, notice_id)
        with borrowed(self.pool) as connection:
            notice = find(connection, notice_id)
            voided = self.approvals.void(connection, TOPIC, f"{notice.id}.{number}", "it was withdrawn")
            stopped = self.sending.stop(connection, notice.id, number, actor)
            notice = ledger.get(connection, notice.id, lock=True)
            revision = revision_of(connection, notice, number)
            if revision.state not in OPEN:
                raise not_in_this_state("withdrawn", revision.state.value)
            # One that is on its way is stopped, not ended; what was to follow it is withdrawn all the same.
            self._end(
                connection,
                revision,
                RevisionState.WITHDRAWN,
                f"by {actor.user}",
                going=revision.state is RevisionState.SENDING,
            )
            if notice.phase is NoticePhase.DRAFT and revision.state is not RevisionState.SENDING:
                ledger.end(connection, notice.id, NoticePhase.WITHDRAWN)
            what = "stopped" if revision.state is RevisionState.SENDING else "withdrawn"
            over = self._end_if_over(connection, notice)
            self.book.note(connection, notice, actor, what, revision, note=stopped)
            if over:
                self.book.note(connection, ledger.get(connection, notice.id), actor, "over")
            self.approvals.note_void(connection, voided, actor)
            return NoticeAnswer(ledger.get(connection, notice.id), revision, what)

    def _team_channel(self, asked_in: str | None) -> str | None:
        """Where drafts and rehearsals may be read: never in a channel that customers are told in."""
        told_in = {
            one
            for settings in self.configuration.channels.values()
            if isinstance(settings, SlackChannelSettings)
            for one in settings.channels
        }
        if asked_in is None or asked_in in told_in:
            return self.configuration.slack.operations_channel
        return asked_in

    def _admit(self, actor: Actor, what: str) -> None:
        self.gate.admit(actor, Action.WRITE_NOTICE, {"notice": what[:40]})

    def _write(
        self,
        actor: Actor,
        typed: NoticeInput,
        notice: Notice | None = None,
        earlier: frozenset[str] = frozenset(),
    ) -> Written:
        authors = earlier | identities_of(actor, self.configuration.people)
        return self.writer.write(typed, actor.user, authors, datetime.now(UTC), notice)

    def _add(  # noqa: PLR0917 - one bundle, and who wrote it under which key
        self,
        connection: LedgerConnection,
        notice: Notice,
        written: Written,
        actor: Actor,
        key: str,
        what: str = "drafted",
    ) -> None:
        number = notice_revisions.add(connection, notice.id, written.first, request_key=key)
        for covered in written.covered:
            notice_revisions.add(connection, notice.id, covered, covered_by=number)
        self.counting.begin(connection, notice, number)
        self.book.note(connection, notice, actor, what, revision_of(connection, notice, number))

    def _end(
        self,
        connection: LedgerConnection,
        revision: NoticeRevision,
        state: RevisionState,
        note: str,
        *,
        going: bool = False,
    ) -> None:
        changed = notice_revisions.move(
            connection, "end_open", revision.notice_id, revision.number, state=state.value, note=note
        )
        if not changed and not going:
            raise not_in_this_state("changed", "on its way or over")

    @staticmethod
    def _end_if_over(connection: LedgerConnection, notice: Notice) -> bool:
        """Where the last word was out already, only the text that was withdrawn kept the matter open."""
        if notice.phase is not NoticePhase.LIVE:
            return False
        over = is_over_now(notice_revisions.every(connection, notice.id))
        return over and ledger.end(connection, notice.id, NoticePhase.OVER)

    def _refuse_follow_up(self, connection: LedgerConnection, notice: Notice, typed: NoticeInput) -> None:
        if notice.phase is not NoticePhase.LIVE:
            raise UserError(
                f"Notice {notice.id} is {notice.phase.value}; only one that customers know of goes on.",
                next_step="Write a new one.",
            )
        if typed.kind != notice.kind or self.writer.texts.stage(typed.kind, typed.stage).file.opens:
            raise UserError(f"{typed.stage} does not follow up a notice of {notice.kind}.", next_step="")
        going = [
            r
            for r in notice_revisions.every(connection, notice.id)
            if r.state in EDITABLE and not r.covered_by
        ]
        if going:
            raise UserError(
                f"Another text of this notice ({going[0].title.lower()}) is worked on.",
                next_step="Edit, send or withdraw that one first.",
            )


def _refuse_edit(notice: Notice, old: NoticeRevision, typed: NoticeInput) -> None:
    refuse_uneditable(old)
    if (typed.kind, typed.stage) != (notice.kind, old.stage):
        raise UserError("An edit keeps the kind of notice.", next_step="Withdraw this one and write another.")
