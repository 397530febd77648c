from __future__ import annotations

import psycopg
import pytest

from bot.core.verdict import Verdict
from bot.errors import NotFoundError
from bot.ledger import backups, checks
from bot.ledger.connection import LedgerConnection, LedgerPool, borrowed
from tests.ledger.support import ANN, asked, at_once, stored


def check_of_stored(conn: LedgerConnection) -> checks.CheckRecord:
    return checks.insert(conn, backup_id=stored(conn).id, actor=ANN, channel="C1")


def test_only_a_stored_backup_can_be_checked(pool: LedgerPool) -> None:
    with borrowed(pool) as conn:
        waiting = asked(conn)
        with pytest.raises(NotFoundError):
            checks.insert(conn, backup_id=waiting.id, actor=ANN)
        assert checks.get(conn, "zzzzzzzz") is None
        assert checks.message(conn, "zzzzzzzz") is None


def test_a_pass_makes_the_backup_checked(pool: LedgerPool) -> None:
    with borrowed(pool) as conn:
        check = check_of_stored(conn)
        assert (check.state, check.bytes_expected, check.channel) == ("queued", 1000, "C1")
        assert checks.claim(conn, check.id, "a1", 60)
        assert checks.pulse(conn, check.id, "a1", 10, 60).alive
        assert checks.finish(conn, check.id, "a1", verdict=Verdict.PASS, read_through="4 tables")
        shown = checks.message(conn, check.id)
    assert shown is not None
    assert (shown.verdict, shown.bytes_read, shown.read_through) == ("PASS", 1000, "4 tables")
    assert (shown.record.goodness, shown.record.check_sentence) == ("checked", "4 tables")


def test_a_later_fail_takes_it_back_and_not_knowing_changes_nothing(pool: LedgerPool) -> None:
    with borrowed(pool) as conn:
        record = stored(conn)
        for verdict, goodness in (
            (Verdict.PASS, "checked"),
            (Verdict.COULD_NOT_VERIFY, "checked"),
            (Verdict.FAIL, "stored"),
            (Verdict.COULD_NOT_VERIFY, "stored"),
        ):
            check = checks.insert(conn, backup_id=record.id, actor=ANN)
            checks.claim(conn, check.id, "a1", 60)
            findings = [] if verdict is Verdict.PASS else ["The storage was away."]
            assert checks.finish(conn, check.id, "a1", verdict=verdict, findings=findings)
            assert backups.get(conn, record.id).goodness == goodness


def test_writes_are_fenced_and_one_claim_wins(pool: LedgerPool) -> None:
    with borrowed(pool) as conn:
        check = check_of_stored(conn)

    def claim(number: int) -> bool:
        with borrowed(pool) as conn:
            return checks.claim(conn, check.id, f"a{number}", -1)

    assert sum(at_once(6, claim)) == 1
    with borrowed(pool) as conn:
        taken = checks.take_over(conn, "reaper", 60)
        assert [message.check_id for message in taken] == [check.id]
        assert checks.take_over(conn, "second", 60) == []
        for number in range(6):
            assert not checks.pulse(conn, check.id, f"a{number}", 5, 60).alive
            assert not checks.finish(conn, check.id, f"a{number}", verdict=Verdict.PASS)
        assert checks.finish(conn, check.id, "reaper", verdict=Verdict.COULD_NOT_VERIFY, findings=["died"])


def test_what_never_ran_cannot_pass(pool: LedgerPool) -> None:
    with borrowed(pool) as conn:
        check = check_of_stored(conn)
        with pytest.raises(psycopg.errors.CheckViolation), conn.transaction():
            checks.finish(conn, check.id, None, verdict=Verdict.PASS)
        with pytest.raises(psycopg.errors.CheckViolation), conn.transaction():
            checks.finish(conn, check.id, None, verdict=Verdict.FAIL)  # without a finding
        assert checks.finish(conn, check.id, None, verdict=Verdict.COULD_NOT_VERIFY, findings=["never ran"])
