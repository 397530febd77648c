from __future__ import annotations

from datetime import timedelta

import pytest

from bot.errors import SandboxError
from bot.ledger import inbox, installation, outbox, slack_messages
from bot.ledger.connection import LedgerConnection, LedgerPool, borrowed
from tests.ledger.support import at_once


def add(conn: LedgerConnection, stage: outbox.Stage = "opened", subject: str = "aaaa1111") -> str:
    return outbox.add(conn, topic="backup", subject=subject, stage=stage, team="T1", channel="C1")


def test_the_outbox_keeps_its_order_and_each_stage_once(pool: LedgerPool) -> None:
    with borrowed(pool) as conn:
        ids = [
            add(conn, "opened"),
            add(conn, "opened", "bbbb2222"),
            add(conn, "verdict"),
            add(conn, "details"),
        ]
        assert add(conn, "verdict") == ids[2]
        assert [m.id for m in outbox.waiting(conn)] == ids
        assert outbox.waiting(conn, 3600) == []


def test_a_message_is_delivered_once_or_given_up(pool: LedgerPool) -> None:
    with borrowed(pool) as conn:
        good, bad = add(conn), add(conn, "verdict")
        assert outbox.mark_failed_attempt(conn, good, "Slack was away.")
        assert outbox.mark_delivered(conn, good)
        assert not outbox.mark_delivered(conn, good)
        assert outbox.mark_failed_attempt(conn, bad, "There is no such channel.", give_up=True)
        assert not outbox.mark_delivered(conn, bad)
        assert outbox.waiting(conn) == []
        found = outbox.get(conn, good)
        assert outbox.get(conn, "00000000-0000-0000-0000-000000000000") is None
    assert found is not None
    assert (found.attempts, found.last_error, found.stage) == (2, None, "opened")


def test_where_a_message_stands_is_kept_and_replaced(pool: LedgerPool) -> None:
    with borrowed(pool) as conn:
        assert slack_messages.get(conn, "backup", "x") is None
        slack_messages.put(conn, "backup", "x", team="T1", channel="C1", ts="1.1")
        slack_messages.put(conn, "backup", "x", team="T1", channel="C1", ts="2.2")
        assert slack_messages.get(conn, "backup", "x") == ("C1", "2.2")


def test_a_delivery_is_taken_once_however_many_ask(pool: LedgerPool) -> None:
    def take(_: int) -> bool:
        with borrowed(pool) as conn:
            return inbox.take(conn, "T1", "trigger-1")

    assert sum(at_once(8, take)) == 1
    with borrowed(pool) as conn:
        assert inbox.take(conn, "T2", "trigger-1")


def test_old_keys_are_forgotten_and_young_ones_kept(pool: LedgerPool) -> None:
    with borrowed(pool) as conn:
        inbox.take(conn, "T1", "old")
        conn.execute("UPDATE inbox SET taken_at = now() - interval '8 days'")
        inbox.take(conn, "T1", "young")
        assert inbox.purge(conn) == 1
        assert not inbox.take(conn, "T1", "young")
        assert inbox.purge(conn, timedelta(0)) in (0, 1)


def test_a_ledger_belongs_to_one_world(pool: LedgerPool) -> None:
    with borrowed(pool) as conn:
        assert installation.get(conn) is None
        first = installation.register(conn, "sandbox", "T1")
        assert installation.register(conn, "sandbox", "T1") == first
        with pytest.raises(SandboxError, match="belongs to the sandbox"):
            installation.register(conn, "real", "T9")
        assert installation.get(conn) == first
