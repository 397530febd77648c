"""Handing a notice over on one channel: a row before and after each recipient, whatever dies in between."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Protocol

from bot.channels.interface import Channel, Receipt
from bot.core.ids import new_attempt
from bot.errors import (
    ChannelError,
    ChannelUnknownError,
    DeliveryWaitsError,
    LedgerUnavailableError,
    SparewheelError,
)
from bot.ledger import deliveries, dispatches
from bot.ledger.connection import LedgerConnection, LedgerPool, borrowed, borrowed_by_statement
from bot.ledger.deliveries import Claimed, Done, Pace, Run
from bot.ledger.dispatches import Dispatch
from bot.services.delivery_outcomes import Outcome, outgoing, settle, stumble

_LOG = logging.getLogger(__name__)
_LONGEST_SLEEP = 15.0
_TOO_SHORT_TO_SLEEP = 0.005  # the channel's next free moment moves on all the same
_LEDGER_TRIES = 30
_PROGRESS_SECONDS = 2.0


class Channels(Protocol):
    """The configured channels, as a run needs them."""

    def open(self, name: str) -> Channel:
        """A channel, ready to send. Raises ConfigurationError."""

    def spacing(self, name: str) -> float:
        """Seconds from one message to the next."""

    def reaches(self, name: str) -> tuple[str, ...] | None:
        """Whom a channel reaches by itself; None where it writes to addresses."""


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
    """Runs delivery jobs. `stopping` set: the one in flight ends, the others wait for another worker.

    `unwanted`: addresses that are never written to, lower case, asked for before each run, and during one
    where `unwanted_stamp` answers otherwise than before; that is looked at every `look_seconds`. May raise
    ConfigurationError; then mail waits, for not knowing means no.
    """

    pool: LedgerPool
    channels: Channels
    events: DeliveryEvents = field(default_factory=NobodyListens)
    lease_seconds: float = 30.0
    stopping: threading.Event = field(default_factory=threading.Event)
    unwanted: Callable[[], Collection[str]] = frozenset
    unwanted_stamp: Callable[[], object] = tuple
    look_seconds: float = 30.0

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
            dispatches.hold(connection, dispatch_id)
            due = deliveries.release(connection, run)
            if ended := dispatches.finish(connection, dispatch_id):
                self.events.finished(connection, ended)
        self.tell(dispatch)
        if due is not None:
            sentence = f"Some recipients of notice {dispatch.notice_id} on {channel} wait."
            raise DeliveryWaitsError(sentence, seconds=max(due, wait))

    def _work(self, run: Run, dispatch: Dispatch) -> float:
        """Until nobody is due, or the channel has to be left alone: for how many seconds."""
        stamp = self.unwanted_stamp()  # before the files are read: what changes meanwhile is seen later
        try:
            self.leave_out(run)
            channel = self.channels.open(run.channel)
        except LedgerUnavailableError:
            raise
        except SparewheelError as error:
            return self._stumble_alone(run, error)
        try:
            return _Hand(self, run, dispatch, channel, stamp).work()
        finally:
            channel.close()

    def leave_out(self, run: Run) -> None:
        """Mark those who are not to be written to. Raises ConfigurationError, LedgerUnavailableError."""
        by_address = self.channels.reaches(run.channel) is None
        unwanted = self.unwanted() if by_address else ()
        with borrowed(self.pool) as connection:
            deliveries.leave_out(connection, run, unwanted)

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
    stamp: object = None
    looked: float = field(default_factory=time.monotonic)
    wait: float = 0.0

    def work(self) -> float:
        """Until nobody is due, or the channel has to be left alone: for how many seconds."""
        told = time.monotonic()
        current = self._patiently(self._first, None)
        while current is not None:
            done, outcome = current, self._hand_over(current)
            knows = self._knows_whom_not()
            current = self._patiently(lambda c: self._settle_then_next(c, done, outcome, knows), done)  # noqa: B023 - called before the loop goes on
            if time.monotonic() - told > _PROGRESS_SECONDS:
                self.runner.tell(self.dispatch)
                told = time.monotonic()
        return self.wait

    def _knows_whom_not(self) -> bool:
        """Leave out who came to the files meanwhile. False: they cannot be read; the next run says why."""
        if time.monotonic() - self.looked < self.runner.look_seconds:
            return True
        self.looked, stamp = time.monotonic(), self.runner.unwanted_stamp()
        if stamp == self.stamp:
            return True
        try:
            self.runner.leave_out(self.run)
        except SparewheelError:
            return False
        self.stamp = stamp
        return True

    def _hand_over(self, claimed: Claimed) -> Outcome:
        try:
            return self.channel.hand_over(outgoing(self.dispatch, claimed))
        except ChannelError as error:
            return error
        except Exception as error:  # noqa: BLE001 - whatever it was, nobody knows whether it went
            _LOG.debug("where it came from", exc_info=True)
            return ChannelUnknownError(f"Something unforeseen happened ({type(error).__name__}).")

    def _settle_then_next(
        self, connection: LedgerConnection, done: Claimed, outcome: Outcome, knows: bool
    ) -> Claimed | float | None:
        stopping = self.runner.stopping.is_set() or not knows
        if isinstance(outcome, Receipt) and not stopping:
            return self._turn(connection, Done(done.id, outcome.reference))
        with connection.transaction():
            pause = settle(connection, self.run, done, outcome)
            if pause is not None:
                self.wait = pause
            return None if stopping or pause is not None else self._turn(connection)

    def _first(self, connection: LedgerConnection) -> Claimed | float | None:
        return None if self.runner.stopping.is_set() else self._turn(connection)

    def _turn(self, connection: LedgerConnection, done: Done | None = None) -> Claimed | float | None:
        """The next recipient; or the seconds until the channel is free; or None where the run is over."""
        pace = Pace(self.runner.channels.spacing(self.run.channel), _TOO_SHORT_TO_SLEEP)
        wait, claim = deliveries.turn(connection, self.run, self.runner.lease_seconds, pace, done)
        if wait > _LONGEST_SLEEP:
            self.wait = wait
            return None
        return wait if wait > _TOO_SHORT_TO_SLEEP else claim.delivery

    def _claim(self, connection: LedgerConnection) -> Claimed | None:
        return deliveries.claim(connection, self.run, self.runner.lease_seconds).delivery

    def _patiently(
        self, step: Callable[[LedgerConnection], Claimed | float | None], kept: Claimed | None
    ) -> Claimed | None:
        """A step, repeated while the ledger is away; then the channel's turn is waited for."""
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
                with borrowed_by_statement(self.runner.pool) as connection:
                    if not attempt:
                        return step(connection)
                    with connection.transaction():
                        # The commit may have arrived though its answer did not.
                        deliveries.give_back(connection, self.run, kept.id if kept else 0)
                        return step(connection)
            except LedgerUnavailableError:
                if attempt == _LEDGER_TRIES - 1:
                    raise
                self.runner.stopping.wait(1.0)
        raise AssertionError
