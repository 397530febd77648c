"""Dispatches in the ledger: what is sent to whom, how it stands, and what people decide about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import DictRow

from bot.core.delivery import ChannelCounts, DeliveryState, DeliverySummary, Trouble, delivery_key
from bot.core.ids import new_id
from bot.ledger.connection import LedgerConnection
from bot.ledger.statements import statements

_SHOWN = 10


@dataclass(frozen=True)
class NewDispatch:
    """What is to be sent: the exact text, and when its window is. `rehearsal`: to the team alone."""

    notice_id: str
    revision: int
    team: str
    kind: str
    stage: str
    severity: str
    status: str
    subject: str
    body_text: str
    body_html: str
    body_slack: str
    content_hash: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    rehearsal: bool = False


@dataclass(frozen=True)
class Dispatch(NewDispatch):
    """A row of dispatch."""

    id: str = ""
    created_at: datetime | None = None
    finished_at: datetime | None = None
    withdrawn_at: datetime | None = None
    withdrawn_by: str | None = None


def insert(
    conn: LedgerConnection, new: NewDispatch, recipients: Mapping[str, Sequence[str]]
) -> Dispatch | None:
    """Write a dispatch and a waiting row for each recipient of each channel. None: it was written before."""
    row = statements("deliveries").one(conn, "insert_dispatch", id=new_id(), **vars(new))
    if row is None:
        return None
    made = _dispatch(row)
    nonce = made.id if new.rehearsal else ""
    for channel, names in recipients.items():
        keys = [delivery_key(new.notice_id, new.revision, channel, name, nonce) for name in names]
        statements("deliveries").run(conn, "insert_run", dispatch_id=made.id, channel=channel)
        statements("deliveries").run(
            conn,
            "insert_deliveries",
            dispatch_id=made.id,
            channel=channel,
            recipients=list(names),
            keys=keys,
        )
    return made


def get(conn: LedgerConnection, dispatch_id: str) -> Dispatch | None:
    """The dispatch of this id, or None."""
    row = statements("deliveries").one(conn, "get_dispatch", id=dispatch_id)
    return None if row is None else _dispatch(row)


def hold(conn: LedgerConnection, dispatch_id: str) -> Dispatch | None:
    """The same, and nobody else ends, withdraws or reopens it until the end of the transaction.

    Taken before its runs and deliveries by everybody who needs both.
    """
    row = statements("deliveries").one(conn, "hold_dispatch", id=dispatch_id)
    return None if row is None else _dispatch(row)


def hold_every(conn: LedgerConnection, notice_id: str) -> list[Dispatch]:
    """The same for everything that went out for a notice, rehearsals left out."""
    rows = statements("deliveries").every(conn, "hold_every", notice_id=notice_id)
    return [_dispatch(row) for row in rows]


def hold_of(conn: LedgerConnection, delivery_id: int) -> Dispatch | None:
    """The same by one of its deliveries."""
    row = statements("deliveries").one(conn, "hold_dispatch_of", delivery_id=delivery_id)
    return None if row is None else _dispatch(row)


def of_delivery(conn: LedgerConnection, delivery_id: int) -> Dispatch | None:
    """What one recipient is or was sent, or None."""
    row = statements("deliveries").one(conn, "of_delivery", id=delivery_id)
    return None if row is None else _dispatch(row)


def of_revision(conn: LedgerConnection, notice_id: str, revision: int) -> Dispatch | None:
    """What was or is being sent of a revision, rehearsals left out; None where nothing is."""
    row = statements("deliveries").one(conn, "of_revision", notice_id=notice_id, revision=revision)
    return None if row is None else _dispatch(row)


def of_notice(conn: LedgerConnection, notice_id: str) -> list[Dispatch]:
    """Everything that went out for a notice, oldest first, rehearsals left out."""
    rows = statements("deliveries").every(conn, "of_notice", notice_id=notice_id)
    return [_dispatch(row) for row in rows]


def channels_of(conn: LedgerConnection, dispatch_id: str) -> tuple[str, ...]:
    """The channels of a dispatch."""
    rows = statements("deliveries").every(conn, "runs", dispatch_id=dispatch_id)
    return tuple(row["channel"] for row in rows)


def finish(conn: LedgerConnection, dispatch_id: str) -> Dispatch | None:
    """Mark the dispatch as over where nobody is waiting or in flight: once, for one caller; else None."""
    row = statements("deliveries").one(conn, "finish", dispatch_id=dispatch_id)
    return None if row is None else _dispatch(row)


def retry_failed(conn: LedgerConnection, dispatch_id: str, channel: str | None = None) -> dict[str, int]:
    """Have those that failed wait again: how many of each channel."""
    rows = statements("deliveries").every(conn, "retry_failed", dispatch_id=dispatch_id, channel=channel)
    numbers: dict[str, int] = {}
    for row in rows:
        numbers[row["channel"]] = numbers.get(row["channel"], 0) + 1
    _reopen(conn, dispatch_id, numbers)
    return numbers


def resolve(conn: LedgerConnection, delivery_id: int, by: str, *, again: bool) -> tuple[str, str] | None:
    """A person says that an unknown one was sent, or has it sent again: its dispatch and channel.

    None: it is not unknown (any more).
    """
    name = "resolve_again" if again else "resolve_sent"
    row = statements("deliveries").one(conn, name, id=delivery_id, by=by)
    if row is None:
        return None
    if again:
        _reopen(conn, row["dispatch_id"], {row["channel"]: 1})
    return row["dispatch_id"], row["channel"]


def withdraw(conn: LedgerConnection, dispatch_id: str, by: str) -> int:
    """Take back everybody who still waits, for good; what is in flight or gone stays as it is. How many."""
    statements("deliveries").run(conn, "withdraw_dispatch", dispatch_id=dispatch_id, by=by)
    return statements("deliveries").run(conn, "withdraw", dispatch_id=dispatch_id)


def forgotten(conn: LedgerConnection, silent_seconds: float) -> list[tuple[str, str]]:
    """Dispatches and channels on which somebody waits and no job will come."""
    rows = statements("deliveries").every(conn, "forgotten", silent_seconds=silent_seconds)
    return [(row["dispatch_id"], row["channel"]) for row in rows]


def summary(conn: LedgerConnection, dispatch: Dispatch) -> DeliverySummary:
    """How a dispatch stands."""
    numbers: dict[str, dict[DeliveryState, int]] = {}
    for row in statements("deliveries").every(conn, "counts", dispatch_id=dispatch.id):
        numbers.setdefault(row["channel"], {})[DeliveryState(row["state"])] = row["number"]
    runs = statements("deliveries").every(conn, "runs", dispatch_id=dispatch.id)
    return DeliverySummary(
        dispatch_id=dispatch.id,
        notice_id=dispatch.notice_id,
        revision=dispatch.revision,
        rehearsal=dispatch.rehearsal,
        finished_at=dispatch.finished_at,
        withdrawn_at=dispatch.withdrawn_at,
        withdrawn_by=dispatch.withdrawn_by,
        channels=tuple(
            ChannelCounts(run["channel"], numbers.get(run["channel"], {}), run["waits_for"]) for run in runs
        ),
        failed=_troubles(conn, dispatch.id, DeliveryState.FAILED),
        unknown=_troubles(conn, dispatch.id, DeliveryState.UNKNOWN),
    )


def _troubles(conn: LedgerConnection, dispatch_id: str, state: DeliveryState) -> tuple[Trouble, ...]:
    rows = statements("deliveries").every(
        conn, "troubles", dispatch_id=dispatch_id, state=state.value, limit=_SHOWN
    )
    return tuple(Trouble(row["id"], row["channel"], row["recipient"], row["error"]) for row in rows)


def _reopen(conn: LedgerConnection, dispatch_id: str, channels: Mapping[str, int]) -> None:
    for channel in channels:
        statements("deliveries").run(conn, "restart", dispatch_id=dispatch_id, channel=channel)
    if channels:
        statements("deliveries").run(conn, "reopen", dispatch_id=dispatch_id)


def _dispatch(row: DictRow) -> Dispatch:
    return Dispatch(**{name: row[name] for name in Dispatch.__dataclass_fields__})
