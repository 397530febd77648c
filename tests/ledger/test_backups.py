from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest

from bot.core.backup import Format, Kind, Phase, Progress, State
from bot.errors import DumpFailedError, NotFoundError
from bot.ledger import backups
from bot.ledger.connection import LedgerPool, borrowed
from bot.ledger.runs import Pulse
from tests.ledger.support import ANN, SNAPSHOT, asked, at_once, facts, running, stored

DUMPING = Progress(
    Phase.DUMPING, rows_done=5, rows_expected=9, tables_done=1, tables_expected=3, bytes_out=77
)
FAILURE = DumpFailedError("pg_dump ended.", next_step="Ask again.", cause="exit 1")


def test_a_new_backup_waits_and_carries_who_asked(pool: LedgerPool) -> None:
    with borrowed(pool) as conn:
        record = backups.insert(
            conn,
            actor=ANN,
            database="cruzonic",
            kind=Kind.TABLE,
            format=Format.PLAIN,
            tables=["a", "b;--"],
            channel="C1",
        )
        assert backups.get(conn, record.id) == record
    assert (record.state, record.tables, record.format) == (State.QUEUED, ("a", "b;--"), Format.PLAIN)
    assert (record.requested_by, record.requested_user, record.team, record.channel) == (
        ANN.label,
        "UANN",
        "T1",
        "C1",
    )
    assert record.requested_at.utcoffset() == timedelta(0)


def test_an_id_that_is_taken_is_drawn_again(pool: LedgerPool) -> None:
    with borrowed(pool) as conn:
        first = backups.insert(conn, actor=ANN, database="a", kind=Kind.FULL, id="0123abcd")
        second = backups.insert(conn, actor=ANN, database="a", kind=Kind.FULL, id="0123abcd")
        assert first.id == "0123abcd" != second.id
        assert [r.id for r in backups.find_by_prefix(conn, "0123")] == ["0123abcd"]
        assert backups.find_by_prefix(conn, "0123", team="T2") == []
        assert backups.find_by_prefix(conn, "%") == []
        with pytest.raises(NotFoundError):
            backups.get(conn, "0123")


def test_a_whole_life_is_kept(pool: LedgerPool) -> None:
    with borrowed(pool) as conn:
        record = running(conn)
        assert backups.pulse(conn, record.id, "a1", DUMPING, 60) == Pulse(alive=True)
        assert backups.get(conn, record.id).phase is Phase.DUMPING
        assert backups.mark_upload(conn, record.id, "a1", archive_key="k", manifest_key="m", upload_id="u")
        assert backups.unfinished_upload(conn, record.id) == backups.UnfinishedUpload("k", "m", "u")
        assert backups.mark_stored(conn, record.id, "a1", facts())
        done = backups.get(conn, record.id)
        assert backups.manifest_version(conn, record.id) == "v2"
    assert (done.state, done.goodness, done.size_bytes, done.rows_done) == (State.STORED, "stored", 1000, 5)
    assert (done.snapshot_at, done.row_count, done.table_count) == (SNAPSHOT, 7, 2)
    assert done.omitted == ("table auth.secrets: no right to read",)


def test_the_procedures_own_query_counts_stored_backups_only(pool: LedgerPool) -> None:
    with borrowed(pool) as conn:
        stored(conn, "one")
        failed = running(conn, database="two")
        assert backups.mark_failed(conn, failed.id, "a1", FAILURE)
        found = conn.execute(
            "SELECT backup_type, max(backup_date)::text AS last_backup FROM backup_log GROUP BY database, backup_type"
        ).fetchall()
    assert sorted(str(row["last_backup"]) for row in found) == ["2026-03-01", "None"]


def test_every_write_is_fenced_by_the_attempt(pool: LedgerPool) -> None:
    with borrowed(pool) as conn:
        record = running(conn, "mine")
        before = backups.get(conn, record.id)
        assert not backups.pulse(conn, record.id, "other", DUMPING, 60).alive
        assert not backups.mark_upload(
            conn, record.id, "other", archive_key="k", manifest_key="m", upload_id="u"
        )
        assert not backups.mark_stored(conn, record.id, "other", facts())
        assert not backups.mark_failed(conn, record.id, "other", FAILURE)
        assert not backups.mark_failed(conn, record.id, None, FAILURE)
        backups.request_cancel(conn, record.id, "UBOB")
        assert not backups.mark_cancelled(conn, record.id, "other")
        after = backups.get(conn, record.id)
    assert (after.state, after.archive_key, after.snapshot_at) == (before.state, None, None)


def test_nothing_is_written_after_the_end(pool: LedgerPool) -> None:
    with borrowed(pool) as conn:
        record = stored(conn)
        assert not backups.mark_failed(conn, record.id, "a1", FAILURE)
        assert not backups.mark_stored(conn, record.id, "a1", facts(5))
        assert not backups.claim(conn, record.id, "a2", 60)
        assert backups.request_cancel(conn, record.id, "UBOB") == "final"
        assert backups.get(conn, record.id) == record


def test_one_of_many_claims_of_a_backup_wins(pool: LedgerPool) -> None:
    with borrowed(pool) as conn:
        record = asked(conn)

    def claim(number: int) -> bool:
        with borrowed(pool) as conn:
            return backups.claim(conn, record.id, f"a{number}", 60)

    assert sum(at_once(8, claim)) == 1


def test_one_backup_of_a_database_runs_whoever_claims_at_once(pool: LedgerPool) -> None:
    with borrowed(pool) as conn:
        waiting = [asked(conn) for _ in range(8)] + [asked(conn, "fleetnest")]

    def claim(number: int) -> bool:
        with borrowed(pool) as conn:
            won = backups.claim(conn, waiting[number].id, f"a{number}", 60)
            conn.execute("SELECT 1")  # the transaction is still good after a lost race
            return won

    won = at_once(len(waiting), claim)
    assert sum(won[:-1]) == 1
    assert won[-1]


def test_the_index_settles_a_race_that_the_query_cannot_see(pool: LedgerPool) -> None:
    with borrowed(pool) as conn:
        first, second = asked(conn), asked(conn)
    with borrowed(pool) as conn:
        assert backups.claim(conn, first.id, "a1", 60)
        with pytest.raises(psycopg.errors.UniqueViolation):
            conn.execute(
                "UPDATE backup_log SET state = 'running', attempt = 'a2', started_at = now(), lease_until = now() WHERE id = %s",
                [second.id],
            )


def test_the_loser_of_that_race_is_told_no_and_may_go_on(pool: LedgerPool) -> None:
    with borrowed(pool) as conn:
        first, second = asked(conn), asked(conn)

    def claim_second() -> bool:
        with borrowed(pool) as conn:
            won = backups.claim(conn, second.id, "a2", 60)
            conn.execute("SELECT 1")
            return won

    with ThreadPoolExecutor(1) as threads, borrowed(pool) as watching:
        with borrowed(pool) as conn:
            conn.execute("SELECT 1")  # from here on all is one transaction
            assert backups.claim(conn, first.id, "a1", 60)
            losing = threads.submit(claim_second)
            while not watching.execute("SELECT FROM pg_locks WHERE NOT granted").rowcount:
                assert not losing.done(), "it did not even see that another one is at it"
        assert not losing.result()


def test_a_dead_run_is_taken_over_once_and_fenced_off(pool: LedgerPool) -> None:
    with borrowed(pool) as conn:
        dead = running(conn, "dead", lease=-1)
        alive = running(conn, "alive", database="fleetnest")

    def take(number: int) -> list[str]:
        with borrowed(pool) as conn:
            return [r.id for r in backups.take_over(conn, f"reaper{number}", 60)]

    assert sorted(at_once(6, take)) == [[]] * 5 + [[dead.id]]
    with borrowed(pool) as conn:
        assert not backups.pulse(conn, dead.id, "dead", DUMPING, 60).alive
        assert not backups.mark_stored(conn, dead.id, "dead", facts())
        assert backups.pulse(conn, alive.id, "alive", DUMPING, 60).alive


def test_cancelling(pool: LedgerPool) -> None:
    with borrowed(pool) as conn:
        waiting, active = asked(conn, "fleetnest"), running(conn)
        assert backups.request_cancel(conn, waiting.id, "UBOB") == "queued"
        assert backups.get(conn, waiting.id).state is State.CANCELLED
        assert not backups.mark_cancelled(conn, active.id, "a1"), "nobody asked yet"
        assert backups.request_cancel(conn, active.id, "UBOB") == "running"
        assert backups.request_cancel(conn, active.id, "UEVE") == "running"
        assert backups.pulse(conn, active.id, "a1", DUMPING, 60).cancel_requested_by == "UBOB"
        assert backups.mark_cancelled(conn, active.id, "a1")
        with pytest.raises(NotFoundError):
            backups.request_cancel(conn, "zzzzzzzz", "UBOB")


def test_a_failure_says_why_and_a_waiting_one_can_fail_too(pool: LedgerPool) -> None:
    with borrowed(pool) as conn:
        record = asked(conn)
        assert backups.mark_failed(conn, record.id, None, FAILURE)
        failed = backups.get(conn, record.id)
    assert (failed.error_rule, failed.error_sentence) == ("dump-failed", "pg_dump ended.")
    assert (failed.error_next_step, failed.error_detail) == ("Ask again.", "exit 1")


@pytest.mark.parametrize(
    "change",
    [
        "sha256_checksum = NULL",
        "s3_location = NULL",
        "manifest_key = NULL",
        "file_size_bytes = NULL",
        "finished_at = NULL",
        "backup_date = NULL",
        "file_size_bytes = 0",
        "sha256_checksum = 'AB'",
        "state = 'failed'",
        "state = 'running'",
        "state = 'half'",
        "tested = true",
        "check_ok = true",
        "lease_until = now()",
        "cancel_requested_by = 'x'",
        "backup_type = 'incremental'",
        "backup_type = 'table'",
    ],
)
def test_a_half_done_row_is_impossible(pool: LedgerPool, change: str) -> None:
    with borrowed(pool) as conn:
        record = stored(conn)
        with pytest.raises(psycopg.errors.CheckViolation), conn.transaction():
            conn.execute(f"UPDATE backup_log SET {change} WHERE id = '{record.id}'".encode())


def test_what_is_ahead(pool: LedgerPool) -> None:
    with borrowed(pool) as conn:
        active, first, second, other = running(conn), asked(conn), asked(conn), asked(conn, "fleetnest")
        assert [backups.ahead(conn, r) for r in (active, first, second, other)] == [0, 1, 2, 0]
        assert [r.id for r in backups.running_and_queued(conn, "cruzonic")] == [
            active.id,
            first.id,
            second.id,
        ]
        assert len(backups.running_and_queued(conn)) == 4


def test_lists_and_counts(pool: LedgerPool) -> None:
    with borrowed(pool) as conn:
        for kind in (Kind.FULL, Kind.CRITICAL, Kind.FULL):
            stored(conn, kind=kind)
        asked(conn, "fleetnest")
        records, total = backups.recent(conn, database="cruzonic", kind=Kind.FULL, limit=1)
        assert (len(records), total) == (1, 2)
        assert backups.recent(conn, state=State.STORED)[1] == 3
        assert backups.recent(conn)[0][0].database == "fleetnest"


def test_the_newest_is_the_newest_snapshot_not_the_last_to_finish(pool: LedgerPool) -> None:
    with borrowed(pool) as conn:
        newest = stored(conn, snapshot_at=SNAPSHOT)
        stored(conn, snapshot_at=SNAPSHOT - timedelta(days=1))
        found = backups.newest_stored(conn, "cruzonic", Kind.FULL)
        assert found is not None
        assert found.id == newest.id
        assert backups.newest_stored(conn, "cruzonic", Kind.SCHEMA) is None


def test_the_usual_size_is_the_median_of_the_last_five(pool: LedgerPool) -> None:
    with borrowed(pool) as conn:
        assert backups.usual_size(conn, "cruzonic") is None
        for day, size in enumerate([10**9, 100, 300, 200, 10**6, 400]):
            stored(conn, size=size, snapshot_at=SNAPSHOT + timedelta(days=day))
        assert backups.usual_size(conn, "cruzonic") == 300
        assert backups.usual_size(conn, "cruzonic", Kind.CRITICAL) is None


def test_a_waiting_backup_without_a_job_is_found(pool: LedgerPool) -> None:
    from bot.ledger.queue import Queue

    with borrowed(pool) as conn:
        orphan, queued = asked(conn), asked(conn)
        Queue().backup(conn, queued.id, "cruzonic")
        assert [r.id for r in backups.abandoned(conn, 0)] == [orphan.id]
        assert backups.abandoned(conn, 3600) == []


def test_a_backup_that_waits_for_another_is_not_abandoned(pool: LedgerPool) -> None:
    with borrowed(pool) as conn:
        waiting = asked(conn)
        assert [r.id for r in backups.abandoned(conn, 0)] == [waiting.id]
        other = running(conn)
        assert backups.abandoned(conn, 0) == []
        backups.mark_failed(conn, other.id, "a1", FAILURE)
        assert [r.id for r in backups.abandoned(conn, 0)] == [waiting.id]
