"""Suggestions: what was typed, mended into a whole command that can be typed as it stands."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from bot.errors import WordsError
from commands.tokens import Token

COMMAND = "/backup"
_LONGEST_ECHO = 60


def near(word: str, choices: Iterable[str]) -> str | None:
    """The choice that was probably meant, or None."""
    return next(iter(difflib.get_close_matches(word.lower(), list(choices), n=1, cutoff=0.6)), None)


def line(verb: str, words: Iterable[Token], command: str = COMMAND) -> str:
    """A whole command."""
    return " ".join(part for part in (command, verb, *(token.raw for token in words)) if part)


def names(choices: Iterable[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`; at most ten, then how many more. `last` joins the last two."""
    found = list(choices)
    if len(found) > 10:  # noqa: PLR2004 - more than ten help nobody on a phone
        found = [*found[:10], f"{len(found) - 10} more"]
    return f" {last} ".join([", ".join(found[:-1]), found[-1]] if len(found) > 1 else found)


def unknown(token: Token, suggestion: str | None, choices: Iterable[str] = ()) -> WordsError:
    """An error about one word, with what could stand in its place where nothing is near."""
    echo = token.text if len(token.text) <= _LONGEST_ECHO else token.text[:_LONGEST_ECHO] + "…"
    possible = list(choices)
    step = f"It can be {names(possible, 'or')}." if possible and not suggestion else None
    return WordsError(f'"{echo}" means nothing here.', suggestion=suggestion, next_step=step)


def replaced(
    token: Token, choices: Iterable[str], verb: str, words: Iterable[Token], command: str = COMMAND
) -> WordsError:
    """The same, suggesting the command with the nearest choice in the unknown word's place."""
    possible = list(choices)
    meant = near(token.text, possible)
    if meant is None:
        return unknown(token, None, possible)
    mended = [Token(meant, meant) if t is token else t for t in words]
    return unknown(token, line(verb, mended, command))
