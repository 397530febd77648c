"""The worker against a real queue: deaths, lost rows, and a ledger that is away."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import psycopg
import pytest

from bot.errors import DumpFailedError
from bot.ledger import backups
from bot.ledger.connection import LedgerPool, borrowed, open_pool
from bot.ledger.migrate import migrate
from bot.ledger.queue import FAST, NOTICES, SLOW, Queue
from bot.sandbox.embedded.servers import EmbeddedServers
from tests.support import worker_program
from tests.support.forked import Forked
from tests.support.jobs import PATIENCE, Seen, asked, handlers, job_states, ran, until, working
from tests.support.servers import stoppable_cluster, traversable_folder

pytestmark = pytest.mark.faults


@pytest.fixture
def pool(migrated_url: str) -> Iterator[LedgerPool]:
    with open_pool(migrated_url) as opened:
        yield opened


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
