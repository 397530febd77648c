from __future__ import annotations

import psycopg
import pytest

from bot.ledger.connection import LedgerPool, borrowed
from bot.ledger.queue import Queue


def test_a_job_is_visible_only_after_the_commit(pool: LedgerPool) -> None:
    with borrowed(pool) as conn, borrowed(pool) as other:
        number = Queue().backup(conn, "aaaa1111", "cruzonic")
        assert other.execute("SELECT count(*) AS n FROM procrastinate_jobs").fetchone() == {"n": 0}
        conn.commit()
        found = other.execute(
            "SELECT id, queue_name, task_name, lock, args FROM procrastinate_jobs"
        ).fetchall()
    assert found == [
        {
            "id": number,
            "queue_name": "slow",
            "task_name": "run_backup",
            "lock": "database:cruzonic",
            "args": {"backup_id": "aaaa1111"},
        }
    ]


def test_a_rolled_back_request_leaves_no_job(pool: LedgerPool) -> None:
    with borrowed(pool) as conn:
        Queue().deliver(conn, "0-0", "backup", "aaaa1111")
        conn.rollback()
        Queue().deliver(conn, "0-1", "backup", "aaaa1111")
        Queue().check(conn, "bbbb2222", "cruzonic")
        found = conn.execute("SELECT queue_name, lock FROM procrastinate_jobs ORDER BY id").fetchall()
    assert found == [
        {"queue_name": "fast", "lock": "message:backup:aaaa1111"},
        {"queue_name": "slow", "lock": None},
    ]


def test_a_failure_is_the_drivers_own(pool: LedgerPool) -> None:
    with borrowed(pool) as conn:
        conn.execute("DROP FUNCTION procrastinate_defer_jobs_v1")
        with pytest.raises(psycopg.errors.UndefinedFunction):
            Queue().check(conn, "bbbb2222", "cruzonic")
        conn.rollback()
