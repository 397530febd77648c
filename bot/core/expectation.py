"""What the answer of a check's SQL has to be, as people write it in the configuration."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

_NUMBER = r"[+-]?\d+(?:\.\d+)?"
_COMPARED = re.compile(rf"(?P<sign>==|!=|>=|<=|>|<)\s*(?P<number>{_NUMBER})")
_BETWEEN = re.compile(rf"between\s+(?P<low>{_NUMBER})\s+and\s+(?P<high>{_NUMBER})", re.IGNORECASE)
_WORD = re.compile(r"(?P<sign>==|!=)\s*(?P<word>true|false|null|'(?:[^']|'')*')", re.IGNORECASE)
_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}


@dataclass(frozen=True)
class Expectation:
    """A parsed expectation; ask `holds`."""

    text: str
    _test: Callable[[object], bool]

    def holds(self, value: object) -> bool:
        """Whether a value out of a database is as expected.

        Raises:
            TypeError: the value is of a kind that cannot be compared so (a text against a number).
        """
        return self._test(value)


def parse_expectation(text: str) -> Expectation:
    """`== 0`, `!= 3`, `>= 10`, `< 2.5`, `between 1 and 9`, `== true`, `!= null`, `== 'text'`.

    Raises:
        ValueError: with what to write instead.
    """
    written = text.strip()
    if found := _COMPARED.fullmatch(written):
        compare, bound = _SIGNS[found["sign"]], Decimal(found["number"])
        return Expectation(written, lambda value: compare(_number(value), bound))
    if found := _BETWEEN.fullmatch(written):
        low, high = Decimal(found["low"]), Decimal(found["high"])
        if low > high:
            raise ValueError(f"{text!r} can never hold: write the smaller number first")
        return Expectation(written, lambda value: low <= _number(value) <= high)
    if found := _WORD.fullmatch(written):
        compare, word = _SIGNS[found["sign"]], _word(found["word"])
        return Expectation(written, lambda value: compare(_same_kind(value, word), word))
    raise ValueError(
        f"{text!r} is no expectation; write '== 0', '>= 10', 'between 1 and 9', '== true' or \"== 'text'\""
    )


def check_expectation(text: str) -> str:
    """The text itself when it can be parsed; ValueError otherwise."""
    parse_expectation(text)
    return text


def _number(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise TypeError("the answer is no number")
    # Through text: 0.1 as a float is not 0.1 as a Decimal.
    return Decimal(str(value))


def _word(written: str) -> str | bool | None:
    if written.startswith("'"):
        return written[1:-1].replace("''", "'")
    return _WORDS[written.lower()]


def _same_kind(value: object, word: str | bool | None) -> object:
    if value is not None and word is not None and type(value) is not type(word):
        raise TypeError("the answer is of another kind than what is expected")
    return value
