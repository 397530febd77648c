"""Addresses that must not be written to: looked at when it is handed over, whoever planned what."""

from __future__ import annotations

import pytest

from bot.channels.interface import Outgoing
from bot.core.delivery import DeliveryState
from bot.errors import ConfigurationError, DeliveryWaitsError
from bot.ledger import suppressions
from bot.ledger.connection import LedgerPool, borrowed
from bot.services.deliveries import Deliveries
from bot.services.run_deliveries import DeliveryRunner
from tests.support.book import PEOPLE, Book, planned, states
from tests.support.outgoing import dispatch


def test_who_asked_not_to_be_written_to_meanwhile_is_left_out(
    service: Deliveries, runner: DeliveryRunner, book: Book, pool: LedgerPool
) -> None:
    made = planned(service, ("Ann@Example.com", "ben@example.com"))
    with borrowed(pool) as connection:
        suppressions.add(connection, "ann@example.COM", "asked by phone", "olga")
    runner.run(made.id, "mail")
    assert book.counts == {"ben@example.com": 1}
    assert states(service, made) == {DeliveryState.SENT: 1, DeliveryState.SUPPRESSED: 1}


def test_who_asks_in_the_middle_of_it_is_passed_over(
    service: Deliveries, runner: DeliveryRunner, book: Book, pool: LedgerPool
) -> None:
    def script(_: Outgoing) -> None:
        if len(book.got) == 4:
            with borrowed(pool) as connection:
                suppressions.add(connection, PEOPLE[9].upper(), "asked by phone", "olga")

    book.script = script
    made = planned(service)
    runner.run(made.id, "mail")
    assert PEOPLE[9] not in book.counts
    assert states(service, made) == {DeliveryState.SENT: 19, DeliveryState.SUPPRESSED: 1}
    summary = service.summary(made.notice_id, 1)
    assert summary is not None
    assert summary.finished_at is not None


def test_a_file_of_addresses_wins_over_what_was_planned(
    service: Deliveries, book: Book, pool: LedgerPool
) -> None:
    made = planned(service, ("Ann@Example.com", "ben@example.com"))
    DeliveryRunner(pool, book, unwanted=lambda: frozenset({"ann@example.com"})).run(made.id, "mail")
    assert book.counts == {"ben@example.com": 1}
    assert states(service, made) == {DeliveryState.SENT: 1, DeliveryState.SUPPRESSED: 1}


def test_a_file_that_cannot_be_read_holds_mail_up_and_nothing_else(
    service: Deliveries, book: Book, pool: LedgerPool
) -> None:
    def unwanted() -> frozenset[str]:
        raise ConfigurationError("/x/never.txt cannot be read: No such file or directory.")

    with borrowed(pool) as connection:
        made = service.plan(connection, dispatch(), {"mail": PEOPLE[:1], "hook": ("hook",)})
    runner = DeliveryRunner(pool, book, unwanted=unwanted)
    runner.run(made.id, "hook")
    with pytest.raises(DeliveryWaitsError):
        runner.run(made.id, "mail")
    assert book.counts == {"hook": 1}
    summary = service.summary(made.notice_id, 1)
    assert summary is not None
    assert [one.waits_for for one in summary.channels] == [
        None,
        "/x/never.txt cannot be read: No such file or directory.",
    ]


@pytest.mark.parametrize("look_seconds", [0.0, 3600.0])
def test_a_file_that_changes_meanwhile_is_read_again_and_not_at_each_recipient(
    service: Deliveries, book: Book, pool: LedgerPool, look_seconds: float
) -> None:
    never: frozenset[str] = frozenset()
    reads: list[int] = []

    def script(_: Outgoing) -> None:
        nonlocal never
        if len(book.got) == 4:
            never = frozenset({PEOPLE[9]})

    def unwanted() -> frozenset[str]:
        reads.append(len(book.got))
        return never

    book.script = script
    made = planned(service)
    told = {"unwanted": unwanted, "unwanted_stamp": lambda: len(never), "look_seconds": look_seconds}
    DeliveryRunner(pool, book, **told).run(made.id, "mail")  # type: ignore[arg-type] # each as its name says
    looks = not look_seconds
    assert reads == ([0, 5] if looks else [0])
    assert (PEOPLE[9] in book.counts) is not looks
    assert len(book.got) == (19 if looks else 20)


def test_a_file_that_cannot_be_read_any_more_stops_mail_after_what_was_settled(
    service: Deliveries, book: Book, pool: LedgerPool
) -> None:
    def unwanted() -> frozenset[str]:
        if book.got:
            raise ConfigurationError("/x/never.txt cannot be read: No such file or directory.")
        return frozenset()

    made = planned(service)
    told = {"unwanted": unwanted, "unwanted_stamp": lambda: len(book.got), "look_seconds": 0.0}
    runner = DeliveryRunner(pool, book, **told)  # type: ignore[arg-type] # each as its name says
    for _ in range(2):
        with pytest.raises(DeliveryWaitsError):
            runner.run(made.id, "mail")
    assert states(service, made) == {DeliveryState.SENT: 1, DeliveryState.WAITING: 19}
    summary = service.summary(made.notice_id, 1)
    assert summary is not None
    assert [one.waits_for for one in summary.channels] == [
        "/x/never.txt cannot be read: No such file or directory."
    ]
