"""The worker against a real queue: turns, retries, deaths and absences."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
import pytest

from bot import jobs
from bot.core.backup import Kind
from bot.core.people import Actor, Source
from bot.errors import DumpFailedError, SlackError
from bot.jobs import Handlers, Worker, WorkerSettings
from bot.ledger import backups
from bot.ledger.connection import LedgerPool, borrowed, open_pool
from bot.ledger.migrate import migrate
from bot.ledger.queue import FAST, NOTICES, SLOW, Queue
from bot.sandbox.embedded.servers import EmbeddedServers
from tests.support import worker_program
from tests.support.forked import Forked
from tests.support.servers import stoppable_cluster, traversable_folder

ANN = Actor("T1", "UANN", Source.SLACK)
QUICK = WorkerSettings(
    housekeeping_every=0.3, heartbeat_every=0.3, silent_after=2.0, poll_every=0.5, grace=20.0
)
PATIENCE = 60.0  # a bound on hanging: what is waited for comes within a second or two


@pytest.fixture
def pool(migrated_url: str) -> Iterator[LedgerPool]:
    with open_pool(migrated_url) as opened:
        yield opened


def _nothing(_: str) -> None:
    """A handler that has nothing to do."""


def handlers(
    run_backup: Callable[[str], None] = _nothing,
    run_check: Callable[[str], None] = _nothing,
    deliver: Callable[[str], None] = _nothing,
    sweep: Callable[[], int] = lambda: 0,
) -> Handlers:
    return Handlers(run_backup, run_check, _nothing, deliver, sweep)


@contextmanager
def working(url: str, pool: LedgerPool, does: Handlers, settings: WorkerSettings = QUICK) -> Iterator[Worker]:
    """A worker in a thread, stopped at the end."""
    worker = Worker(url, pool, does, settings)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield worker
    finally:
        if not worker._stop_early.is_set():
            worker.stop()
        thread.join(PATIENCE)
        assert not thread.is_alive()


@dataclass
class Seen:
    """What handlers were called with, for a test to wait on."""

    calls: list[str] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def note(self, call: str) -> None:
        with self._changed:
            self.calls.append(call)
            self._changed.notify_all()

    def wait_for(self, number: int) -> list[str]:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.calls) >= number, PATIENCE), self.calls
            return list(self.calls)


def asked(pool: LedgerPool, database: str = "cruzonic") -> str:
    """A waiting backup with its job."""
    with borrowed(pool) as conn:
        record = backups.insert(conn, actor=ANN, database=database, kind=Kind.FULL)
        Queue().backup(conn, record.id, database)
    return record.id


def job_states(pool: LedgerPool) -> list[str]:
    with borrowed(pool) as conn:
        rows = conn.execute("SELECT status::text FROM procrastinate_jobs ORDER BY id").fetchall()
    return [row["status"] for row in rows]


def until(condition: Callable[[], bool]) -> None:
    """Poll for something in the ledger that nobody announces."""
    pause = threading.Event()
    for _ in range(int(PATIENCE / 0.1)):
        if condition():
            return
        pause.wait(0.1)
    raise AssertionError("it did not come about")


def ran(pool: LedgerPool, backup_id: str, attempt: str = "a1") -> None:
    """A whole run, as short as can be."""
    with borrowed(pool) as conn:
        if backups.claim(conn, backup_id, attempt, 60):
            backups.mark_failed(conn, backup_id, attempt, DumpFailedError("It was only a test."))


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


def test_a_job_of_a_killed_worker_ends_and_its_lock_is_free(migrated_url: str, pool: LedgerPool) -> None:
    begun, next_one = asked(pool), asked(pool)
    with Forked(worker_program.main, migrated_url, environ=os.environ) as program:
        try:
            assert program.stdout.readline() == "claimed True\n"
        finally:
            program.kill()
    assert job_states(pool) == ["doing", "todo"]
    seen = Seen()

    def run(backup_id: str) -> None:
        ran(pool, backup_id)
        seen.note(backup_id)

    def sweep() -> int:
        """The reaper's part: the run itself ends by its lease."""
        with borrowed(pool) as conn:
            conn.execute(
                "UPDATE backup_log SET lease_until = now() WHERE attempt = 'doomed' AND state = 'running'"
            )
            for record in backups.take_over(conn, "reaper", 60):
                backups.mark_failed(conn, record.id, "reaper", DumpFailedError("Its worker died."))
        return 0

    with working(migrated_url, pool, handlers(run_backup=run, sweep=sweep)):
        until(lambda: job_states(pool) == ["failed", "succeeded"])
    assert set(seen.calls) == {next_one}, "what had begun is never run again"
    with borrowed(pool) as conn:
        assert backups.get(conn, begun).error_sentence == "Its worker died."


def test_a_job_that_never_began_is_run_by_another_worker(migrated_url: str, pool: LedgerPool) -> None:
    wanted = asked(pool)
    with borrowed(pool) as conn:  # fetched by a worker that died before it could claim
        conn.execute(
            "SELECT procrastinate_fetch_job_v2(NULL, (SELECT worker_id FROM procrastinate_register_worker_v1()))"
        )
        conn.execute("DELETE FROM procrastinate_workers")
    assert job_states(pool) == ["doing"]
    seen = Seen()

    def run(backup_id: str) -> None:
        ran(pool, backup_id)
        seen.note(backup_id)

    with working(migrated_url, pool, handlers(run_backup=run)):
        assert seen.wait_for(1) == [wanted]


def test_a_worker_whose_row_was_pruned_starts_again(migrated_url: str, pool: LedgerPool) -> None:
    seen = Seen()
    with working(migrated_url, pool, handlers(deliver=seen.note)):
        with borrowed(pool) as conn:
            Queue().deliver(conn, "before", "backup", "a")
        seen.wait_for(1)
        with borrowed(pool) as conn:
            conn.execute("DELETE FROM procrastinate_workers")
            Queue().deliver(conn, "after", "backup", "b")
        assert seen.wait_for(2) == ["before", "after"]


def test_a_job_that_its_own_worker_lost_sight_of_is_found(migrated_url: str, pool: LedgerPool) -> None:
    seen = Seen()
    with working(migrated_url, pool, handlers(deliver=seen.note)):
        with borrowed(pool) as conn:
            Queue().deliver(conn, "first", "backup", "a")
        seen.wait_for(1)
        until(lambda: job_states(pool) == ["succeeded"])
        with borrowed(pool) as conn:  # as after a fetch whose answer was lost with the connection
            conn.execute(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, args, status, worker_id)"
                " SELECT 'fast', 'deliver', '{\"outbox_id\": \"lost\"}', 'doing', max(id) FILTER (WHERE id IN"
                " (SELECT worker_id FROM procrastinate_jobs)) FROM procrastinate_workers"
            )
        assert seen.wait_for(2) == ["first", "lost"]


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


@pytest.mark.faults
def test_a_ledger_that_stops_and_starts_is_survived(embedded: EmbeddedServers) -> None:
    with traversable_folder() as folder, stoppable_cluster(folder, embedded.main) as cluster:
        url = cluster.url("postgres", cluster.superuser, cluster.password)
        migrate(url)
        seen, let_go = Seen(), threading.Event()
        with open_pool(url) as pool:

            def run(backup_id: str) -> None:
                seen.note("begun")
                assert let_go.wait(PATIENCE)
                ran(pool, backup_id)

            with working(url, pool, handlers(run_backup=run, deliver=seen.note)):
                asked(pool)
                seen.wait_for(1)
                port = cluster.port
                cluster.stop()
                threading.Event().wait(3)  # several heartbeats and fetches fail meanwhile
                cluster.start(preferred_port=port)
                until(lambda: _listeners(pool) == len((FAST, SLOW, NOTICES)))
                with borrowed(pool) as conn:
                    Queue().deliver(conn, "after", "backup", "a")
                assert seen.wait_for(2) == ["begun", "after"]
                asked(pool, "fleetnest")
                seen.wait_for(3)  # the other slow slot works while the first dump is still under way
                let_go.set()
                until(lambda: job_states(pool)[0] in ("succeeded", "failed"))


def _listeners(pool: LedgerPool) -> int:
    """How many of the worker's queues are told of new jobs; 0 while the ledger is down."""
    try:
        with pool.connection(timeout=2) as conn:
            row = conn.execute(
                "SELECT count(*) AS n FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
            ).fetchone()
    except psycopg.OperationalError:
        return 0
    return row["n"] if row else 0
