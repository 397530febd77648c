"""One process's work on a channel of a dispatch: each recipient is written before and after it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from psycopg.rows import DictRow

from bot.ledger.connection import LedgerConnection
from bot.ledger.statements import statements

_LOST = "The process that was handing it over ended before it could say how it went."


@dataclass(frozen=True)
class Claimed:
    """A recipient that is this attempt's to hand over to."""

    id: int
    key: str
    recipient: str
    attempts: int
    again: bool
    references: tuple[str, ...]


@dataclass(frozen=True)
class Claim:
    """`alive` False: another process has taken the run over. `delivery` None: nobody is due."""

    alive: bool
    delivery: Claimed | None = None


@dataclass(frozen=True)
class Done:
    """A recipient that was handed over to, and what the other side calls it."""

    id: int
    reference: str


@dataclass(frozen=True)
class Pace:
    """Seconds from one message of a channel to the next, and how near its free moment counts as now."""

    spacing: float
    at_once: float


@dataclass(frozen=True)
class Run:
    """One attempt at one channel of a dispatch; every write of it is fenced by `attempt`."""

    dispatch_id: str
    channel: str
    attempt: str

    @property
    def named(self) -> dict[str, str]:
        """The parameters that name the run's row."""
        return {"dispatch_id": self.dispatch_id, "channel": self.channel}


def take(conn: LedgerConnection, run: Run, lease_seconds: float) -> bool:
    """Begin to work on a channel. What a dead process had begun becomes unknown.

    False: somebody else works on it.
    """
    taken = statements("deliveries").run(
        conn, "take_run", **run.named, attempt=run.attempt, lease_seconds=lease_seconds
    )
    if taken != 1:
        return False
    statements("deliveries").run(conn, "mark_lost", **run.named, error=_LOST)
    return True


def leave_out(conn: LedgerConnection, run: Run, unwanted: Collection[str] = ()) -> int:
    """Mark those who wait and must not be written to: by the ledger's list, or by `unwanted` (lower case)."""
    return statements("deliveries").run(conn, "mark_suppressed", **run.named, unwanted=list(unwanted))


def claim(conn: LedgerConnection, run: Run, lease_seconds: float) -> Claim:
    """Take the next recipient that is due and not suppressed, and extend the lease. Not paced."""
    return _claim(_next(conn, run, lease_seconds))


def turn(
    conn: LedgerConnection, run: Run, lease_seconds: float, pace: Pace, done: Done | None = None
) -> tuple[float, Claim]:
    """Write that the last one was taken, reserve the channel's next free moment, and claim the next one.

    Answers the seconds until that moment; where they are more than `pace.at_once`, nobody was claimed.
    """
    row = _next(conn, run, lease_seconds, pace, done)
    return max(float(row["wait"]), 0.0), _claim(row)


def _next(
    conn: LedgerConnection,
    run: Run,
    lease_seconds: float,
    pace: Pace | None = None,
    done: Done | None = None,
) -> DictRow:
    row = statements("deliveries").one(
        conn,
        "next",
        **run.named,
        attempt=run.attempt,
        lease_seconds=lease_seconds,
        done_id=done.id if done else None,
        reference=done.reference if done else "",
        spacing_seconds=pace.spacing if pace else None,
        at_once_seconds=pace.at_once if pace else 0.0,
    )
    assert row is not None  # the statement always returns a row
    return row


def _claim(row: DictRow) -> Claim:
    if not row["alive"] or row["id"] is None:
        return Claim(alive=row["alive"])
    references = tuple(row["earlier_references"])
    same = {name: row[name] for name in ("id", "key", "recipient", "attempts", "again")}
    return Claim(alive=True, delivery=Claimed(**same, references=references))


def hold_channel(conn: LedgerConnection, channel: str, seconds: float) -> None:
    """Have everybody leave a channel alone for so long."""
    statements("deliveries").run(conn, "hold_channel", channel=channel, seconds=seconds)


def settle_sent(conn: LedgerConnection, run: Run, delivery_id: int, reference: str) -> bool:
    """It was taken. False: this attempt may not say so any more."""
    return _settled(conn, "settle_sent", run, delivery_id, reference=reference)


def settle_failed(conn: LedgerConnection, run: Run, delivery_id: int, error: str) -> bool:
    """It was refused for good."""
    return _settled(conn, "settle_failed", run, delivery_id, error=error)


def settle_unknown(conn: LedgerConnection, run: Run, delivery_id: int, error: str) -> bool:
    """Nobody knows."""
    return _settled(conn, "settle_unknown", run, delivery_id, error=error)


def settle_waiting(
    conn: LedgerConnection, run: Run, delivery_id: int, error: str, wait_seconds: float, *, counted: bool
) -> bool:
    """Surely not handed over: later. `counted`: as one of the recipient's attempts."""
    return _settled(
        conn, "settle_waiting", run, delivery_id, error=error, wait_seconds=wait_seconds, counted=counted
    )


def stumble(conn: LedgerConnection, run: Run, waits_for: str) -> int:
    """The channel as a whole failed: how many times in a row now (0: not this attempt's any more)."""
    number = statements("deliveries").value(
        conn, "stumble", **run.named, attempt=run.attempt, waits_for=waits_for
    )
    return int(number or 0)


def fail_waiting(conn: LedgerConnection, run: Run, error: str) -> int:
    """Give up everybody who still waits on the channel."""
    return statements("deliveries").run(conn, "fail_waiting", **run.named, error=error)


def release(conn: LedgerConnection, run: Run) -> float | None:
    """Stop working on the channel. Seconds until the next recipient is due; None where nobody waits."""
    leave_out(conn, run)  # who was passed over because they are suppressed by now
    statements("deliveries").run(conn, "release", **run.named, attempt=run.attempt)
    due = statements("deliveries").value(conn, "due_in", **run.named)
    return None if due is None else float(due)


def give_back(conn: LedgerConnection, run: Run, kept: int) -> None:
    """Undo this attempt's claims but the one: the ledger went away before it could tell of them."""
    statements("deliveries").run(conn, "give_back", **run.named, attempt=run.attempt, kept=kept)


def _settled(conn: LedgerConnection, name: str, run: Run, delivery_id: int, **values: object) -> bool:
    return statements("deliveries").run(conn, name, id=delivery_id, attempt=run.attempt, **values) == 1
