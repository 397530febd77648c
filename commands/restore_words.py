"""The words after `/restore-test` -> what is wanted: forgiving of order and case, and of nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.backup import Kind
from bot.errors import WordsError
from commands import suggest
from commands.tokens import Token, tokens
from commands.words import (
    FILLERS,
    KINDS,
    LATEST,
    Help,
    Known,
    database_named,
    is_id,
    only_one,
    standing_database,
    which_database,
)

COMMAND = "/restore-test"
_VERBS = ("cancel", "help")
_EXTRA_FILLERS = frozenset({"now", "restore", "run", "test"})


@dataclass(frozen=True)
class Prove:
    """Test one backup: an id, the beginning of one, or `latest` of a kind and database."""

    pick: str
    database: str | None
    kind: Kind = Kind.FULL


@dataclass(frozen=True)
class Stop:
    """Stop a test, by its own or its backup's id; `latest` where only one can be meant."""

    pick: str


Wanted = Prove | Stop | Help


@dataclass(frozen=True)
class _Said:
    ids: list[str]
    databases: list[str]
    kinds: list[Kind]


def parse(text: str, known: Known) -> Wanted:
    """Read what was typed after the command's name; nothing at all tests the latest full backup.

    Raises:
        WordsError: with the nearest whole command as its suggestion, where one is near.
    """
    words = tokens(text)
    verbs = [token.word for token in words if token.word in _VERBS]
    if "help" in verbs:
        return Help()
    rest = [t for t in words if t.word not in _VERBS and not _is_filler(t, known)]
    said = _read(rest, known, "cancel" if verbs else "")
    pick = only_one(said.ids, "backup") or LATEST
    if verbs:
        return Stop(pick)
    database, kind = only_one(said.databases, "database"), only_one(said.kinds, "kind of backup")
    if pick != LATEST:
        return Prove(pick, database)
    database = database or standing_database(known)
    if database is None:
        raise which_database(known)
    return Prove(LATEST, database, kind or Kind.FULL)


def _is_filler(token: Token, known: Known) -> bool:
    return token.word in FILLERS | _EXTRA_FILLERS and database_named(token, known) is None


def _read(words: list[Token], known: Known, verb: str) -> _Said:
    said = _Said([], [], [])
    for token in words:
        plain = token.text.lower().lstrip("#")
        if database := database_named(token, known):
            said.databases.append(database)
        elif token.word in KINDS:
            said.kinds.append(KINDS[token.word])
        elif plain == LATEST or is_id(plain, _choices(known, verb)):
            said.ids.append(plain)
        else:
            raise _unknown(token, known, verb, words)
    return said


def _unknown(token: Token, known: Known, verb: str, words: list[Token]) -> WordsError:
    return suggest.replaced(token, _choices(known, verb), verb, words, COMMAND)


def _choices(known: Known, verb: str) -> tuple[str, ...]:
    """The words that may stand here; one that is nearly one of them is no id, though it may look like one."""
    return (LATEST, *KINDS, *known.databases, *(() if verb else _VERBS))
