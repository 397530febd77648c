from __future__ import annotations

import pytest

from bot.core.backup import Kind
from bot.errors import WordsError
from commands.restore_words import Prove, Stop, parse
from commands.words import Help, Known

TWO = Known(("cruzonic", "fleetnest"))
HERE = Known(("cruzonic", "fleetnest"), "cruzonic")


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("", Prove("latest", "cruzonic")),
        ("latest", Prove("latest", "cruzonic")),
        ("LATEST Critical", Prove("latest", "cruzonic", Kind.CRITICAL)),
        ("fleetnest latest", Prove("latest", "fleetnest")),
        ("the latest backup of FleetNest please", Prove("latest", "fleetnest")),
        ("fleetnest", Prove("latest", "fleetnest")),
        ("a1b2", Prove("a1b2", None)),
        ("#A1B2C3D4 cruzonic", Prove("a1b2c3d4", "cruzonic")),
        ("cancel", Stop("latest")),
        ("t1t2 cancel", Stop("t1t2")),
        ("help", Help()),
    ],
)
def test_words(typed: str, wanted: object) -> None:
    assert parse(typed, HERE) == wanted


def test_without_a_name_where_several_could_be_meant_it_asks() -> None:
    with pytest.raises(WordsError, match="Which database"):
        parse("latest", TWO)
    assert parse("a1b2", TWO) == Prove("a1b2", None)  # an id says it


@pytest.mark.parametrize(
    ("typed", "suggestion"),
    [
        ("latst cruzonic", "/restore-test latest cruzonic"),
        ("latest criticl", "/restore-test latest critical"),
        ("latest cruzonik", "/restore-test latest cruzonic"),
        ("cancle", "/restore-test cancel"),
    ],
)
def test_a_slip_gets_a_whole_command_to_type_instead(typed: str, suggestion: str) -> None:
    with pytest.raises(WordsError) as caught:
        parse(typed, HERE)
    assert caught.value.suggestion == suggestion


def test_two_backups_at_a_time_are_refused() -> None:
    with pytest.raises(WordsError, match="one backup at a time"):
        parse("a1b2 c3d4", HERE)
