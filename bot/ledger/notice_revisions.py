"""The texts of notices in the ledger: what they say never changes, their states by conditional UPDATEs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from bot.core.notices import NoticeRevision, NoticeText, Reach, RevisionState, Window
from bot.ledger.connection import LedgerConnection
from bot.ledger.statements import statements


@dataclass(frozen=True)
class NewRevision:
    """A text as it is written. `authors`: identities of everybody who wrote it or an earlier form of it."""

    stage: str
    title: str
    severity: str
    status: str
    variables: Mapping[str, str]
    text: NoticeText
    audiences: tuple[str, ...]
    content_hash: str
    bundle_hash: str
    author: str
    authors: frozenset[str]
    send_at: datetime | None
    window: Window | None
    promised_at: datetime | None
    ends: bool
    needed: int


def told_before(conn: LedgerConnection, notice_id: str) -> list[tuple[str, str]]:
    """Channel and recipient of everybody who got an earlier text, or may have got it."""
    rows = statements("notices").every(conn, "told_before", notice_id=notice_id)
    return [(row["channel"], row["recipient"]) for row in rows]


def add(
    conn: LedgerConnection,
    notice_id: str,
    new: NewRevision,
    *,
    covered_by: int | None = None,
    request_key: str | None = None,
) -> int:
    """Write a text as a draft and answer its number. The notice is locked by the caller."""
    number = int(statements("notices").value(conn, "next_number", notice_id=notice_id))
    values = {name: value for name, value in vars(new).items() if name not in ("text", "window")}
    statements("notices").run(
        conn,
        "insert_revision",
        notice_id=notice_id,
        number=number,
        request_key=request_key,
        covered_by=covered_by,
        subject=new.text.subject,
        body_text=new.text.text,
        body_html=new.text.html,
        body_slack=new.text.slack,
        window_start=new.window.start if new.window else None,
        window_end=new.window.end if new.window else None,
        **values
        | {
            "variables": Jsonb(dict(new.variables)),
            "audiences": list(new.audiences),
            "authors": sorted(new.authors),
        },
    )
    return number


def written_before(conn: LedgerConnection, notice_id: str, request_key: str) -> NoticeRevision | None:
    """The text that a submission wrote before."""
    row = statements("notices").one(conn, "revision_by_key", notice_id=notice_id, request_key=request_key)
    return None if row is None else _revision(row)


def every(conn: LedgerConnection, notice_id: str) -> list[NoticeRevision]:
    """Every text of a notice in the order of its numbers."""
    return [_revision(row) for row in statements("notices").every(conn, "revisions", notice_id=notice_id)]


def authors(conn: LedgerConnection, notice_id: str, number: int) -> frozenset[str]:
    """The identities of whoever wrote a text."""
    for row in statements("notices").every(conn, "revisions", notice_id=notice_id):
        if row["number"] == number:
            return frozenset(row["authors"])
    return frozenset()


def move(conn: LedgerConnection, change: str, notice_id: str, number: int, **values: object) -> int:
    """One of the conditional changes of sql/notices.sql by its name; how many texts it changed."""
    return statements("notices").run(conn, change, notice_id=notice_id, number=number, **values)


def counted(conn: LedgerConnection, notice_id: str, number: int, reach: Reach) -> int:
    """Keep whom a text, and all that it covers, reaches; how many texts that changed."""
    kept = Jsonb({"channels": list(reach.channels), "left_out": reach.left_out})
    return move(conn, "counted", notice_id, number, recipients=reach.total, reach=kept)


def confirm(
    conn: LedgerConnection, revision: NoticeRevision, confirmed_by: str, recipients: int, now: datetime
) -> RevisionState | None:
    """The last yes to exactly this text, for so many recipients.

    None: it is not approved (any more), or somebody was faster.
    """
    rows = statements("notices").every(
        conn,
        "confirm",
        notice_id=revision.notice_id,
        number=revision.number,
        bundle_hash=revision.bundle_hash,
        recipients=recipients,
        confirmed_by=confirmed_by,
        now=now,
    )
    return RevisionState(rows[0]["state"]) if rows else None


def replace_scheduled(
    conn: LedgerConnection, notice_id: str, besides: int, note: str, stage: str | None = None
) -> int:
    """Take out what waits for its time and would say something false; how many texts."""
    return statements("notices").run(
        conn, "replace_scheduled", notice_id=notice_id, besides=besides, stage=stage, note=note
    )


_REVISION = (
    *("notice_id", "number", "stage", "title", "severity", "status", "variables", "content_hash"),
    *("bundle_hash", "recipients", "author", "created_at", "send_at", "covered_by", "promised_at", "ends"),
    *("needed", "approval_id", "approved_until", "confirmed_by", "sending_at", "sent_at", "note"),
    *("count_problem", "confirmed_recipients", "held_recipients"),
)


def _revision(row: DictRow) -> NoticeRevision:
    return NoticeRevision(
        **{name: row[name] for name in _REVISION},
        state=RevisionState(row["state"]),
        text=NoticeText(row["subject"], row["body_text"], row["body_html"], row["body_slack"]),
        audiences=tuple(row["audiences"]),
        window=window_of(row),
        reach=_reach(row),
    )


def _reach(row: DictRow) -> Reach | None:
    """Whom a text reaches; of one that was counted long ago only the number is known."""
    if row["recipients"] is None:
        return None
    kept = row["reach"] or {"channels": (), "left_out": 0}
    channels = tuple((str(name), int(number)) for name, number in kept["channels"])
    return Reach(row["recipients"], channels, kept["left_out"])


def window_of(row: DictRow) -> Window | None:
    """The window that a row of either table holds."""
    return Window(row["window_start"], row["window_end"]) if row["window_start"] else None
