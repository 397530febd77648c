from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.firing import Decision, Verdict, decide, late_because
from bot.core.schedules import CatchUp

NOW = datetime(2026, 3, 2, 12, 0, 30, tzinfo=UTC)
HOURS = [NOW.replace(hour=hour, second=0) for hour in (8, 9, 10, 11, 12)]
FIRE, PAUSED, MISSED = Verdict.FIRE, Verdict.PAUSED, Verdict.MISSED


def decided(
    policy: CatchUp, times: list[datetime] = HOURS, paused_from: int = 24, paused_until: int = 24
) -> list[tuple[int, Verdict, int]]:
    decisions = decide(
        times, policy=policy, now=NOW, is_paused=lambda at: paused_from <= at.hour < paused_until
    )
    return [(decision.at.hour, decision.verdict, decision.missed) for decision in decisions]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (CatchUp.NEWEST, [(12, FIRE, 4)]),
        (CatchUp.ALL, [(8, FIRE, 0), (9, FIRE, 0), (10, FIRE, 0), (11, FIRE, 0), (12, FIRE, 0)]),
        (CatchUp.NONE, [(11, MISSED, 3), (12, FIRE, 0)]),
    ],
)
def test_what_is_made_up_for(policy: CatchUp, expected: list[tuple[int, Verdict, int]]) -> None:
    assert decided(policy) == expected


@pytest.mark.parametrize("policy", list(CatchUp))
def test_a_time_that_is_not_reached_waits(policy: CatchUp) -> None:
    assert decided(policy, [NOW + timedelta(seconds=1)]) == []


@pytest.mark.parametrize("policy", list(CatchUp))
def test_in_time_is_fired_whatever_the_policy(policy: CatchUp) -> None:
    assert decided(policy, HOURS[-1:]) == [(12, FIRE, 0)]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (CatchUp.NEWEST, [(9, FIRE, 1), (12, PAUSED, 0)]),
        (CatchUp.ALL, [(8, FIRE, 0), (9, FIRE, 0), (10, PAUSED, 0), (11, PAUSED, 0), (12, PAUSED, 0)]),
        (CatchUp.NONE, [(9, MISSED, 1), (12, PAUSED, 0)]),
    ],
)
def test_a_pause_takes_its_own_times_only(policy: CatchUp, expected: list[tuple[int, Verdict, int]]) -> None:
    assert decided(policy, paused_from=10) == expected


@pytest.mark.parametrize("policy", list(CatchUp))
def test_rows_are_written_oldest_first(policy: CatchUp) -> None:
    found = [hour for hour, _, _ in decided(policy, list(reversed(HOURS)), 9, 11)]
    assert found == sorted(found)


def test_nothing_owed_is_nothing_written() -> None:
    assert decide([], policy=CatchUp.NEWEST, now=NOW, is_paused=lambda _: False) == []
    assert Decision(NOW, FIRE).missed == 0


@pytest.mark.parametrize(
    ("fired_after", "begun_after", "missed", "why"),
    [
        (0, 5, 0, None),
        (61, 62, 0, "the clock was down"),
        (3600, 3601, 1, "the clock was down, and 1 earlier run was left out"),
        (3600, 3601, 4, "the clock was down, and 4 earlier runs were left out"),
        (1, 900, 0, "no worker was free to begin it"),
    ],
)
def test_why_a_run_begins_late(fired_after: int, begun_after: int, missed: int, why: str | None) -> None:
    times = [NOW + timedelta(seconds=after) for after in (0, fired_after, begun_after)]
    assert late_because(times[0], times[1], times[2], missed) == why
