from __future__ import annotations

from datetime import UTC, datetime

import psycopg
import pytest

from bot.core.finding import Finding, Severity
from bot.core.restore_test import Step, StepTimes
from bot.core.verdict import Verdict
from bot.errors import NotFoundError
from bot.ledger import alert_facts, backups, housekeeping, restore_tests
from bot.ledger.connection import LedgerConnection, LedgerPool, borrowed
from bot.ledger.queue import Queue
from tests.ledger.support import ANN, asked, at_once, stored

WRONG = Finding("ROWS_MISSING", Severity.FAIL, "public.drivers has 9 rows, not 10.", subject="public.drivers")
UNSEEN = Finding("FETCH_FAILED", Severity.UNVERIFIED, "The store did not answer.")


def waiting(conn: LedgerConnection, backup_id: str = "") -> restore_tests.RestoreTestRecord:
    return restore_tests.insert(
        conn, backup_id=backup_id or stored(conn).id, asked_for="latest full", way="everything", actor=ANN
    )


def passed(size: int = 1000, download: float = 1.0, restore: float = 9.0) -> restore_tests.Result:
    return restore_tests.Result(
        Verdict.PASS,
        archive_bytes=size,
        archive_sha256="ab" * 32,
        times=StepTimes(download, restore, 2.0),
    )


def end(conn: LedgerConnection, backup_id: str, result: restore_tests.Result) -> str:
    test = waiting(conn, backup_id)
    assert restore_tests.claim(conn, test.id, "a1", 60)
    assert restore_tests.finish(conn, test.id, "a1", result)
    return test.id


def test_only_a_stored_backup_can_be_tested(pool: LedgerPool) -> None:
    with borrowed(pool) as conn:
        with pytest.raises(NotFoundError):
            waiting(conn, asked(conn).id)
        with pytest.raises(NotFoundError):
            restore_tests.get(conn, "zzzzzzzz")


def test_pass_proves_fail_takes_it_back_and_not_knowing_changes_nothing(pool: LedgerPool) -> None:
    with borrowed(pool) as conn:
        record = stored(conn)
        backups.mark_checked(conn, record.id, ok=True, sentence="4 tables")
        for result, goodness in (
            (restore_tests.Result(Verdict.COULD_NOT_VERIFY, [UNSEEN]), "checked"),
            (passed(), "proved"),
            (restore_tests.Result(Verdict.COULD_NOT_VERIFY, [UNSEEN]), "proved"),
            (restore_tests.Result(Verdict.FAIL, [WRONG]), "stored"),
            (passed(), "proved"),
        ):
            test_id = end(conn, record.id, result)
            assert backups.get(conn, record.id).goodness == goodness
        backups.mark_checked(conn, record.id, ok=False, sentence="The bytes differ.")
        assert backups.get(conn, record.id).goodness == "stored"
        assert restore_tests.get(conn, test_id).verdict is Verdict.PASS


def test_findings_come_back_as_they_went_in(pool: LedgerPool) -> None:
    with borrowed(pool) as conn:
        test_id = end(conn, stored(conn).id, restore_tests.Result(Verdict.FAIL, [WRONG, UNSEEN]))
        assert restore_tests.get(conn, test_id).findings == (WRONG, UNSEEN)


def test_the_table_refuses_a_pass_that_nobody_can_have_seen(pool: LedgerPool) -> None:
    for result in (
        restore_tests.Result(Verdict.PASS),
        restore_tests.Result(Verdict.FAIL),
        restore_tests.Result(Verdict.PASS, archive_sha256="ab" * 32, times=StepTimes(1.0, None, 1.0)),
    ):
        with pytest.raises(psycopg.errors.CheckViolation), borrowed(pool) as conn:
            end(conn, stored(conn).id, result)


def test_one_claim_wins_and_writes_of_others_are_void(pool: LedgerPool) -> None:
    with borrowed(pool) as conn:
        test = waiting(conn)

    def claim(number: int) -> bool:
        with borrowed(pool) as conn:
            return restore_tests.claim(conn, test.id, f"a{number}", 60)

    won = at_once(6, claim)
    assert won.count(True) == 1
    other = f"a{(won.index(True) + 1) % 6}"
    with borrowed(pool) as conn:
        progress = restore_tests.Progress(Step.FETCHING, 10, 1000)
        assert not restore_tests.pulse(conn, test.id, other, progress, 60).alive
        assert not restore_tests.mark_scratch(conn, test.id, other, "sparewheel_test_x")
        assert not restore_tests.finish(conn, test.id, other, passed())
        assert restore_tests.pulse(conn, test.id, f"a{won.index(True)}", progress, 60).alive
        seen = restore_tests.get(conn, test.id)
    assert (seen.step, seen.done, seen.expected) == (Step.FETCHING, 10, 1000)


def test_a_cancel_reaches_a_running_test_at_its_next_pulse(pool: LedgerPool) -> None:
    with borrowed(pool) as conn:
        test = waiting(conn)
        restore_tests.claim(conn, test.id, "a1", 60)
        assert restore_tests.request_cancel(conn, test.id, "UANN") == "running"
        assert restore_tests.request_cancel(conn, test.id, "UBOB") == "running"
        beat = restore_tests.pulse(conn, test.id, "a1", restore_tests.Progress(Step.FETCHING), 60)
        assert beat.cancel_requested_by == "UANN"
        restore_tests.finish(conn, test.id, "a1", restore_tests.Result(Verdict.COULD_NOT_VERIFY, [UNSEEN]))
        assert restore_tests.request_cancel(conn, test.id, "UANN") == "final"


def test_a_kept_scratch_database_is_due_when_its_time_is_over(pool: LedgerPool) -> None:
    with borrowed(pool) as conn:
        kept, gone = waiting(conn), waiting(conn)
        for test, seconds in ((kept, 3600.0), (gone, None)):
            restore_tests.claim(conn, test.id, "a1", 60)
            restore_tests.mark_scratch(conn, test.id, "a1", f"sparewheel_test_{test.id}")
            failed = restore_tests.Result(Verdict.FAIL, [WRONG], keep_seconds=seconds)
            restore_tests.finish(conn, test.id, "a1", failed)
        assert [test.id for test in restore_tests.scratch_due(conn)] == [gone.id]
        restore_tests.mark_dropped(conn, gone.id)
        assert restore_tests.scratch_due(conn) == []
        assert restore_tests.get(conn, kept.id).kept_until is not None


def test_a_lease_that_is_over_is_taken_by_one(pool: LedgerPool) -> None:
    with borrowed(pool) as conn:
        dead, alive = waiting(conn), waiting(conn)
        restore_tests.claim(conn, dead.id, "a1", -1)
        restore_tests.claim(conn, alive.id, "a1", 60)

    def take(number: int) -> list[str]:
        with borrowed(pool) as conn:
            return [test.id for test in restore_tests.take_over(conn, f"r{number}", 60)]

    assert sorted(at_once(3, take)) == [[], [], [dead.id]]


def test_rates_are_medians_of_tests_that_brought_everything_back(pool: LedgerPool) -> None:
    with borrowed(pool) as conn:
        record = stored(conn)
        assert alert_facts.measured_rates(conn, ["cruzonic"]) == {}
        assert alert_facts.proved(conn, ["cruzonic"]) == {"cruzonic": None}
        end(conn, record.id, restore_tests.Result(Verdict.FAIL, [WRONG], 1000, times=StepTimes(1.0, 0.1)))
        assert alert_facts.measured_rates(conn, ["cruzonic"]) == {}
        slow = Finding("RTO_EXCEEDED", Severity.FAIL, "It took longer.")
        too_slow = restore_tests.Result(Verdict.FAIL, [slow], 1000, times=StepTimes(1.0, 99.0, 1.0))
        for result in (passed(restore=9.0), passed(restore=11.0), too_slow):
            end(conn, record.id, result)
        rates = alert_facts.measured_rates(conn, ["cruzonic"])["cruzonic"]
        proved = alert_facts.proved(conn, ["cruzonic"])["cruzonic"]
    assert (rates.seconds, rates.tests) == (pytest.approx(0.012), 3)
    assert proved is not None
    assert proved <= datetime.now(UTC)


def test_a_dead_workers_job_is_ended_once_its_test_began(pool: LedgerPool) -> None:
    with borrowed(pool) as conn:
        begun, not_begun = waiting(conn), waiting(conn)
        jobs = [Queue().restore_test(conn, test.id) for test in (begun, not_begun)]
        restore_tests.claim(conn, begun.id, "a1", 60)
        conn.execute("update procrastinate_jobs set status = 'doing'")
        reaped = housekeeping.reap_stalled(conn, silent_seconds=1)
    assert (reaped.failed, reaped.retried) == ((jobs[0],), (jobs[1],))


def test_a_waiting_test_without_a_job_is_found(pool: LedgerPool) -> None:
    with borrowed(pool) as conn:
        with_job, without = waiting(conn), waiting(conn)
        Queue().restore_test(conn, with_job.id)
        assert [test.id for test in restore_tests.abandoned(conn, 0)] == [without.id]
