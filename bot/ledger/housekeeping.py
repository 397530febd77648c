"""What keeps the queue's tables true after a worker died, and small.

A killed worker leaves its job in `doing`, with its lock, until somebody acts (procrastinate #740).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from bot.ledger.connection import LedgerConnection
from bot.ledger.statements import statements


@dataclass(frozen=True)
class Reaped:
    """Numbers of jobs: those ended because their run had begun, and those that may simply run again."""

    failed: tuple[int, ...] = ()
    retried: tuple[int, ...] = ()


def reap_stalled(
    conn: LedgerConnection,
    *,
    silent_seconds: float,
    live: Collection[int] = (),
    lost: Collection[int] = (),
) -> Reaped:
    """Free the jobs of dead workers, and their locks.

    A backup, check or restore test that had begun is never run a second time: its job ends as failed, and
    the run itself is ended by its lease. Everything else goes back into the queue.

    Args:
        conn: the ledger, in the caller's transaction.
        silent_seconds: a worker without a heartbeat for longer counts as dead.
        live: jobs that this very process is running, whatever the heartbeat says.
        lost: jobs that a living worker holds and does not run.
    """
    found = statements("housekeeping").every(
        conn, "stalled", silent_seconds=float(silent_seconds), live=list(live), lost=list(lost)
    )
    for job in found:
        statements("housekeeping").one(conn, "fail_job" if job["begun"] else "retry_job", id=job["id"])
    return Reaped(
        failed=tuple(job["id"] for job in found if job["begun"]),
        retried=tuple(job["id"] for job in found if not job["begun"]),
    )


def held_by(conn: LedgerConnection, workers: Collection[int]) -> frozenset[int]:
    """The jobs that the queue believes these workers to be running."""
    rows = statements("housekeeping").every(conn, "held_by", workers=list(workers))
    return frozenset(row["id"] for row in rows)


def delete_old_jobs(conn: LedgerConnection, older_than: timedelta) -> int:
    """Forget finished jobs; what they did is told by the ledger's own tables. Answers how many."""
    return statements("housekeeping").run(
        conn, "delete_old_jobs", older_than_seconds=older_than.total_seconds()
    )
