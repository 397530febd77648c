"""Notices in the ledger: the matter, its texts and its history. Changes of state are conditional UPDATEs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import DictRow

from bot.core.ids import new_id
from bot.core.notices import (
    Notice,
    NoticeEvent,
    NoticePhase,
    NoticeRevision,
)
from bot.core.people import Actor
from bot.errors import NotFoundError
from bot.ledger.connection import LedgerConnection
from bot.ledger.notice_revisions import window_of
from bot.ledger.statements import statements


@dataclass(frozen=True)
class NewNotice:
    """A matter as it is written. `request_key`: the same for every repetition of one submission."""

    kind: str
    product: str
    databases: tuple[str, ...]
    audiences: tuple[str, ...]
    owner: Actor
    channel: str | None
    request_key: str


def insert(conn: LedgerConnection, new: NewNotice) -> str | None:
    """Write a matter, and answer its id. None: this submission wrote it before."""
    notice_id = new_id()
    made = statements("notices").run(
        conn,
        "insert",
        id=notice_id,
        kind=new.kind,
        product=new.product,
        databases=list(new.databases),
        audiences=list(new.audiences),
        team=new.owner.team,
        owner=new.owner.user,
        source=new.owner.source.value,
        channel=new.channel,
        request_key=new.request_key,
    )
    return notice_id if made else None


def by_key(conn: LedgerConnection, request_key: str) -> str | None:
    """The id of the matter that a submission wrote."""
    found = statements("notices").value(conn, "by_key", request_key=request_key)
    return None if found is None else str(found)


def get(conn: LedgerConnection, notice_id: str, *, lock: bool = False) -> Notice:
    """The notice of exactly this id; `lock`: nobody else changes it until the end of the transaction.

    Raises:
        NotFoundError: there is none.
    """
    row = statements("notices").one(conn, "lock" if lock else "get", id=notice_id)
    if row is None:
        raise NotFoundError(f"There is no notice {notice_id}.", next_step="`/notice list` shows them all.")
    return _notice(row)


def find_by_prefix(conn: LedgerConnection, prefix: str) -> list[Notice]:
    """Notices whose id starts so, the newest first, at most five."""
    return [_notice(row) for row in statements("notices").every(conn, "find_by_prefix", prefix=prefix)]


def unfinished(conn: LedgerConnection) -> list[Notice]:
    """Every notice that is neither over nor withdrawn, the oldest first."""
    return [_notice(row) for row in statements("notices").every(conn, "unfinished")]


def newest(conn: LedgerConnection, limit: int) -> list[Notice]:
    """The newest notices."""
    return [_notice(row) for row in statements("notices").every(conn, "newest", limit=limit)]


def newest_of_kind(conn: LedgerConnection, kind: str, product: str | None = None) -> Notice | None:
    """The last notice of a kind, for the starting values of the next one."""
    row = statements("notices").one(conn, "newest_of_kind", kind=kind, product=product)
    return None if row is None else _notice(row)


def work(conn: LedgerConnection, now: datetime) -> list[str]:
    """Ids of the notices that a clock has to look at."""
    return [row["id"] for row in statements("notices").every(conn, "work", now=now)]


def covering(conn: LedgerConnection, database: str, at: datetime) -> bool:
    """Whether the instant lies in a window that customers of this database were told of."""
    return bool(statements("notices").value(conn, "covering", database=database, at=at))


def told(conn: LedgerConnection, notice: Notice, revision: NoticeRevision) -> None:
    """Keep what customers are being told by this text."""
    window = revision.window
    statements("notices").run(
        conn,
        "told",
        id=notice.id,
        window_start=window.start if window else None,
        window_end=window.end if window else None,
        promised_at=revision.promised_at,
        fresh=window is not None and window != notice.window,
    )


def end(conn: LedgerConnection, notice_id: str, phase: NoticePhase) -> bool:
    """The matter is over or was withdrawn. False: it was before."""
    return statements("notices").run(conn, "set_phase", id=notice_id, phase=phase.value) == 1


def set_audience(
    conn: LedgerConnection, notice_id: str, audiences: Sequence[str], databases: Sequence[str], product: str
) -> None:
    """Whom it concerns, as long as nothing of it has reached anybody."""
    statements("notices").run(
        conn,
        "set_audience",
        id=notice_id,
        audiences=list(audiences),
        databases=list(databases),
        product=product,
    )


def mark_asked(conn: LedgerConnection, notice_id: str, stage: str) -> bool:
    """Keep that people are asked for a follow-up. False: they were before."""
    return statements("notices").run(conn, "mark_asked", id=notice_id, stage=stage) == 1


def mark_promise(conn: LedgerConnection, notice_id: str, number: int) -> bool:
    """Keep that the owner is reminded of a promise. False: they were before."""
    return statements("notices").run(conn, "mark_promise", id=notice_id, number=number) == 1


def bump(conn: LedgerConnection, notice_id: str) -> int:
    """Count a change, and answer the version that it makes."""
    return int(statements("notices").value(conn, "bump", id=notice_id))


def add_event(conn: LedgerConnection, notice_id: str, event: NoticeEvent) -> int:
    """Write a line of history (its `seq` and `at` are given here) and answer its number."""
    return int(
        statements("notices").value(
            conn,
            "add_event",
            notice_id=notice_id,
            what=event.what,
            by=event.by,
            number=event.number,
            stage=event.stage,
            note=event.note,
        )
    )


def events(conn: LedgerConnection, notice_id: str) -> list[NoticeEvent]:
    """The history, the oldest line first."""
    return [
        NoticeEvent(
            row["seq"], row["at"], row["what"], row["by_user"], row["number"], row["stage"], row["note"]
        )
        for row in statements("notices").every(conn, "events", notice_id=notice_id)
    ]


_NOTICE = (
    *("id", "kind", "product", "team", "channel", "owner", "source", "created_at", "promised_at"),
    *("promise_reminders", "version", "ended_at"),
)


def _notice(row: DictRow) -> Notice:
    return Notice(
        **{name: row[name] for name in _NOTICE},
        databases=tuple(row["databases"]),
        audiences=tuple(row["audiences"]),
        phase=NoticePhase(row["phase"]),
        window=window_of(row),
        asked=frozenset(row["asked"]),
    )
