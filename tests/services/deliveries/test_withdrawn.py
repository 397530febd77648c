"""A notice that is withdrawn while it is sent: who has it has it, and nobody else ever gets it."""

from __future__ import annotations

import threading

import pytest

from bot.channels.interface import Outgoing
from bot.core.delivery import DeliveryState
from bot.errors import ChannelBusyError, ChannelRefusedError, ChannelUnknownError, UserError
from bot.ledger import deliveries
from bot.ledger.connection import LedgerPool, borrowed
from bot.ledger.deliveries import Claim, Run
from bot.ledger.dispatches import Dispatch
from bot.services.deliveries import Deliveries
from bot.services.run_deliveries import DeliveryRunner
from tests.support.book import OLGA, PEOPLE, Book, jobs, planned, states


def test_withdrawn_in_the_middle_nobody_else_gets_it(
    service: Deliveries, runner: DeliveryRunner, book: Book, pool: LedgerPool
) -> None:
    def script(_: Outgoing) -> None:
        if len(book.got) == 4:
            with borrowed(pool) as connection:
                service.withdraw_waiting(connection, made.notice_id, 1, OLGA)

    book.script = script
    made = planned(service)
    runner.run(made.id, "mail")
    assert states(service, made) == {DeliveryState.SENT: 5, DeliveryState.WITHDRAWN: 15}


def test_who_was_in_flight_at_the_withdrawal_and_not_taken_is_withdrawn_too(
    service: Deliveries, runner: DeliveryRunner, book: Book, pool: LedgerPool
) -> None:
    def script(_: Outgoing) -> None:
        with borrowed(pool) as connection:
            service.withdraw_waiting(connection, made.notice_id, 1, OLGA)
        raise ChannelBusyError("The mail server wants it later.", retry_after=0.01)

    book.script = script
    made = planned(service)
    runner.run(made.id, "mail")
    assert states(service, made) == {DeliveryState.WITHDRAWN: len(PEOPLE)}


def withdraw(service: Deliveries, made: Dispatch) -> str:
    with borrowed(service.pool) as connection:
        return service.withdraw_waiting(connection, made.notice_id, made.revision, OLGA)


def test_what_was_withdrawn_says_by_whom_and_how_far_it_was(
    service: Deliveries, runner: DeliveryRunner, book: Book
) -> None:
    def script(_: Outgoing) -> None:
        if len(book.got) == 4:
            said.append(withdraw(service, made))

    said: list[str] = []
    book.script = script
    made = planned(service)
    runner.run(made.id, "mail")
    assert said == ["15 of 20 recipients had not been written to yet and will not be."]
    summary = service.summary(made.notice_id, 1)
    assert summary is not None
    assert summary.stopped == "sent to 5 of 20, then withdrawn"
    assert summary.withdrawn_by == OLGA.user
    assert summary.withdrawn_at is not None
    first = summary.withdrawn_at
    assert withdraw(service, made) == "Everybody had been written to already."
    again = service.summary(made.notice_id, 1)
    assert again is not None
    assert again.withdrawn_at == first


def test_nobody_is_tried_again_after_a_withdrawal(
    service: Deliveries, runner: DeliveryRunner, book: Book, pool: LedgerPool
) -> None:
    def script(message: Outgoing) -> None:
        if message.recipient == PEOPLE[0]:
            raise ChannelRefusedError("The mail server refused the address (550 5.1.1).")
        if message.recipient == PEOPLE[1]:
            withdraw(service, made)
            raise ChannelUnknownError("No answer.")

    book.script = script
    made = planned(service)
    runner.run(made.id, "mail")
    with pytest.raises(UserError, match="It was withdrawn at"):
        service.retry_failed(OLGA, made.notice_id, 1)
    summary = service.summary(made.notice_id, 1)
    assert summary is not None
    with pytest.raises(UserError, match="It was withdrawn at"):
        service.resolve_unknown(OLGA, summary.unknown[0].id, "send-again")
    service.resolve_unknown(OLGA, summary.unknown[0].id, "sent")
    assert jobs(pool) == 1
    assert states(service, made) == {
        DeliveryState.FAILED: 1,
        DeliveryState.SENT: 1,
        DeliveryState.WITHDRAWN: 18,
    }


def test_what_is_claimed_while_a_withdrawal_is_being_written_is_not_handed_over(
    service: Deliveries, pool: LedgerPool
) -> None:
    made = planned(service)
    run = Run(made.id, "mail", "a1")
    claims: list[Claim] = []

    def claim() -> None:
        with borrowed(pool) as connection:
            claims.append(deliveries.claim(connection, run, 30.0))

    with borrowed(pool) as connection:
        assert deliveries.take(connection, run, 30.0)
    with borrowed(pool) as connection:
        service.withdraw_waiting(connection, made.notice_id, 1, OLGA)
        thread = threading.Thread(target=claim)
        thread.start()
        wait_until_one_waits(pool)
    thread.join()
    assert claims == [Claim(alive=True)]
    assert states(service, made) == {DeliveryState.WITHDRAWN: len(PEOPLE)}


@pytest.mark.parametrize("how", ["later", "given back"])
def test_who_comes_back_while_a_withdrawal_is_being_written_is_withdrawn_too(
    service: Deliveries, pool: LedgerPool, how: str
) -> None:
    made = planned(service, PEOPLE[:2])
    run = Run(made.id, "mail", "a1")
    with borrowed(pool) as connection:
        assert deliveries.take(connection, run, 30.0)
        claimed = deliveries.claim(connection, run, 30.0).delivery
    assert claimed is not None

    def come_back() -> None:
        with borrowed(pool) as connection:
            if how == "later":
                deliveries.settle_waiting(connection, run, claimed.id, "Later.", 0.0, counted=True)
            else:
                deliveries.give_back(connection, run, 0)

    with borrowed(pool) as connection:
        service.withdraw_waiting(connection, made.notice_id, 1, OLGA)
        thread = threading.Thread(target=come_back)
        thread.start()
        wait_until_one_waits(pool)
    thread.join()
    assert states(service, made) == {DeliveryState.WITHDRAWN: 2}


def wait_until_one_waits(pool: LedgerPool) -> None:
    """Until a session waits for a lock of another's."""
    pause = threading.Event()
    waits = (
        "select count(*) as n from pg_stat_activity"
        " where wait_event_type = 'Lock' and datname = current_database()"
    )
    while True:
        with borrowed(pool) as connection:
            row = connection.execute(waits).fetchone()
        if row and row["n"]:
            return
        pause.wait(0.02)
