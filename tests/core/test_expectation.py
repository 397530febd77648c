from __future__ import annotations

from decimal import Decimal

import pytest

from bot.core.expectation import check_expectation, parse_expectation

TABLE = [
    ("== 0", 0, True),
    ("== 0", 1, False),
    ("==0", Decimal("0.0"), True),
    ("!= 3", 3, False),
    (">= 10", 10, True),
    (">= 10", 9.99, False),
    ("<= -1.5", Decimal("-1.5"), True),
    ("> 0.1", 0.1, False),
    ("< 2", 1, True),
    ("between 1 and 9", 9, True),
    ("BETWEEN 1 and 9", 10, False),
    ("== 0", float("nan"), False),
    ("== true", True, True),
    ("== false", True, False),
    ("== null", None, True),
    ("!= null", "x", True),
    ("== 'it''s'", "it's", True),
    ("!= 'a'", "b", True),
    ("== 'a'", None, False),
]


@pytest.mark.parametrize(("text", "value", "holds"), TABLE)
def test_what_holds(text: str, value: object, holds: bool) -> None:
    assert parse_expectation(text).holds(value) is holds


@pytest.mark.parametrize(
    "text",
    ["", "0", "= 0", "== 0; drop", "between 9 and 1", "== maybe", "__import__('os')", "> 'a'", "== 1e9"],
)
def test_what_is_no_expectation(text: str) -> None:
    with pytest.raises(ValueError, match=r"expectation|never hold"):
        check_expectation(text)


@pytest.mark.parametrize(("text", "value"), [("== 0", True), ("== 0", "0"), ("> 1", None), ("== true", 1)])
def test_kinds_are_not_mixed(text: str, value: object) -> None:
    with pytest.raises(TypeError):
        parse_expectation(text).holds(value)
