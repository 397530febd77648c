"""The worker against a real queue: turns, retries, and how it is stopped."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from bot import jobs
from bot.core.backup import Kind
from bot.errors import DumpFailedError, SlackError
from bot.jobs import Worker
from bot.ledger import backups
from bot.ledger.connection import LedgerPool, borrowed, open_pool
from bot.ledger.queue import Queue
from tests.support.jobs import ANN, PATIENCE, Seen, asked, handlers, job_states, ran, until, working


@pytest.fixture
def pool(migrated_url: str) -> Iterator[LedgerPool]:
    with open_pool(migrated_url) as opened:
        yield opened


def test_a_request_is_run_and_its_job_succeeds(migrated_url: str, pool: LedgerPool) -> None:
    seen = Seen()

    def run(backup_id: str) -> None:
        ran(pool, backup_id)
        seen.note(backup_id)

    with working(migrated_url, pool, handlers(run_backup=run)):
        wanted = asked(pool)
        assert seen.wait_for(1) == [wanted]
        until(lambda: job_states(pool) == ["succeeded"])


def test_backups_of_one_database_take_turns_and_others_run_beside(
    migrated_url: str, pool: LedgerPool
) -> None:
    seen, let_go = Seen(), threading.Event()

    def run(backup_id: str) -> None:
        seen.note(backup_id)
        assert let_go.wait(PATIENCE)
        ran(pool, backup_id)

    first, second, other = asked(pool), asked(pool), asked(pool, "fleetnest")
    with working(migrated_url, pool, handlers(run_backup=run)):
        assert set(seen.wait_for(2)) == {first, other}
        let_go.set()
        assert seen.wait_for(3)[2] == second


def test_a_backup_waits_while_the_command_line_has_the_database(
    migrated_url: str, pool: LedgerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "_BUSY_SECONDS", 1)
    seen = Seen()

    def run(backup_id: str) -> None:
        ran(pool, backup_id)
        seen.note(backup_id)

    with borrowed(pool) as conn:
        by_hand = backups.insert(conn, actor=ANN, database="cruzonic", kind=Kind.FULL)
        assert backups.claim(conn, by_hand.id, "by hand", 60)
    with working(migrated_url, pool, handlers(run_backup=run)):
        wanted = asked(pool)
        seen.wait_for(2)
        with borrowed(pool) as conn:
            assert backups.get(conn, wanted).started_at is None
            backups.mark_failed(conn, by_hand.id, "by hand", DumpFailedError("Done."))
        until(lambda: job_states(pool) == ["succeeded"])
    with borrowed(pool) as conn:
        assert backups.get(conn, wanted).state.is_final


def test_a_failed_run_is_not_repeated(migrated_url: str, pool: LedgerPool) -> None:
    seen = Seen()

    def run(backup_id: str) -> None:
        seen.note(backup_id)
        ran(pool, backup_id)
        raise DumpFailedError("pg_dump ended.")

    with working(migrated_url, pool, handlers(run_backup=run)):
        asked(pool)
        until(lambda: job_states(pool) == ["failed"])
    assert len(seen.calls) == 1


def test_messages_on_a_subject_keep_their_order_through_a_failure(
    migrated_url: str, pool: LedgerPool
) -> None:
    seen = Seen()

    def deliver(outbox_id: str) -> None:
        seen.note(outbox_id)
        if seen.calls.count("opened") == 1:
            raise SlackError("Slack was away.")

    with borrowed(pool) as conn:
        for stage in ("opened", "verdict", "details"):
            Queue().deliver(conn, stage, "backup", "aaaa1111")
    with working(migrated_url, pool, handlers(deliver=deliver)):
        assert seen.wait_for(4) == ["opened", "opened", "verdict", "details"]


def test_messages_never_wait_behind_dumps(migrated_url: str, pool: LedgerPool) -> None:
    seen, let_go = Seen(), threading.Event()

    def run(backup_id: str) -> None:
        seen.note("dump")
        assert let_go.wait(PATIENCE)
        ran(pool, backup_id)

    for number in range(4):
        asked(pool, f"db{number}")
    with working(migrated_url, pool, handlers(run_backup=run, deliver=seen.note)):
        assert seen.wait_for(2) == ["dump", "dump"]
        with borrowed(pool) as conn:
            Queue().deliver(conn, "message", "backup", "aaaa1111")
        assert seen.wait_for(3)[2] == "message"
        let_go.set()
        assert seen.wait_for(5).count("dump") == 4


def some_turns_of(worker: Worker) -> None:
    """Let the worker's loop go round often enough for everybody in it to have had a turn."""

    async def turn() -> None:
        for _ in range(100):
            await asyncio.sleep(0)

    assert worker._loop is not None
    asyncio.run_coroutine_threadsafe(turn(), worker._loop).result(PATIENCE)


def test_stopping_lets_running_jobs_end(migrated_url: str, pool: LedgerPool) -> None:
    seen, let_go = Seen(), threading.Event()

    def run(backup_id: str) -> None:
        seen.note("begun")
        assert let_go.wait(PATIENCE)
        ran(pool, backup_id)

    asked(pool)
    with working(migrated_url, pool, handlers(run_backup=run)) as worker:
        seen.wait_for(1)
        worker.stop()
        until(lambda: worker._is_stopping)
        some_turns_of(worker)  # the queues' own workers hear of it one after the other
        asked(pool, "fleetnest")
        let_go.set()
    assert not worker.abandon.is_set()
    assert job_states(pool) == ["succeeded", "todo"]


def test_a_second_stop_tells_running_jobs_to_give_up(migrated_url: str, pool: LedgerPool) -> None:
    seen = Seen()
    worker: Worker

    def run(backup_id: str) -> None:
        seen.note("begun")
        assert worker.abandon.wait(PATIENCE)
        ran(pool, backup_id)

    asked(pool)
    with working(migrated_url, pool, handlers(run_backup=run)) as worker:
        seen.wait_for(1)
        worker.stop()
        worker.stop()
    assert job_states(pool) == ["succeeded"]
