"""Whoever may not do a thing is told so at once, however much of the words is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.app import House
from bot.core.people import Actor
from bot.core.reply import Request
from bot.errors import NotAllowedError, WordsError
from bot.ledger import audit
from bot.ledger.connection import borrowed
from commands import backup, restore_test
from tests.support.house import OMAR, VERA, Plan, folder_storage, open_house

DAILY = '[databases.{}.schedules.daily]\nkind = "full"\ncron = "0 3 * * *"\n'
WRONG = ("now", "check x", "cancel", "schedule pause daily", "schedule resume")


@pytest.fixture
def house(ledger_url: str, tmp_path: Path) -> Iterator[House]:
    nowhere = dict.fromkeys(("shop", "yard"), "postgresql://nobody@127.0.0.1:1/none")
    plan = Plan(nowhere, {name: DAILY.format(name) for name in nowhere}, folder_storage(tmp_path / "store"))
    with open_house(plan, ledger_url, tmp_path) as opened:
        yield opened


def typed(house: House, actor: Actor, text: str, command: str = "/backup") -> None:
    request = Request(actor.team, actor.user, "C0OTHER", text, command, text)
    if command == "/backup":
        backup.answer(request, actor, house.backups, house.schedules, house.health_reports)
    else:
        restore_test.answer(request, actor, house.restore_tests, backup.known(house.backups, "C0OTHER"))


def test_a_viewer_is_refused_before_asked_for_better_words(house: House) -> None:
    for text in WRONG:
        with pytest.raises(NotAllowedError, match="As viewer you may not"):
            typed(house, VERA, text)
        with borrowed(house.pool) as connection:
            assert audit.recent(connection, limit=1)[0].details["text"] == text
        with pytest.raises(WordsError):
            typed(house, OMAR, text)


def test_restore_tests_too(house: House) -> None:
    with pytest.raises(NotAllowedError):
        typed(house, VERA, "latest", "/restore-test")
    with pytest.raises(WordsError, match="Which database"):
        typed(house, OMAR, "latest", "/restore-test")


def test_words_that_ask_for_no_role_are_only_wrong_words(house: House) -> None:
    for text in ("status nosuch", "shwo", "now “x"):
        with pytest.raises(WordsError):
            typed(house, VERA, text)
