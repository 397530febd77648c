"""What failed and what nobody knows: listed, and tried again only when a person says so."""

from __future__ import annotations

from collections import Counter

import pytest

from bot.channels.interface import Outgoing
from bot.core.delivery import DeliveryState
from bot.errors import (
    ChannelRefusedError,
    ChannelUnknownError,
    DeliveryWaitsError,
    NotAllowedError,
    UserError,
)
from bot.ledger import audit
from bot.ledger.connection import LedgerPool, borrowed
from bot.services.deliveries import Deliveries
from bot.services.run_deliveries import DeliveryRunner
from tests.support.book import OLGA, PEOPLE, VERA, Book, free_the_channel, planned, states


def test_the_refused_are_listed_and_only_they_are_tried_again(
    service: Deliveries, runner: DeliveryRunner, book: Book
) -> None:
    refused = set(PEOPLE[3:6])

    def script(message: Outgoing) -> None:
        if message.recipient in refused:
            raise ChannelRefusedError("The mail server refused the address (550 5.1.1).")

    book.script = script
    made = planned(service)
    runner.run(made.id, "mail")
    assert states(service, made) == {DeliveryState.SENT: 17, DeliveryState.FAILED: 3}
    summary = service.summary(made.notice_id, 1)
    assert summary is not None
    assert {trouble.recipient for trouble in summary.failed} == refused
    book.script = lambda _: None
    service.retry_failed(OLGA, made.notice_id, 1)
    runner.run(made.id, "mail")
    assert book.counts == Counter(PEOPLE)
    with pytest.raises(UserError, match="Nothing of this notice failed"):
        service.retry_failed(OLGA, made.notice_id, 1)
    with borrowed(service.pool) as connection:
        assert [event.action for event in audit.recent(connection)] == ["notice.retried"]


def test_what_nobody_knows_waits_for_a_person(
    service: Deliveries, runner: DeliveryRunner, book: Book, pool: LedgerPool
) -> None:
    lost = {PEOPLE[2], PEOPLE[9]}

    def script(message: Outgoing) -> None:
        if message.recipient in lost and not message.again:
            book.got.append(message)
            raise ChannelUnknownError("No answer.")

    book.script = script
    made = planned(service)
    for _ in range(3):
        free_the_channel(pool)
        try:
            runner.run(made.id, "mail")
        except DeliveryWaitsError:
            continue
    assert states(service, made) == {DeliveryState.SENT: 18, DeliveryState.UNKNOWN: 2}
    assert book.counts == Counter(PEOPLE)
    summary = service.summary(made.notice_id, 1)
    assert summary is not None
    first, second = summary.unknown
    service.resolve_unknown(OLGA, first.id, "sent")
    free_the_channel(pool)
    runner.run(made.id, "mail")
    assert book.counts == Counter(PEOPLE)
    service.resolve_unknown(OLGA, second.id, "send-again")
    runner.run(made.id, "mail")
    assert book.counts[second.recipient] == 2
    assert book.got[-1].again
    assert states(service, made) == {DeliveryState.SENT: 20}
    with pytest.raises(UserError, match="known by now"):
        service.resolve_unknown(OLGA, second.id, "send-again")


def test_a_viewer_may_neither_retry_nor_resolve(service: Deliveries) -> None:
    made = planned(service)
    with pytest.raises(NotAllowedError):
        service.retry_failed(VERA, made.notice_id, 1)
    with pytest.raises(NotAllowedError):
        service.resolve_unknown(VERA, 1, "send-again")
