"""Handing a notice over on one channel: a row before and after each recipient, whatever dies in between."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from bot.channels.interface import Channel, Outgoing, Receipt
from bot.core.delivery import patience
from bot.core.ids import new_attempt
from bot.errors import (
    ChannelBusyError,
    ChannelError,
    ChannelRefusedError,
    ChannelUnknownError,
    DeliveryWaitsError,
    LedgerUnavailableError,
    SparewheelError,
)
from bot.ledger import deliveries, dispatches
from bot.ledger.connection import LedgerConnection, LedgerPool, borrowed
from bot.ledger.deliveries import Claimed, Run
from bot.ledger.dispatches import Dispatch

_LOG = logging.getLogger(__name__)
_TRIES_EACH = 8  # a recipient that is "later" so often is given up, and a person may retry it
_STUMBLES = 20  # about an hour and a half of a channel that does not work
_LONGEST_SLEEP = 15.0
_TOO_SHORT_TO_SLEEP = 0.005  # the channel's next free moment moves on all the same
_LEDGER_TRIES = 30
_PROGRESS_SECONDS = 2.0

Outcome = Receipt | ChannelError


class Channels(Protocol):
    """The configured channels, as a run needs them."""

    def open(self, name: str) -> Channel:
        """A channel, ready to send. Raises ConfigurationError."""

    def spacing(self, name: str) -> float:
        """Seconds from one message to the next."""


class DeliveryEvents(Protocol):
    """Who wants to know how it goes."""

    def progressed(self, dispatch: Dispatch) -> None:
        """Some more are done; called every few seconds, outside any transaction."""

    def finished(self, connection: LedgerConnection, dispatch: Dispatch) -> None:
        """Nobody waits any more; called once for each end, in the transaction that writes it."""


class NobodyListens:
    """Where nobody does."""

    def progressed(self, dispatch: Dispatch) -> None:
        """Say nothing."""

    def finished(self, connection: LedgerConnection, dispatch: Dispatch) -> None:
        """Say nothing."""


@dataclass
class DeliveryRunner:
    """Runs delivery jobs. `stopping` set: the one in flight ends, the others wait for another worker."""

    pool: LedgerPool
    channels: Channels
    events: DeliveryEvents = field(default_factory=NobodyListens)
    lease_seconds: float = 30.0
    stopping: threading.Event = field(default_factory=threading.Event)

    def run(self, dispatch_id: str, channel: str) -> None:
        """Hand over to everybody who is due on a channel.

        Raises:
            DeliveryWaitsError: somebody is left for later.
            LedgerUnavailableError: the ledger stayed away.
        """
        run = Run(dispatch_id, channel, new_attempt())
        with borrowed(self.pool) as connection:
            dispatch = dispatches.get(connection, dispatch_id)
            if dispatch is None:
                return
            if not deliveries.take(connection, run, self.lease_seconds):
                sentence = f"Another process hands notice {dispatch.notice_id} over on {channel}."
                raise DeliveryWaitsError(sentence, seconds=self.lease_seconds)
        wait = self._work(run, dispatch)
        with borrowed(self.pool) as connection:
            due = deliveries.release(connection, run)
            if ended := dispatches.finish(connection, dispatch_id):
                self.events.finished(connection, ended)
        self.tell(dispatch)
        if due is not None:
            sentence = f"Some recipients of notice {dispatch.notice_id} on {channel} wait."
            raise DeliveryWaitsError(sentence, seconds=max(due, wait))

    def _work(self, run: Run, dispatch: Dispatch) -> float:
        """Until nobody is due, or the channel has to be left alone: for how many seconds."""
        try:
            channel = self.channels.open(run.channel)
        except SparewheelError as error:
            return self._stumble_alone(run, error)
        try:
            return _Hand(self, run, dispatch, channel).work()
        finally:
            channel.close()

    def _stumble_alone(self, run: Run, error: SparewheelError) -> float:
        with borrowed(self.pool) as connection:
            return stumble(connection, run, error.sentence, None)

    def tell(self, dispatch: Dispatch) -> None:
        """How it looks must never hinder what is sent."""
        try:
            self.events.progressed(dispatch)
        except SparewheelError as error:
            _LOG.warning("the progress of notice %s was not shown: %s", dispatch.notice_id, error.sentence)


@dataclass
class _Hand:
    """One run's loop: settle the last and take the next in one transaction, hand it over outside of any."""

    runner: DeliveryRunner
    run: Run
    dispatch: Dispatch
    channel: Channel
    wait: float = 0.0

    def work(self) -> float:
        """Until nobody is due, or the channel has to be left alone: for how many seconds."""
        spacing = self.runner.channels.spacing(self.run.channel)
        told = time.monotonic()
        current = self._patiently(lambda c: self._next(c, spacing), None)
        while current is not None:
            done, outcome = current, self._hand_over(current)
            current = self._patiently(lambda c: self._settle_then_next(c, done, outcome, spacing), done)  # noqa: B023 - called before the loop goes on
            if time.monotonic() - told > _PROGRESS_SECONDS:
                self.runner.tell(self.dispatch)
                told = time.monotonic()
        return self.wait

    def _hand_over(self, claimed: Claimed) -> Outcome:
        try:
            return self.channel.hand_over(outgoing(self.dispatch, claimed))
        except ChannelError as error:
            return error
        except Exception as error:  # noqa: BLE001 - whatever it was, nobody knows whether it went
            _LOG.debug("where it came from", exc_info=True)
            return ChannelUnknownError(f"Something unforeseen happened ({type(error).__name__}).")

    def _settle_then_next(
        self, connection: LedgerConnection, done: Claimed, outcome: Outcome, spacing: float
    ) -> Claimed | float | None:
        pause = settle(connection, self.run, done, outcome)
        if pause is not None:
            self.wait = pause
            return None
        return self._next(connection, spacing)

    def _next(self, connection: LedgerConnection, spacing: float) -> Claimed | float | None:
        """The next recipient; or the seconds until the channel is free; or None where the run is over."""
        if self.runner.stopping.is_set():
            return None
        wait = deliveries.reserve(connection, self.run.channel, spacing)
        if wait > _LONGEST_SLEEP:
            self.wait = wait
            return None
        return wait if wait > _TOO_SHORT_TO_SLEEP else self._claim(connection)

    def _claim(self, connection: LedgerConnection) -> Claimed | None:
        return deliveries.claim(connection, self.run, self.runner.lease_seconds).delivery

    def _patiently(
        self, step: Callable[[LedgerConnection], Claimed | float | None], kept: Claimed | None
    ) -> Claimed | None:
        """A transaction, repeated while the ledger is away; then the channel's turn is waited for."""
        got = self._repeated(step, kept)
        if isinstance(got, float):
            if self.runner.stopping.wait(got):
                return None
            got = self._repeated(self._claim, None)
        assert not isinstance(got, float)
        return got

    def _repeated(
        self, step: Callable[[LedgerConnection], Claimed | float | None], kept: Claimed | None
    ) -> Claimed | float | None:
        for attempt in range(_LEDGER_TRIES):
            try:
                with borrowed(self.runner.pool) as connection:
                    if attempt:
                        # The commit may have arrived though its answer did not.
                        deliveries.give_back(connection, self.run, kept.id if kept else 0)
                    return step(connection)
            except LedgerUnavailableError:
                if attempt == _LEDGER_TRIES - 1:
                    raise
                self.runner.stopping.wait(1.0)
        raise AssertionError


def settle(connection: LedgerConnection, run: Run, done: Claimed, outcome: Outcome) -> float | None:
    """Write how one hand-over ended. Seconds to leave the channel alone, or None to go on."""
    if isinstance(outcome, Receipt):
        deliveries.settle_sent(connection, run, done.id, outcome.reference)
        deliveries.steady(connection, run)
        return None
    if isinstance(outcome, ChannelRefusedError):
        deliveries.settle_failed(connection, run, done.id, outcome.sentence)
        return None
    if isinstance(outcome, ChannelBusyError):
        return _later(connection, run, done, outcome)
    deliveries.settle_unknown(connection, run, done.id, outcome.sentence)
    # One lost answer after another would leave everybody unknown: rather stop and look.
    return stumble(connection, run, outcome.sentence, None)


def _later(connection: LedgerConnection, run: Run, done: Claimed, busy: ChannelBusyError) -> float | None:
    if not busy.whole and done.attempts >= _TRIES_EACH:
        deliveries.settle_failed(connection, run, done.id, busy.sentence)
        return None
    wait = 0.0 if busy.whole else busy.retry_after or patience(done.attempts)
    deliveries.settle_waiting(connection, run, done.id, busy.sentence, wait, counted=not busy.whole)
    return stumble(connection, run, busy.sentence, busy.retry_after) if busy.whole else None


def stumble(connection: LedgerConnection, run: Run, sentence: str, retry_after: float | None) -> float:
    """The channel does not work: leave it alone for some seconds, and after many times give up."""
    number = deliveries.stumble(connection, run, sentence)
    if number > _STUMBLES:
        deliveries.fail_waiting(connection, run, f"Given up after {number} tries. The last: {sentence}")
        return 0.0
    wait = retry_after if retry_after is not None else patience(number)
    deliveries.hold_channel(connection, run.channel, wait)
    return wait


def outgoing(dispatch: Dispatch, claimed: Claimed) -> Outgoing:
    """What a channel is given."""
    return Outgoing(
        key=claimed.key,
        recipient=claimed.recipient,
        notice_id=dispatch.notice_id,
        revision=dispatch.revision,
        kind=dispatch.kind,
        stage=dispatch.stage,
        severity=dispatch.severity,
        status=dispatch.status,
        subject=dispatch.subject,
        text=dispatch.body_text,
        html=dispatch.body_html,
        slack=dispatch.body_slack,
        starts_at=dispatch.starts_at,
        ends_at=dispatch.ends_at,
        references=claimed.references,
        again=claimed.again,
    )
