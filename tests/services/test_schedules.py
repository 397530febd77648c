"""Schedules as people see them: listed, paused with a reason and an end, reminded of, going on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.app import House
from bot.errors import NotAllowedError, NotFoundError, UserError
from bot.ledger import audit
from bot.ledger.connection import borrowed
from bot.services.schedule_views import ScheduleStanding
from bot.wiring.clock import clock_of, ticks_of
from bot.wiring.schedules import topics
from tests.support.clocks import ago, last_fired, outbox
from tests.support.house import CARL, OMAR, VERA, Plan, folder_storage, open_house

SCHEDULES = """
time_zone = "America/New_York"
[databases.fleet.schedules.daily]
kind = "critical"
cron = "0 3 * * *"
"""
DAILY = "fleet/daily"
TWO_DAYS = timedelta(days=2)


@pytest.fixture
def house(ledger_url: str, tmp_path: Path) -> Iterator[House]:
    plan = Plan(
        {"fleet": "postgresql://nobody@127.0.0.1/none"}, {"fleet": SCHEDULES}, folder_storage(tmp_path / "a")
    )
    with open_house(plan, ledger_url, tmp_path) as opened:
        yield opened


def daily(house: House) -> ScheduleStanding:
    (only,) = house.schedules.standing(VERA, "fleet").schedules
    return only


def test_each_schedule_with_its_last_and_next(house: House) -> None:
    assert not daily(house).seen  # no clock ran yet
    clock = clock_of(house).firing
    clock.remember()
    last_fired(house.pool, DAILY, ago(days=3))
    clock.catch_up()
    assert clock.fire() == 1
    before = daily(house)
    assert before.seen
    assert before.fire is not None
    house.fires.run(DAILY, before.fire.fire_time)
    after = daily(house)
    assert after.run is not None
    assert (after.run.what, after.run.how, after.run.due_at) == ("backup", "queued", before.fire.fire_time)
    assert after.next_due > datetime.now(UTC)
    keys = [each.schedule.key for each in house.schedules.standing(VERA).schedules]
    assert keys == [DAILY, "house/report", "house/audit-check", "house/housekeeping"]


def test_a_pause_is_said_kept_and_ended(house: House) -> None:
    paused = house.schedules.pause(OMAR, DAILY, reason="the server moves", end=TWO_DAYS, channel="C0HERE")
    assert paused.next_due is not None
    assert paused.next_due > paused.pause.ends_at
    assert daily(house).pause == paused.pause
    with pytest.raises(UserError, match="paused already"):
        house.schedules.pause(OMAR, DAILY, reason="again", end=TWO_DAYS)
    ended = house.schedules.resume(OMAR, DAILY)
    assert ended.pause.ended_user == "U0OMAR"
    assert daily(house).pause is None
    with pytest.raises(UserError, match="is not paused"):
        house.schedules.resume(OMAR, DAILY)
    assert outbox(house.pool) == [("pause", paused.pause.id, stage) for stage in ("opened", "verdict")]
    with borrowed(house.pool) as connection:
        assert [event.action for event in audit.recent(connection)] == ["schedule.resumed", "schedule.paused"]


def test_an_end_without_a_zone_is_the_schedules_own(house: House) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).replace(
        tzinfo=None, hour=8, minute=0, second=0, microsecond=0
    )
    paused = house.schedules.pause(OMAR, DAILY, reason="x", end=tomorrow)
    assert paused.pause.ends_at - tomorrow.replace(tzinfo=UTC) in (timedelta(hours=4), timedelta(hours=5))


@pytest.mark.parametrize(
    ("reason", "end", "sentence"),
    [
        (" ", TWO_DAYS, "Say why"),
        ("x" * 501, TWO_DAYS, "Say why"),
        ("x", timedelta(days=-1), "passed already"),
        ("x", timedelta(days=31), "ends after 30"),
    ],
)
def test_a_pause_needs_a_reason_and_an_end_that_is_one(
    house: House, reason: str, end: timedelta, sentence: str
) -> None:
    with pytest.raises(UserError, match=sentence):
        house.schedules.pause(OMAR, DAILY, reason=reason, end=end)
    assert daily(house).pause is None


def test_only_operators_pause(house: House) -> None:
    for nobody in (VERA, CARL):
        with pytest.raises(NotAllowedError):
            house.schedules.pause(nobody, DAILY, reason="x", end=TWO_DAYS)
        with pytest.raises(NotAllowedError):
            house.schedules.resume(nobody, DAILY)
    with pytest.raises(NotFoundError):
        house.schedules.pause(OMAR, "fleet/none", reason="x", end=TWO_DAYS)


def test_a_pause_that_stands_is_said_again_daily(house: House) -> None:
    tick = ticks_of(house)["paused-reminder"]
    paused = house.schedules.pause(OMAR, DAILY, reason="x", end=TWO_DAYS).pause
    tick()
    assert len(outbox(house.pool)) == 1
    for day in (1, 2):
        with borrowed(house.pool) as connection:
            connection.execute("UPDATE schedule_pause SET reminded_at = %s", [ago(hours=25)])
        tick()
        tick()
        assert outbox(house.pool)[day:] == [("pause-reminder", f"{paused.id}:{day}", "opened")]
    shown = topics(house)["pause-reminder"](f"{paused.id}:1", "opened")
    assert shown is not None
    house.schedules.resume(OMAR, DAILY)
    assert topics(house)["pause-reminder"](f"{paused.id}:1", "opened") is None  # it comes too late


def test_a_pause_whose_time_is_over_ends_by_itself(house: House) -> None:
    paused = house.schedules.pause(OMAR, DAILY, reason="x", end=TWO_DAYS).pause
    with borrowed(house.pool) as connection:
        connection.execute(
            "UPDATE schedule_pause SET paused_at = %s, ends_at = %s", [ago(hours=9), ago(hours=1)]
        )
    assert daily(house).pause is None  # whether the tick came yet or not
    house.schedules.remind()
    house.schedules.remind()
    assert outbox(house.pool)[1:] == [("pause", paused.id, "verdict")]
    message = house.schedules.pause_message(paused.id)
    assert message is not None
    assert message.pause.ended_at == message.pause.ends_at


def test_a_pause_that_ends_before_the_next_time_keeps_nothing_back(house: House) -> None:
    shown = daily(house)
    short = house.schedules.pause(OMAR, DAILY, reason="x", end=(shown.next_due - datetime.now(UTC)) / 2)
    told = house.schedules.pause_message(short.pause.id)
    assert told is not None
    assert short.idle
    assert told.idle
    assert short.next_due == shown.next_due
    house.schedules.resume(OMAR, DAILY)
    assert not house.schedules.pause(OMAR, DAILY, reason="x", end=TWO_DAYS).idle


def test_a_paused_one_comes_next_when_the_pause_is_over(house: House) -> None:
    paused = house.schedules.pause(OMAR, DAILY, reason="x", end=TWO_DAYS)
    assert daily(house).next_due == paused.next_due
    assert daily(house).next_due > paused.pause.ends_at
