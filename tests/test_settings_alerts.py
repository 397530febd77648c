"""`[alerts]` and `[heartbeats]`: what can be written, and the sentence where it cannot."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.errors import ConfigurationError
from bot.services.alerts import limits_of, policy_of
from bot.settings import Configuration, parse_configuration


def read(alerts: dict[str, Any]) -> Configuration:
    return parse_configuration({"storage": {"url": "file:///x"}, "alerts": alerts}, "x.toml")


def test_what_is_written_reaches_the_rules() -> None:
    quiet = {"from": "22:00", "until": "07:00", "time_zone": "America/New_York"}
    written = {"remind_every": "2h", "escalate_after": ["15m", "1h"], "shrink": 0.5, "slow": 3, "hold": "1m"}
    configuration = read({**written, "stuck_after": "5m", "quiet_hours": quiet})
    policy, limits = policy_of(configuration), limits_of(configuration)
    assert [span.total_seconds() for span in policy.escalate_after] == [900, 3600]
    assert policy.remind_every is not None
    assert (policy.remind_every.total_seconds(), policy.hold.total_seconds()) == (7200, 60)
    assert (limits.shrink, limits.slow, limits.stuck_after.total_seconds()) == (0.5, 3.0, 300)
    assert policy.quiet is not None
    assert policy.quiet.cover(datetime(2026, 3, 1, 4, tzinfo=UTC))
    assert not policy.quiet.cover(datetime(2026, 3, 1, 13, tzinfo=UTC))


@pytest.mark.parametrize(
    ("alerts", "said"),
    [
        ({"quiet_hours": {"from": "10pm", "until": "07:00"}}, "'10pm' is no time of day"),
        ({"quiet_hours": {"from": "22:00", "to": "07:00"}}, "alerts.quiet_hours.until is missing"),
        ({"quiet_hours": {"form": "22:00", "until": "07:00"}}, "Did you mean 'from'?"),
        ({"escalate_after": ["1m", "2m", "3m"]}, "at most 2 items"),
        ({"shrink": 30}, "less than 1"),
        ({"remind_every": "1s"}, "greater than or equal to 60"),
        ({"quiet_hours": {"from": "22:00", "until": "07:00", "time_zone": "New York"}}, "is no time zone"),
    ],
)
def test_what_cannot_be_meant(alerts: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said.replace("?", r"\?")):
        read(alerts)
