"""The beat of a running job."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from bot.errors import CancelledError, LeaseLostError
from bot.services import pulse as pulse_module
from bot.services.pulse import Pulse


@dataclass(frozen=True)
class Beat:
    alive: bool = True
    cancel_requested_by: str | None = None


@pytest.fixture(autouse=True)
def _quick_beats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse_module, "_BEAT_SECONDS", 0.01)
    monkeypatch.setattr(pulse_module, "_SETTLE_SECONDS", 0.05)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.005)


def raises_soon(pulse: Pulse, error: type[Exception]) -> Exception:
    with pytest.raises(error) as caught:
        until(lambda: pulse.check() is not None)
    return caught.value


def test_a_cancel_reaches_the_run() -> None:
    with Pulse(lambda: Beat(cancel_requested_by="U0OMAR"), settle=lambda _: None) as pulse:
        assert "U0OMAR" in str(raises_soon(pulse, CancelledError))


def test_a_lost_lease_reaches_the_run() -> None:
    with Pulse(lambda: Beat(alive=False), settle=lambda _: None) as pulse:
        raises_soon(pulse, LeaseLostError)


def test_a_stop_interrupts_what_the_run_is_waiting_in() -> None:
    interrupted = threading.Event()

    def wait_in(pulse: Pulse) -> None:
        with pulse.interruptible(interrupted.set):
            assert interrupted.wait(30)
            raise OSError("the query was cancelled")  # what an interrupted wait raises

    with (
        Pulse(lambda: Beat(cancel_requested_by="omar"), settle=lambda _: None) as pulse,
        pytest.raises(CancelledError),
    ):
        wait_in(pulse)


def test_an_error_of_the_body_itself_stays_that_error() -> None:
    with (
        Pulse(Beat, settle=lambda _: None) as pulse,
        pytest.raises(OSError, match="broken"),
        pulse.interruptible(lambda: None),
    ):
        raise OSError("broken")


def test_a_failing_interrupter_does_not_keep_the_others_from_being_called() -> None:
    called = threading.Event()
    asked = threading.Event()

    def beat() -> Beat:
        return Beat(cancel_requested_by="omar") if asked.is_set() else Beat()

    def broken() -> None:
        raise OSError("cannot cancel")

    def wait_in(pulse: Pulse) -> None:
        with pulse.interruptible(broken), pulse.interruptible(called.set):
            asked.set()
            assert called.wait(30)

    with Pulse(beat, settle=lambda _: None) as pulse, pytest.raises(CancelledError):
        wait_in(pulse)


def test_a_cancel_is_reported_for_a_run_that_does_not_notice() -> None:
    reported: list[CancelledError] = []
    with Pulse(lambda: Beat(cancel_requested_by="omar"), settle=reported.append):
        until(lambda: bool(reported))


def test_one_missed_beat_is_survived(caplog: pytest.LogCaptureFixture) -> None:
    beats = iter([OSError("ledger away")])
    heard = threading.Event()

    def beat() -> Beat:
        for error in beats:
            raise error
        heard.set()
        return Beat()

    with Pulse(beat, settle=lambda _: None) as pulse:
        assert heard.wait(30)
        pulse.check()
    assert "did not take a heartbeat" in caplog.text


def test_a_ledger_that_stays_away_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse_module, "_LEDGER_PATIENCE_SECONDS", 0.05)

    def beat() -> Beat:
        raise OSError("ledger away")

    with Pulse(beat, settle=lambda _: None) as pulse:
        raises_soon(pulse, LeaseLostError)


def test_confirm_asks_now() -> None:
    answers = iter([Beat(), Beat(alive=False)])
    pulse = Pulse(lambda: next(answers), settle=lambda _: None)
    pulse.confirm()
    with pytest.raises(LeaseLostError):
        pulse.confirm()
