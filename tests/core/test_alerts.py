"""An alert's life: who is told what, and when nobody is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from bot.core.alerts import (
    Alert,
    Condition,
    Policy,
    QuietHours,
    Resolution,
    Severity,
    State,
    What,
    acknowledge,
    advance,
    close,
    first_seen,
    unseen,
)
from bot.core.people import Actor, Source

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
BAD = Condition("rpo:shop", "rpo", Severity.CRITICAL, "shop", "Too old.", "Back up.")
NOTE = replace(BAD, severity=Severity.WARNING)
POLICY = Policy(4 * HOUR, (30 * MINUTE, 2 * HOUR), hold=5 * MINUTE)
NIGHT = replace(POLICY, quiet=QuietHours(time(22), time(7), "America/New_York"))
OMAR = Actor("T1", "U0OMAR", Source.SLACK)


def opened(condition: Condition = BAD, at: datetime = NOW, policy: Policy = POLICY) -> Alert:
    step = advance(first_seen("a1b2c3d4", condition, at), condition, at, policy)
    assert step.what is What.OPENED
    assert step.alert is not None
    return step.alert


def life(alert: Alert, condition: Condition | None, minutes: range, policy: Policy = POLICY) -> list[str]:
    """What happens, minute by minute, as `minute what`."""
    told = []
    for minute in minutes:
        step = advance(alert, condition, NOW + minute * MINUTE, policy)
        if step.what:
            told.append(f"{minute} {step.what} {step.alert.level if step.alert else ''}".strip())
        assert step.alert is not None
        alert = step.alert
    return told


def test_a_critical_alert_calls_three_levels_and_then_reminds() -> None:
    assert life(opened(), BAD, range(1, 400)) == ["30 escalated 2", "120 escalated 3", "360 reminded 3"]


def test_a_warning_calls_nobody_and_reminds() -> None:
    assert life(opened(NOTE), NOTE, range(1, 600)) == ["240 reminded 0", "480 reminded 0"]


def test_who_acknowledges_ends_the_calls() -> None:
    step = acknowledge(opened(), OMAR, NOW + MINUTE)
    assert step.what is What.ACKNOWLEDGED
    assert step.alert is not None
    assert step.alert.acknowledged_user == "U0OMAR"
    assert life(step.alert, BAD, range(2, 1000)) == []
    assert acknowledge(step.alert, OMAR, NOW).what is None


def test_it_is_over_only_after_the_hold() -> None:
    alert = opened()
    assert life(alert, None, range(1, 6)) == []
    assert life(alert, None, range(1, 7)) == ["6 resolved 1"]


def test_what_flaps_within_the_hold_is_told_once() -> None:
    alert = opened()
    for minute in range(1, 29):
        step = advance(alert, BAD if minute % 3 == 0 else None, NOW + minute * MINUTE, POLICY)
        assert step.what is None
        assert step.alert is not None
        alert = step.alert


def test_what_comes_back_soon_is_the_same_alert_again() -> None:
    over = close(opened(), NOW, Resolution.GONE).alert
    assert over is not None
    again = advance(over, BAD, NOW + MINUTE, POLICY)
    assert again.what is What.REOPENED
    assert again.alert is not None
    assert (again.alert.id, again.alert.state, again.alert.resolved_at) == (over.id, State.OPEN, None)


def test_what_worsens_asks_anew_whoever_had_it() -> None:
    taken = acknowledge(opened(NOTE), OMAR, NOW).alert
    assert taken is not None
    worse = advance(taken, BAD, NOW + MINUTE, POLICY)
    assert worse.what is What.WORSENED
    assert worse.alert is not None
    assert (worse.alert.state, worse.alert.level, worse.alert.acknowledged_user) == (State.OPEN, 1, None)


def test_what_has_to_last_is_told_when_it_lasted_and_never_when_it_went() -> None:
    lasting = replace(BAD, after=3 * MINUTE)
    alert = first_seen("a1b2c3d4", lasting, NOW)
    assert advance(alert, lasting, NOW + 2 * MINUTE, POLICY).what is None
    assert advance(alert, lasting, NOW + 3 * MINUTE, POLICY).what is What.OPENED
    assert advance(alert, None, NOW + MINUTE, POLICY).alert is None


@pytest.mark.parametrize(
    ("condition", "utc_hour", "told"),
    [
        (NOTE, 4, None),
        (NOTE, 11, None),
        (NOTE, 12, What.OPENED),
        (BAD, 4, What.OPENED),
    ],  # 23:00, 06:00, 07:00
)
def test_quiet_hours_hold_back_warnings_only(condition: Condition, utc_hour: int, told: What | None) -> None:
    now = NOW.replace(hour=utc_hour)
    assert advance(first_seen("a1b2c3d4", condition, now), condition, now, NIGHT).what is told


def test_a_reminder_waits_for_the_end_of_the_quiet_hours() -> None:
    alert = opened(NOTE, NOW.replace(hour=2), NIGHT)  # 21:00 there
    assert advance(alert, NOTE, NOW.replace(hour=7), NIGHT).what is None
    assert advance(alert, NOTE, NOW.replace(hour=12), NIGHT).what is What.REMINDED


def test_an_announced_maintenance_holds_back_warnings_only() -> None:
    waiting = first_seen("a1b2c3d4", NOTE, NOW)
    assert advance(waiting, NOTE, NOW, POLICY, held=True).what is None
    assert advance(first_seen("a1b2c3d4", BAD, NOW), BAD, NOW, POLICY, held=True).what is What.OPENED


def test_nobody_hears_of_the_end_of_what_was_never_told() -> None:
    assert close(first_seen("a1b2c3d4", BAD, NOW), NOW, Resolution.NOT_CONFIGURED).alert is None


def acknowledged(condition: Condition = BAD) -> Alert:
    taken = acknowledge(opened(condition), OMAR, NOW).alert
    assert taken is not None
    return taken


TAKEN = replace(POLICY, remind_taker_every=8 * HOUR, taken_for=24 * HOUR)


def test_who_took_a_critical_alert_is_reminded_and_after_a_day_others_are_asked() -> None:
    assert life(acknowledged(), BAD, range(1, 1480), TAKEN) == [
        "480 reminded 1",
        "960 reminded 1",
        "1440 lapsed 1",
        "1470 escalated 2",
    ]


def test_who_took_a_warning_is_left_alone_for_a_day() -> None:
    assert life(acknowledged(NOTE), NOTE, range(1, 1700), TAKEN) == ["1440 lapsed 0", "1680 reminded 0"]


def test_what_nobody_could_look_at_lapses_too() -> None:
    step = unseen(acknowledged(), NOW + 25 * HOUR, TAKEN)
    assert step.what is What.LAPSED
    assert step.alert is not None
    assert (step.alert.state, step.alert.acknowledged_user) == (State.OPEN, None)


def test_what_is_on_its_way_is_waited_for_and_changes_nothing_of_what_was_told() -> None:
    coming = replace(BAD, waits=True)
    waiting = first_seen("a1b2c3d4", coming, NOW)
    assert advance(waiting, coming, NOW + HOUR, POLICY).what is None
    assert advance(waiting, BAD, NOW + HOUR, POLICY).what is What.OPENED
    assert life(opened(), coming, range(1, 40)) == ["30 escalated 2"]
    over = close(opened(), NOW, Resolution.GONE).alert
    assert over is not None
    assert advance(over, coming, NOW + MINUTE, POLICY).what is None
