from __future__ import annotations

import pytest

from bot.errors import ConfigurationError
from bot.settings import read_environment
from bot.supervisor.plan import Plan, SlackEdge, read

LEDGER = {"SPAREWHEEL_DATABASE_URL": "postgresql://u:p@h/d"}
CONFIG = {"SPAREWHEEL_CONFIG": "/etc/sparewheel.toml"}
BOT = {"SLACK_BOT_TOKEN": "xoxb-1"}
APP = {"SLACK_APP_TOKEN": "xapp-1"}
SECRET = {"SLACK_SIGNING_SECRET": "abc"}


def plan(*parts: dict[str, str]) -> Plan:
    return read(read_environment({k: v for part in parts for k, v in part.items()}))


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ((), Plan(ledger=True, samples=True, slack=SlackEdge.SANDBOX)),
        ((LEDGER,), Plan(ledger=False, samples=True, slack=SlackEdge.SANDBOX)),
        ((BOT, APP), Plan(ledger=True, samples=True, slack=SlackEdge.SOCKET)),
        ((BOT, SECRET), Plan(ledger=True, samples=True, slack=SlackEdge.HTTP)),
        ((BOT, APP, SECRET), Plan(ledger=True, samples=True, slack=SlackEdge.SOCKET)),
        ((LEDGER, CONFIG, BOT, APP), Plan(ledger=False, samples=False, slack=SlackEdge.SOCKET)),
    ],
)
def test_each_part_is_replaced_by_setting_it_alone(parts: tuple[dict[str, str], ...], expected: Plan) -> None:
    assert plan(*parts) == expected


@pytest.mark.parametrize("parts", [(CONFIG,), (CONFIG, LEDGER)])
def test_real_databases_never_get_a_sandbox(parts: tuple[dict[str, str], ...]) -> None:
    assert plan(*parts).slack is SlackEdge.NONE


@pytest.mark.parametrize("parts", [(APP,), (SECRET,), (APP, CONFIG)])
def test_half_of_slacks_tokens_is_an_error(parts: tuple[dict[str, str], ...]) -> None:
    with pytest.raises(ConfigurationError, match="SLACK_BOT_TOKEN is not"):
        plan(*parts)


def test_a_bot_token_alone_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match="neither SLACK_APP_TOKEN nor SLACK_SIGNING_SECRET"):
        plan(BOT)


def test_nothing_embedded_is_needed_where_everything_is_given() -> None:
    assert not plan(LEDGER, CONFIG, BOT, APP).embedded
    assert plan(LEDGER).embedded
    assert plan(CONFIG).embedded
