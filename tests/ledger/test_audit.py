from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from bot.core.people import Actor, Source
from bot.ledger import audit
from bot.ledger.connection import LedgerConnection, LedgerPool, borrowed
from tests.ledger.support import ANN, at_once


def write(conn: LedgerConnection, times: int = 1) -> None:
    for number in range(times):
        audit.record(
            conn, ANN, "backup.requested", f"backup:{number}", {"n": number, "text": "päckchen, 7:ü"}
        )


def broken(conn: LedgerConnection) -> tuple[int | None, int | None]:
    """What both verifications say; they must agree."""
    return audit.verify(conn).broken_at, audit.first_break(conn)


def tamper(conn: LedgerConnection, statement: str) -> None:
    """What only the table's owner or a superuser can do: switch the triggers off first."""
    conn.execute("ALTER TABLE audit_event DISABLE TRIGGER ALL")
    conn.execute("ALTER TABLE audit_head DISABLE TRIGGER ALL")
    conn.execute(statement.encode())
    conn.execute("ALTER TABLE audit_event ENABLE TRIGGER ALL")
    conn.execute("ALTER TABLE audit_head ENABLE TRIGGER ALL")


def test_the_empty_chain_is_whole(pool: LedgerPool) -> None:
    with borrowed(pool) as conn:
        assert audit.verify(conn) == audit.ChainReport(0, "00" * 32)
        assert audit.first_break(conn) is None


def test_python_and_the_server_compute_the_same_hash(pool: LedgerPool) -> None:
    awkward = Actor("T,1", "7:x", Source.COMMAND_LINE)
    with borrowed(pool) as conn:
        write(conn, 3)
        audit.record(
            conn, awkward, "", "é\n\t", {"deep": {"b": [1.10, None, True, "\u2028"], "a": "'"}, "": 1e30}
        )
        report = audit.verify(conn)
        assert audit.first_break(conn) is None
    assert report.whole
    assert report.events == 4


def test_more_than_a_batch_is_verified(pool: LedgerPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "_BATCH", 3)
    with borrowed(pool) as conn:
        write(conn, 10)
        assert audit.verify(conn).events == 10


def test_neither_number_nor_hash_is_the_writers_to_choose(pool: LedgerPool) -> None:
    with borrowed(pool) as conn:
        conn.execute(
            "INSERT INTO audit_event VALUES (99, '2000-01-01', 't', 'a', 's', 'x', 'y', '{}', '\\x00', '\\x00')"
        )
        assert [event.seq for event in audit.recent(conn)] == [1]
        assert audit.recent(conn)[0].at.year > 2000
        assert audit.verify(conn).whole


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET actor = 'somebody else'",
        "DELETE FROM audit_event",
        "TRUNCATE audit_event",
        "UPDATE audit_head SET seq = 0",
        "DELETE FROM audit_head",
        "TRUNCATE audit_head",
        "INSERT INTO audit_head (only_one, seq, hash) VALUES (true, 1, '\\x00')",
    ],
)
def test_what_is_written_stays(pool: LedgerPool, statement: str) -> None:
    with borrowed(pool) as conn:
        write(conn)
    with borrowed(pool) as conn, pytest.raises(psycopg.errors.InsufficientPrivilege, match="written once"):
        conn.execute(statement.encode())
    with borrowed(pool) as conn:
        assert audit.verify(conn).events == 1


@pytest.mark.parametrize(
    ("statement", "at"),
    [
        ("UPDATE audit_event SET actor = 'eve' WHERE seq = 3", 3),
        ("UPDATE audit_event SET at = at + interval '1 microsecond' WHERE seq = 3", 3),
        ("UPDATE audit_event SET details = '{}' WHERE seq = 3", 3),
        ("UPDATE audit_event SET action = action || subject, subject = '' WHERE seq = 3", 3),
        ("UPDATE audit_event SET team = 'é' WHERE seq = 1", 1),
        ("DELETE FROM audit_event WHERE seq = 3", None),
        ("DELETE FROM audit_event WHERE seq = 1", None),
        ("DELETE FROM audit_event WHERE seq = 5", 5),
        ("DELETE FROM audit_event", 1),
        ("UPDATE audit_event SET seq = 9 - seq WHERE seq IN (4, 5)", 4),
        ("UPDATE audit_head SET seq = 4", 5),
        ("UPDATE audit_head SET hash = '\\x00'", 6),
        (
            (
                "INSERT INTO audit_event SELECT 6, at, team, actor, source, action, subject, details, hash, hash"
                " FROM audit_event WHERE seq = 5"
            ),
            6,
        ),
    ],
)
def test_tampering_is_found(pool: LedgerPool, statement: str, at: int | None) -> None:
    with borrowed(pool) as conn:
        write(conn, 5)
        assert broken(conn) == (None, None)
        if "9 - seq" in statement:
            # 4 and 5 change places: through a number that is free, as the key is unique
            tamper(conn, "UPDATE audit_event SET seq = 99 WHERE seq = 4")
            tamper(conn, "UPDATE audit_event SET seq = 4 WHERE seq = 5")
            tamper(conn, "UPDATE audit_event SET seq = 5 WHERE seq = 99")
        else:
            tamper(conn, statement)
        by_python, by_server = broken(conn)
    assert by_python is not None
    assert by_server is not None
    if at is not None:
        assert by_python == at


def test_twenty_writers_at_once_keep_one_chain(pool: LedgerPool) -> None:
    def one(number: int) -> None:
        for _ in range(5):
            with borrowed(pool) as conn:
                audit.record(conn, Actor("T1", f"U{number}", Source.SLACK), "x", "y", {})

    at_once(20, one)
    with borrowed(pool) as conn:
        report = audit.verify(conn)
        assert audit.first_break(conn) is None
    assert report.whole
    assert report.events == 100


def test_a_rolled_back_event_leaves_no_gap(pool: LedgerPool) -> None:
    def fails(conn: LedgerConnection) -> None:
        write(conn)
        raise RuntimeError("the use case failed")

    _swallow(lambda: _in_transaction(pool, fails))
    with borrowed(pool) as conn:
        write(conn)
        assert audit.verify(conn).events == 1


def test_verifying_while_others_write_is_no_break(pool: LedgerPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "_BATCH", 2)

    def one(number: int) -> bool:
        for _ in range(15):
            with borrowed(pool) as conn:
                if number:
                    write(conn)
                elif not audit.verify(conn).whole:
                    return False
        return True

    assert all(at_once(4, one))


def _in_transaction(pool: LedgerPool, action: Callable[[LedgerConnection], None]) -> None:
    with borrowed(pool) as conn:
        action(conn)


def _swallow(action: Callable[[], None]) -> None:
    with pytest.raises(RuntimeError):
        action()
