"""Messages that matter: written in the transaction of what they report, delivered at least once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import DictRow

from bot.ledger.connection import LedgerConnection
from bot.ledger.statements import statements

Topic = str  # what the subject is: backup, check, restore-test, alert, report, approval, notice …
Stage = str  # opened, verdict, details, or a name of the topic's own; one message each


@dataclass(frozen=True)
class OutboxMessage:
    """One message. `id` goes into the posted message's metadata, so that a repeat is recognised."""

    id: str
    topic: Topic
    subject: str  # the id of what it is about
    stage: Stage
    team: str
    channel: str
    created_at: datetime
    attempts: int
    last_error: str | None
    delivered_at: datetime | None
    given_up_at: datetime | None


def add(conn: LedgerConnection, *, topic: Topic, subject: str, stage: Stage, team: str, channel: str) -> str:
    """Write a message and return its id (a UUID). The same stage of a subject is one message."""
    row = statements("messages").one(
        conn, "outbox_add", topic=topic, subject=subject, stage=stage, team=team, channel=channel
    )
    assert row is not None  # the statement always returns its row
    return str(row["id"])


def get(conn: LedgerConnection, outbox_id: str) -> OutboxMessage | None:
    """The message of this id, or None."""
    row = statements("messages").one(conn, "outbox_get", id=outbox_id)
    return None if row is None else _message(row)


def waiting(conn: LedgerConnection, older_than_seconds: float = 0.0) -> list[OutboxMessage]:
    """What is neither delivered nor given up, in the order of writing."""
    rows = statements("messages").every(conn, "outbox_waiting", older_than_seconds=float(older_than_seconds))
    return [_message(row) for row in rows]


def count_waiting(conn: LedgerConnection) -> int:
    """How many are neither delivered nor given up."""
    return int(statements("messages").value(conn, "outbox_count_waiting"))


def forgotten(conn: LedgerConnection, older_than_seconds: float) -> list[OutboxMessage]:
    """Waiting messages that no job will deliver, oldest first, at most 100, locked for the caller."""
    rows = statements("messages").every(
        conn, "outbox_forgotten", older_than_seconds=float(older_than_seconds)
    )
    return [_message(row) for row in rows]


def mark_delivered(conn: LedgerConnection, outbox_id: str) -> bool:
    """Keep that Slack has it. False: that was known already, or it was given up."""
    return statements("messages").run(conn, "outbox_delivered", id=outbox_id) == 1


def mark_failed_attempt(conn: LedgerConnection, outbox_id: str, error: str, *, give_up: bool = False) -> bool:
    """Keep why an attempt failed, in a sentence; `give_up` where another attempt cannot help."""
    return (
        statements("messages").run(conn, "outbox_failed_attempt", id=outbox_id, error=error, give_up=give_up)
        == 1
    )


def _message(row: DictRow) -> OutboxMessage:
    return OutboxMessage(
        id=row["text_id"],
        topic=row["topic"],
        subject=row["subject"],
        stage=row["stage"],
        team=row["team"],
        channel=row["channel"],
        created_at=row["created_at"],
        attempts=row["attempts"],
        last_error=row["last_error"],
        delivered_at=row["delivered_at"],
        given_up_at=row["given_up_at"],
    )
