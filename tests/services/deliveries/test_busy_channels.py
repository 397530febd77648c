"""Channels that are slow, away or broken: left alone, come back to, and given up with a reason."""

from __future__ import annotations

import pytest

from bot.channels.interface import Outgoing
from bot.core.delivery import DeliveryState
from bot.errors import (
    ChannelBusyError,
    DeliveryWaitsError,
)
from bot.ledger.connection import LedgerPool
from bot.services.deliveries import Deliveries
from bot.services.run_deliveries import DeliveryRunner
from tests.support.book import PEOPLE, Book, free_the_channel, planned, states


def test_a_recipient_who_is_late_does_not_hold_the_others_up(
    service: Deliveries, runner: DeliveryRunner, book: Book
) -> None:
    def script(message: Outgoing) -> None:
        if message.recipient == PEOPLE[0]:
            raise ChannelBusyError("Later.")

    book.script = script
    made = planned(service)
    with pytest.raises(DeliveryWaitsError) as waits:
        runner.run(made.id, "mail")
    assert waits.value.seconds > 1
    assert states(service, made) == {DeliveryState.SENT: 19, DeliveryState.WAITING: 1}


def test_a_recipient_who_is_late_for_ever_fails_in_the_end(
    service: Deliveries, runner: DeliveryRunner, book: Book, pool: LedgerPool
) -> None:
    def script(_: Outgoing) -> None:
        raise ChannelBusyError("Later.")

    book.script = script
    made = planned(service, PEOPLE[:1])
    for _ in range(8):
        free_the_channel(pool)
        try:
            runner.run(made.id, "mail")
        except DeliveryWaitsError:
            continue
    assert states(service, made) == {DeliveryState.FAILED: 1}


def test_a_channel_that_is_away_is_left_alone_and_come_back_to(
    service: Deliveries, runner: DeliveryRunner, book: Book, pool: LedgerPool
) -> None:
    tries: list[str] = []

    def script(message: Outgoing) -> None:
        tries.append(message.recipient)
        raise ChannelBusyError("Away.", whole=True, retry_after=77.0)

    book.script = script
    made = planned(service)
    with pytest.raises(DeliveryWaitsError) as waits:
        runner.run(made.id, "mail")
    assert len(tries) == 1
    assert waits.value.seconds == pytest.approx(77, abs=2)
    # Nobody else may use the channel either: the other side asked for it.
    other = planned(service, revision=2)
    with pytest.raises(DeliveryWaitsError):
        runner.run(other.id, "mail")
    assert len(tries) == 1
    summary = service.summary(made.notice_id, 1)
    assert summary is not None
    assert summary.channels[0].waits_for == "Away."
    book.script = lambda _: None
    free_the_channel(pool)
    runner.run(made.id, "mail")
    assert states(service, made) == {DeliveryState.SENT: 20}


def test_a_channel_that_never_works_gives_up_and_says_why(
    service: Deliveries, runner: DeliveryRunner, book: Book, pool: LedgerPool
) -> None:
    book.fails_to_open = ChannelBusyError("No login.")
    made = planned(service)
    for _ in range(21):
        free_the_channel(pool)
        try:
            runner.run(made.id, "mail")
        except DeliveryWaitsError:
            continue
    assert states(service, made) == {DeliveryState.FAILED: 20}
    summary = service.summary(made.notice_id, 1)
    assert summary is not None
    assert "No login." in summary.failed[0].error


def test_a_bug_leaves_one_unknown_and_stops(service: Deliveries, runner: DeliveryRunner, book: Book) -> None:
    def script(_: Outgoing) -> None:
        raise RuntimeError("secret detail")

    book.script = script
    made = planned(service)
    with pytest.raises(DeliveryWaitsError):
        runner.run(made.id, "mail")
    assert states(service, made) == {DeliveryState.UNKNOWN: 1, DeliveryState.WAITING: 19}
    summary = service.summary(made.notice_id, 1)
    assert summary is not None
    assert "secret" not in summary.unknown[0].error
