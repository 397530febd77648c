from __future__ import annotations

import threading

from bot.clock.ticks import Ticks
from bot.errors import SlackError
from bot.ledger.connection import LedgerPool


def test_one_clock_at_a_time(pool: LedgerPool) -> None:
    inside, leave, ran = threading.Event(), threading.Event(), []

    def slow() -> None:
        ran.append(1)
        inside.set()
        assert leave.wait(30)

    first = Ticks(pool, {"alerts": slow, "notices": lambda: ran.append(2)})
    thread = threading.Thread(target=first.run, args=("alerts",))
    thread.start()
    assert inside.wait(30)
    assert not Ticks(pool, {"alerts": slow}).run("alerts")
    assert first.run("notices")  # another tick is not held up
    leave.set()
    thread.join()
    assert ran == [1, 2]


def test_one_that_fails_ticks_again(pool: LedgerPool) -> None:
    ran: list[int] = []

    def failing() -> None:
        ran.append(1)
        raise SlackError("Slack is away.") if len(ran) == 1 else RuntimeError("not foreseen")

    ticks = Ticks(pool, {"alerts": failing})
    assert ticks.run("alerts")
    assert ticks.run("alerts")
    assert ticks.run("alerts")
    assert len(ran) == 3


def test_a_tick_that_hangs_stops_no_other(pool: LedgerPool) -> None:
    stop, hanging, twice = threading.Event(), threading.Event(), threading.Event()
    ran: list[int] = []

    def ticking() -> None:
        ran.append(1)
        if len(ran) == 2:
            twice.set()

    ticks = Ticks(pool, {"hangs": lambda: hanging.wait(60), "ticks": ticking}, every_seconds=0.05)  # type: ignore[dict-item]  # what a tick answers is not looked at
    ticks.start(stop)
    assert twice.wait(30)
    stop.set()
    hanging.set()
