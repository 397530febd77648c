"""The audit trail: who asked for what and what came of it, as a chain of hashes.

Each event's hash is the SHA-256 of the hash before it and of the event's fields, each written as a netstring
(length in bytes, colon, UTF-8 bytes, comma): number, time in microseconds since 1970 UTC, team, actor,
source, action, subject, details as PostgreSQL prints jsonb. The server computes it (a trigger), Python and
SQL can each verify it. What nobody can see from here is a chain rewritten as a whole by a superuser: for
that a hash has to be kept elsewhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from bot.core.people import Actor
from bot.ledger.connection import LedgerConnection
from bot.ledger.statements import statements

_GENESIS = bytes(32)
_BATCH = 1000


@dataclass(frozen=True)
class AuditEvent:
    """One event, as it is shown. `at` is UTC."""

    seq: int
    at: datetime
    team: str
    actor: str
    source: str
    action: str
    subject: str
    details: Mapping[str, Any]


@dataclass(frozen=True)
class ChainReport:
    """What a verification found. `broken_at` is the first number that does not fit."""

    events: int
    head: str  # hex, to be kept elsewhere
    broken_at: int | None = None
    problem: str | None = None

    @property
    def whole(self) -> bool:
        """Whether every event is there, unchanged and in its place."""
        return self.broken_at is None


def record(
    conn: LedgerConnection, actor: Actor, action: str, subject: str, details: Mapping[str, Any]
) -> int:
    """Add an event and return its number. Call it last in a transaction: all writers wait for its end.

    `details` must be JSON-able and hold neither secrets nor rows of data.
    """
    return int(
        statements("audit").value(
            conn,
            "record",
            team=actor.team,
            actor=actor.user,
            source=actor.source.value,
            action=action,
            subject=subject,
            details=Jsonb(dict(details)),
        )
    )


def recent(conn: LedgerConnection, *, subject: str | None = None, limit: int = 50) -> list[AuditEvent]:
    """The newest events first, of one subject or of all."""
    rows = statements("audit").every(conn, "recent", subject=subject, limit=limit)
    return [AuditEvent(**row) for row in rows]


def verify(conn: LedgerConnection) -> ChainReport:
    """Compute every hash anew and report the first event that was changed, removed or moved.

    The head is read first, so that events written meanwhile do not disturb. Costs a read of the whole table.
    """
    head = _head(conn)
    expected, previous = 1, _GENESIS
    for event in _events(conn):
        if event["seq"] > head["seq"]:
            head = _head(conn)  # written meanwhile: with each event the head moves in the same transaction
        if problem := _problem(event, expected, previous, head["seq"]):
            return ChainReport(expected - 1, previous.hex(), expected, problem)
        expected, previous = expected + 1, bytes(event["hash"])
    if expected <= head["seq"]:
        return ChainReport(expected - 1, previous.hex(), expected, f"Event {expected} is missing.")
    if previous != bytes(head["hash"]):
        problem = "The head of the chain is not its last event's hash."
        return ChainReport(expected - 1, previous.hex(), expected, problem)
    return ChainReport(expected - 1, previous.hex())


def first_break(conn: LedgerConnection) -> int | None:
    """The same verification done by the server: the first number that does not fit, or None."""
    found = statements("audit").value(conn, "first_break")
    return None if found is None else int(found)


def event_hash(event: Mapping[str, Any], previous: bytes) -> bytes:
    """The hash of an event as `chain` selects it: times as microseconds, details as the server's text."""
    fields = ("seq", "at_microseconds", "team", "actor", "source", "action", "subject", "details")
    canonical = b"".join(_field(str(event[name])) for name in fields)
    return hashlib.sha256(previous + canonical).digest()


def _field(value: str) -> bytes:
    data = value.encode()
    return b"%d:%s," % (len(data), data)


def _head(conn: LedgerConnection) -> DictRow:
    """The chain's newest end; number 0 with no hash at all where even that was removed."""
    return statements("audit").one(conn, "head") or {"seq": 0, "hash": b""}


def _problem(event: DictRow, expected: int, previous: bytes, newest: int) -> str | None:
    if event["seq"] > newest:
        return f"Event {event['seq']} stands past the head of the chain."
    if event["seq"] != expected:
        return f"Event {expected} is missing."
    if bytes(event["previous_hash"]) != previous:
        return f"Event {expected} does not follow the one before it."
    if bytes(event["hash"]) != event_hash(event, previous):
        return f"Event {expected} was changed after it was written."
    return None


def _events(conn: LedgerConnection) -> Iterator[DictRow]:
    after = -(2**62)
    while batch := statements("audit").every(conn, "chain", after=after, limit=_BATCH):
        yield from batch
        after = batch[-1]["seq"]
