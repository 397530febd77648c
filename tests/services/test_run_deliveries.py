"""Handing over: once to each, whatever the other side answers and whoever dies."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from bot.channels.interface import Outgoing, Receipt
from bot.core.delivery import DeliveryState
from bot.core.people import Actor, Role, Source
from bot.errors import (
    ChannelBusyError,
    ChannelRefusedError,
    ChannelUnknownError,
    DeliveryWaitsError,
    NotAllowedError,
    UserError,
)
from bot.ledger import audit, deliveries, dispatches, suppressions
from bot.ledger.connection import LedgerConnection, LedgerPool, borrowed, open_pool
from bot.ledger.deliveries import Run
from bot.ledger.dispatches import Dispatch
from bot.ledger.queue import Queue
from bot.services.access import Gate
from bot.services.deliveries import Deliveries
from bot.services.run_deliveries import DeliveryRunner
from tests.support.outgoing import dispatch

OLGA = Actor("T0TEST", "U0OLGA", Source.SLACK, frozenset({Role.OPERATOR}))
VERA = Actor("T0TEST", "U0VERA", Source.SLACK, frozenset({Role.VIEWER}))
PEOPLE = tuple(f"c{number:03}@example.com" for number in range(20))

Script = Callable[[Outgoing], None]


@dataclass
class Book:
    """Channels that keep what they are handed; `script` raises what the other side would answer."""

    script: Script = lambda _: None
    got: list[Outgoing] = field(default_factory=list)
    gap: float = 0.0
    fails_to_open: Exception | None = None

    def open(self, name: str) -> Book:
        del name
        if self.fails_to_open:
            raise self.fails_to_open
        return self

    def spacing(self, name: str) -> float:
        del name
        return self.gap

    def hand_over(self, message: Outgoing) -> Receipt:
        self.script(message)
        self.got.append(message)
        return Receipt(f"<{message.key}>")

    def close(self) -> None:
        """Nothing is open."""

    @property
    def counts(self) -> Counter[str]:
        return Counter(message.recipient for message in self.got)


@pytest.fixture
def pool(ledger_url: str) -> Iterator[LedgerPool]:
    with open_pool(ledger_url) as opened:
        yield opened


@pytest.fixture
def service(pool: LedgerPool) -> Deliveries:
    return Deliveries(pool, Queue(), Gate(pool))


@pytest.fixture
def book() -> Book:
    return Book()


@pytest.fixture
def runner(pool: LedgerPool, book: Book) -> DeliveryRunner:
    return DeliveryRunner(pool, book)


def planned(service: Deliveries, recipients: tuple[str, ...] = PEOPLE, **which: int) -> Dispatch:
    with borrowed(service.pool) as connection:
        return service.plan(connection, dispatch(**which), {"mail": recipients})


def states(service: Deliveries, made: Dispatch) -> dict[DeliveryState, int]:
    with borrowed(service.pool) as connection:
        (channel,) = dispatches.summary(connection, made).channels
    return dict(channel.of)


def jobs(pool: LedgerPool) -> int:
    with borrowed(pool) as connection:
        row = connection.execute(
            "select count(*) as n from procrastinate_jobs where task_name = 'run_deliveries'"
        ).fetchone()
    assert row is not None
    return int(row["n"])


def free_the_channel(pool: LedgerPool) -> None:
    """What waiting would do."""
    with borrowed(pool) as connection:
        connection.execute("delete from channel_pace")
        connection.execute("update delivery set not_before = null where state = 'waiting'")


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


def test_what_a_dead_process_had_begun_is_unknown(service: Deliveries, pool: LedgerPool, book: Book) -> None:
    made = planned(service)
    dead = Run(made.id, "mail", "dead")
    with borrowed(pool) as connection:
        assert deliveries.take(connection, dead, 0.0)
        claimed = deliveries.claim(connection, dead, 0.0).delivery
    assert claimed is not None
    DeliveryRunner(pool, book).run(made.id, "mail")
    assert claimed.recipient not in book.counts
    assert states(service, made) == {DeliveryState.SENT: 19, DeliveryState.UNKNOWN: 1}
    # It was not dead but slow: it may still say how it went, and may claim nobody any more.
    with borrowed(pool) as connection:
        assert not deliveries.claim(connection, dead, 30.0).alive
        assert deliveries.settle_sent(connection, dead, claimed.id, "<late>")
    assert states(service, made) == {DeliveryState.SENT: 20}


def test_a_living_run_is_not_taken_over(
    service: Deliveries, pool: LedgerPool, runner: DeliveryRunner
) -> None:
    made = planned(service)
    with borrowed(pool) as connection:
        assert deliveries.take(connection, Run(made.id, "mail", "alive"), 30.0)
    with pytest.raises(DeliveryWaitsError, match="Another process"):
        runner.run(made.id, "mail")


def test_two_workers_at_once_send_it_once(service: Deliveries, pool: LedgerPool, book: Book) -> None:
    made = planned(service)
    gate = threading.Barrier(4)

    def work() -> None:
        gate.wait(30)
        try:
            DeliveryRunner(pool, book).run(made.id, "mail")
        except DeliveryWaitsError:
            return

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert book.counts == Counter(PEOPLE)


def test_the_rate_holds_over_all_notices(service: Deliveries, runner: DeliveryRunner, book: Book) -> None:
    book.gap = 3600.0
    first, second = planned(service), planned(service, revision=2)
    for made in (first, second):
        with pytest.raises(DeliveryWaitsError):
            runner.run(made.id, "mail")
    assert len(book.got) == 1


def test_who_asked_not_to_be_written_to_meanwhile_is_left_out(
    service: Deliveries, runner: DeliveryRunner, book: Book, pool: LedgerPool
) -> None:
    made = planned(service, ("Ann@Example.com", "ben@example.com"))
    with borrowed(pool) as connection:
        suppressions.add(connection, "ann@example.COM", "asked by phone", "olga")
    runner.run(made.id, "mail")
    assert book.counts == {"ben@example.com": 1}
    assert states(service, made) == {DeliveryState.SENT: 1, DeliveryState.SUPPRESSED: 1}


def test_withdrawn_in_the_middle_nobody_else_gets_it(
    service: Deliveries, runner: DeliveryRunner, book: Book, pool: LedgerPool
) -> None:
    def script(_: Outgoing) -> None:
        if len(book.got) == 4:
            with borrowed(pool) as connection:
                service.withdraw_waiting(connection, made.notice_id, 1)

    book.script = script
    made = planned(service)
    runner.run(made.id, "mail")
    assert states(service, made) == {DeliveryState.SENT: 5, DeliveryState.WITHDRAWN: 15}


def test_who_was_in_flight_at_the_withdrawal_and_not_taken_is_withdrawn_too(
    service: Deliveries, runner: DeliveryRunner, book: Book, pool: LedgerPool
) -> None:
    def script(_: Outgoing) -> None:
        with borrowed(pool) as connection:
            service.withdraw_waiting(connection, made.notice_id, 1)
        raise ChannelBusyError("The mail server wants it later.", retry_after=0.01)

    book.script = script
    made = planned(service)
    runner.run(made.id, "mail")
    assert states(service, made) == {DeliveryState.WITHDRAWN: len(PEOPLE)}


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


def test_a_stopped_worker_leaves_the_rest_to_another(
    service: Deliveries, runner: DeliveryRunner, book: Book
) -> None:
    def script(_: Outgoing) -> None:
        if len(book.got) == 4:
            runner.stopping.set()

    book.script = script
    made = planned(service)
    with pytest.raises(DeliveryWaitsError):
        runner.run(made.id, "mail")
    assert states(service, made) == {DeliveryState.SENT: 5, DeliveryState.WAITING: 15}
    runner.stopping.clear()
    book.script = lambda _: None
    runner.run(made.id, "mail")
    assert book.counts == Counter(PEOPLE)


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


def test_a_job_that_was_lost_is_asked_for_again(service: Deliveries, pool: LedgerPool) -> None:
    planned(service)
    assert service.send_forgotten() == 0
    with borrowed(pool) as connection:
        connection.execute("delete from procrastinate_jobs")
        connection.execute("update dispatch set created_at = created_at - interval '5 minutes'")
    assert service.send_forgotten() == 1
    assert service.send_forgotten() == 0


def test_rehearsals_may_be_many(service: Deliveries, runner: DeliveryRunner, book: Book) -> None:
    for _ in range(2):
        with borrowed(service.pool) as connection:
            made = service.plan(connection, dispatch(rehearsal=True), {"rehearsal": ("C0OPS",)})
        runner.run(made.id, "rehearsal")
    assert len({message.key for message in book.got}) == 2
    assert service.summary("n0t1ce01", 1) is None
