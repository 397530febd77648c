"""Handing over: once to each, the end told once, follow-ups in their thread."""

from __future__ import annotations

import threading
from collections import Counter

import pytest

from bot.core.delivery import DeliveryState
from bot.errors import (
    DeliveryWaitsError,
    UserError,
)
from bot.ledger.connection import LedgerConnection, LedgerPool, borrowed
from bot.ledger.dispatches import Dispatch
from bot.services.deliveries import Deliveries
from bot.services.run_deliveries import DeliveryRunner
from tests.support.book import PEOPLE, Book, jobs, planned, states
from tests.support.outgoing import dispatch


def test_everybody_gets_it_once(service: Deliveries, runner: DeliveryRunner, book: Book) -> None:
    made = planned(service)
    runner.run(made.id, "mail")
    assert book.counts == Counter(PEOPLE)
    assert states(service, made) == {DeliveryState.SENT: 20}
    summary = service.summary(made.notice_id, made.revision)
    assert summary is not None
    assert summary.finished_at is not None
    runner.run(made.id, "mail")
    assert len(book.got) == 20


def test_a_revision_is_planned_once(service: Deliveries, pool: LedgerPool) -> None:
    first, second = planned(service), planned(service, ("other@example.com",))
    assert first.id == second.id
    assert states(service, first) == {DeliveryState.WAITING: 20}
    assert jobs(pool) == 1


def test_nobody_at_all_is_an_error(service: Deliveries) -> None:
    with pytest.raises(UserError, match="Nobody would receive"):
        planned(service, ())


def test_follow_ups_know_what_went_before(service: Deliveries, runner: DeliveryRunner, book: Book) -> None:
    first = planned(service, PEOPLE[:2])
    runner.run(first.id, "mail")
    second = planned(service, PEOPLE[:3], revision=2)
    runner.run(second.id, "mail")
    references = {message.recipient: message.references for message in book.got[2:]}
    assert references == {
        PEOPLE[0]: (f"<{book.got[0].key}>",),
        PEOPLE[1]: (f"<{book.got[1].key}>",),
        PEOPLE[2]: (),
    }


def test_the_end_is_told_once_for_all_channels(service: Deliveries, pool: LedgerPool, book: Book) -> None:
    told: list[str] = []

    class Listener:
        def progressed(self, dispatch: Dispatch) -> None:
            """Not looked at here."""

        def finished(self, connection: LedgerConnection, dispatch: Dispatch) -> None:
            del connection
            told.append(dispatch.id)

    with borrowed(pool) as connection:
        made = service.plan(connection, dispatch(), {"mail": PEOPLE, "hook": ("hook",)})
    runner = DeliveryRunner(pool, book, Listener())
    runner.run(made.id, "hook")
    assert told == []
    threads = [threading.Thread(target=runner.run, args=(made.id, name)) for name in ("mail", "mail", "hook")]
    for thread in threads[:1]:
        thread.start()
        thread.join()
    runner.run(made.id, "hook")
    assert told == [made.id]


def test_rehearsals_may_be_many(service: Deliveries, runner: DeliveryRunner, book: Book) -> None:
    for _ in range(2):
        with borrowed(service.pool) as connection:
            made = service.plan(connection, dispatch(rehearsal=True), {"rehearsal": ("C0OPS",)})
        runner.run(made.id, "rehearsal")
    assert len({message.key for message in book.got}) == 2
    assert service.summary("n0t1ce01", 1) is None


def test_the_rate_holds_over_all_notices(service: Deliveries, runner: DeliveryRunner, book: Book) -> None:
    book.gap = 3600.0
    first, second = planned(service), planned(service, revision=2)
    for made in (first, second):
        with pytest.raises(DeliveryWaitsError):
            runner.run(made.id, "mail")
    assert len(book.got) == 1


def test_a_job_that_was_lost_is_asked_for_again(service: Deliveries, pool: LedgerPool) -> None:
    planned(service)
    assert service.send_forgotten() == 0
    with borrowed(pool) as connection:
        connection.execute("delete from procrastinate_jobs")
        connection.execute("update dispatch set created_at = created_at - interval '5 minutes'")
    assert service.send_forgotten() == 1
    assert service.send_forgotten() == 0
