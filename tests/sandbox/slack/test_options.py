from __future__ import annotations

from bot.sandbox.slack.options import Rates, Timings


def test_the_numbers_are_slacks_own_unless_a_test_says_otherwise() -> None:
    slack = Timings()
    assert (slack.acknowledge, slack.trigger) == (3.0, 3.0)
    assert (slack.response_url, slack.response_url_uses) == (1800.0, 5)
    assert slack.event_retries == (0.0, 60.0, 300.0)
    assert (Rates().post_per_second, Rates().post_burst) == (1.0, 20)
