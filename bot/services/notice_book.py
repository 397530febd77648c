"""Every step of a notice, written down at once: its history, the messages that show it, the audit trail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from bot.core.notices import Notice, NoticeEvent, NoticeRevision
from bot.core.people import Actor, Source
from bot.errors import NotFoundError
from bot.ledger import audit, notice_revisions
from bot.ledger import notices as ledger
from bot.ledger.connection import LedgerConnection
from bot.services.by_id import the_one
from bot.services.notifying import Notifier

TOPIC = "notice"
ASK = "notice-ask"  # a direct message; subject: NOTICE/USER


def approval_subject(revision: NoticeRevision) -> str:
    """How requests for approval name a text."""
    return revision.key


def the_clock(notice: Notice) -> Actor:
    """Who acts where nobody did."""
    return Actor(notice.team, "clock", Source.SCHEDULE)


@dataclass(frozen=True)
class NoticeBook:
    """Call note() last in a transaction: all writers of the audit trail wait for its end."""

    notifier: Notifier

    def note(
        self,
        connection: LedgerConnection,
        notice: Notice,
        actor: Actor,
        what: str,
        revision: NoticeRevision | None = None,
        *,
        note: str = "",
        details: Mapping[str, object] | None = None,
    ) -> None:
        """Write one step down."""
        number, stage = (revision.number, revision.stage) if revision else (None, "")
        event = NoticeEvent(0, datetime.now(UTC), what, actor.user, number, stage, note)
        seq = ledger.add_event(connection, notice.id, event)
        version = ledger.bump(connection, notice.id)
        self._tell(connection, notice, "opened" if seq == 1 else f"change:{version}")
        self._tell(connection, notice, f"history:{seq}")
        facts: dict[str, object] = {"phase": notice.phase.value}
        if revision:
            facts |= {
                "revision": revision.number,
                "stage": revision.stage,
                "content_hash": revision.content_hash,
                "bundle_hash": revision.bundle_hash,
                "recipients": revision.recipients,
                "approval": revision.approval_id,
            }
        audit.record(connection, actor, f"notice.{what}", f"notice:{notice.id}", facts | dict(details or {}))

    def redraw(self, connection: LedgerConnection, notice: Notice) -> None:
        """Have the one message show what has changed without a step of its own: how deliveries stand."""
        self._tell(connection, notice, f"change:{ledger.bump(connection, notice.id)}")

    def ask(self, connection: LedgerConnection, notice: Notice, what: str, number: int = 1) -> None:
        """Ask the owner for a follow-up: in the thread, and by a direct message."""
        stage = f"ask:{what}:{number}:{notice.version}"
        self._tell(connection, notice, stage)
        if notice.source == Source.SLACK:
            about = (ASK, f"{notice.id}/{notice.owner}")
            self.notifier.tell(connection, about, stage, team=notice.team, channel=notice.owner)

    def _tell(self, connection: LedgerConnection, notice: Notice, stage: str) -> None:
        self.notifier.tell(connection, (TOPIC, notice.id), stage, team=notice.team, channel=notice.channel)


def find(connection: LedgerConnection, word: str) -> Notice:
    """A notice by its id or the beginning of it.

    Raises:
        NotFoundError, UserError: as in the_one().
    """
    look = partial(ledger.find_by_prefix, connection)
    return the_one(word, look, noun="notice", next_step="`/notice list` shows them all.")


def revision_of(connection: LedgerConnection, notice: Notice, number: int) -> NoticeRevision:
    """One text of a notice.

    Raises:
        NotFoundError: there is none of this number.
    """
    for revision in notice_revisions.every(connection, notice.id):
        if revision.number == number:
            return revision
    raise NotFoundError(
        f"Notice {notice.id} has no text number {number}.", next_step=f"Look at `/notice show {notice.id}`."
    )
