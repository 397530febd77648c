"""Looking at notices: the message as of now, lists, everything about one, and what outbox rows show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.core.approvals import Approval
from bot.core.delivery import DeliverySummary
from bot.core.notice_truth import superseded_by
from bot.core.notices import Notice, NoticePhase, NoticeRevision, RevisionState, current
from bot.core.people import Action, Actor
from bot.core.reply import Attachment, Showing
from bot.errors import NotFoundError
from bot.ledger import approvals, dispatches, notice_revisions
from bot.ledger import notices as ledger
from bot.ledger.connection import LedgerConnection, LedgerPool, borrowed
from bot.services import notice_export
from bot.services.access import Gate
from bot.services.notice_audience import audience_zones
from bot.services.notice_book import TOPIC, find
from bot.services.notice_orphans import missing_parts
from bot.services.notice_texts import NoticeTexts
from bot.services.notice_views import (
    NoticeAsk,
    NoticeDetails,
    NoticeHistoryLine,
    NoticeList,
    NoticeMessage,
)
from bot.settings import Configuration

_LISTED = 20
_NEW_TEXT = ("drafted", "edited")


@dataclass(frozen=True)
class NoticeReading:
    """Reads, and changes nothing."""

    pool: LedgerPool
    configuration: Configuration
    gate: Gate
    texts: NoticeTexts

    def message(self, notice_id: str) -> NoticeMessage:
        """A notice's message as of now, by its id or the beginning of it.

        Raises:
            NotFoundError: no such notice.
        """
        with borrowed(self.pool) as connection:
            return self.read(connection, find(connection, notice_id).id)

    def newest(self, actor: Actor) -> NoticeList:
        """`/notice list`.

        Raises:
            NotAllowedError: the actor has no role.
        """
        self.gate.admit(actor, Action.SEE, {"what": "notices"})
        with borrowed(self.pool) as connection:
            found = ledger.newest(connection, _LISTED)
            entries = [(notice, current(notice_revisions.every(connection, notice.id))) for notice in found]
        return NoticeList(entries, datetime.now(UTC))

    def show(self, actor: Actor, notice_id: str) -> NoticeDetails:
        """`/notice show ID`: the exact texts, how each was delivered, who approved what.

        Raises:
            NotAllowedError: the actor has no role.
            NotFoundError: no such notice.
        """
        self.gate.admit(actor, Action.SEE, {"notice": notice_id[:8]})
        with borrowed(self.pool) as connection:
            notice = find(connection, notice_id)
            revisions = notice_revisions.every(connection, notice.id)
            asked = [
                approval
                for revision in revisions
                for approval in reversed(approvals.of_subject(connection, TOPIC, revision.key))
            ]
            events = ledger.events(connection, notice.id)
            return NoticeDetails(self.read(connection, notice.id), revisions, asked, events)

    def last_of(self, kind: str, product: str | None = None) -> NoticeRevision | None:
        """The newest text of the newest notice of a kind: starting values for the next one."""
        with borrowed(self.pool) as connection:
            notice = ledger.newest_of_kind(connection, kind, product)
            if notice is None:
                return None
            own = [r for r in notice_revisions.every(connection, notice.id) if r.covered_by is None]
            return own[-1] if own else None

    def read(self, connection: LedgerConnection, notice_id: str) -> NoticeMessage:
        """The same in the caller's transaction, by the exact id."""
        notice = ledger.get(connection, notice_id)
        revisions = notice_revisions.every(connection, notice_id)
        shown = current(revisions)
        if shown is None:
            raise NotFoundError(f"Notice {notice_id} has no text.", next_step="")
        approval = approvals.get(connection, shown.approval_id) if shown.approval_id else None
        return NoticeMessage(
            notice=notice,
            current=shown,
            now=datetime.now(UTC),
            covered=[r for r in revisions if r.covered_by == shown.number],
            reach=shown.reach,
            deliveries=_deliveries(connection, notice_id),
            approval=approval,
            sent=[r for r in reversed(revisions) if r.state in (RevisionState.SENT, RevisionState.SENDING)],
            time_zone=self._zone(notice),
            missing=self.missing(notice),
            outdated=frozenset(r.number for r in revisions if superseded_by(r, revisions)),
        )

    def missing(self, notice: Notice) -> tuple[str, ...]:
        """What the configuration has no more and a notice that is not over would need."""
        if notice.phase in (NoticePhase.OVER, NoticePhase.WITHDRAWN):
            return ()
        return missing_parts(notice, self.configuration, self.texts)

    def covered(self, connection: LedgerConnection, revision: NoticeRevision) -> Sequence[NoticeRevision]:
        """What is approved together with a text, in the order of the times."""
        every = notice_revisions.every(connection, revision.notice_id)
        return [each for each in every if each.covered_by == revision.number]

    def window_covers(self, database: str, at: datetime) -> bool:
        """Whether customers were told of works on this database at this instant."""
        with borrowed(self.pool) as connection:
            return ledger.covering(connection, database, at)

    def showing(self, subject: str, stage: str) -> Showing | None:
        """What a row of the topics of notices shows now; None where there is nothing to show."""
        try:
            message = self.message(subject.partition("/")[0])
        except NotFoundError:
            return None
        if stage.startswith("ask:"):
            return self._asking(message, stage)
        if stage.startswith("history:"):
            wanted = int(stage.split(":")[1])
            return self._line(message, wanted)
        return Showing(message)

    def _asking(self, message: NoticeMessage, stage: str) -> Showing | None:
        """What the owner is asked; None where it was answered before anybody was asked."""
        _, what, number, *_ = stage.split(":")
        if what != "recount":
            return Showing(NoticeAsk(message.notice, what, message.now), "thread")
        with borrowed(self.pool) as connection:
            texts = notice_revisions.every(connection, message.notice.id)
        text = next((one for one in texts if one.number == int(number)), None)
        if text is None or text.held_recipients is None:
            return None
        return Showing(NoticeAsk(message.notice, what, message.now, text), "thread")

    def _line(self, message: NoticeMessage, seq: int) -> Showing | None:
        """A line of the thread; a new text comes with all of its words, and those of its follow-ups."""
        with borrowed(self.pool) as connection:
            events = ledger.events(connection, message.notice.id)
            texts = notice_revisions.every(connection, message.notice.id)
        line = next((event for event in events if event.seq == seq), None)
        if line is None:
            return None
        title = next((each.title for each in texts if each.number == line.number), "")
        view = NoticeHistoryLine(message.notice, line, title)
        if line.what not in _NEW_TEXT or line.number is None:
            return Showing(view, "thread")
        return Showing(view, "thread", _words(message, texts, line.number))

    def papers(self, approval: Approval) -> Attachment | None:
        """Every word that a request asks for, in every format, with what is to follow by itself."""
        notice_id, _, number = approval.subject.partition(".")
        with borrowed(self.pool) as connection:
            message = self.read(connection, notice_id)
            texts = notice_revisions.every(connection, notice_id)
        return _words(message, texts, int(number))

    def _zone(self, notice: Notice) -> str:
        return audience_zones(self.configuration, notice.product, notice.audiences)[0]


def _words(message: NoticeMessage, texts: Sequence[NoticeRevision], number: int) -> Attachment:
    bundle = [each for each in texts if number in (each.number, each.covered_by)]
    words = notice_export.texts(bundle, message.time_zone)
    name = f"notice-{message.notice.id}.{number}.md"
    return Attachment(name, "Word for word, everything that would go out", words)


def _deliveries(connection: LedgerConnection, notice_id: str) -> Mapping[int, DeliverySummary]:
    found = dispatches.of_notice(connection, notice_id)
    return {each.revision: dispatches.summary(connection, each) for each in found}
