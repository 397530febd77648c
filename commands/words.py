"""The words after `/backup` -> what is wanted: forgiving of order and case, and of nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bot.core.backup import Format, Kind
from bot.core.ids import SHORTEST_PREFIX, looks_like_id
from bot.core.people import Action
from bot.errors import WordsError
from commands import suggest
from commands.tokens import Token, tokens

LATEST = "latest"
_T = TypeVar("_T")


@dataclass(frozen=True)
class Known:
    """What a name may mean here: the databases, and the one that this place stands for, if any."""

    databases: tuple[str, ...]
    default: str | None = None


@dataclass(frozen=True)
class Now:
    """Take a backup. `tables` as typed, in SQL's spelling; only with kind TABLE."""

    kind: Kind
    database: str
    tables: tuple[str, ...] = ()
    format: Format = Format.CUSTOM


@dataclass(frozen=True)
class Status:
    """How things stand, of one database or of all."""

    database: str | None = None


@dataclass(frozen=True)
class Report:
    """How everything stands and stood, of one database or of all."""

    database: str | None = None


@dataclass(frozen=True)
class Listing:
    """The newest backups, of one database and kind or of all."""

    database: str | None = None
    kind: Kind | None = None


@dataclass(frozen=True)
class Pick:
    """One backup: an id, a prefix of one, or `latest` (of `database`, where that is given)."""

    backup_id: str
    database: str | None = None


@dataclass(frozen=True)
class Show:
    """Everything about one backup."""

    pick: Pick


@dataclass(frozen=True)
class Check:
    """Fetch one backup back and read it through."""

    pick: Pick


@dataclass(frozen=True)
class Cancel:
    """Stop one backup."""

    pick: Pick


@dataclass(frozen=True)
class Help:
    """What can be typed."""


Wanted = Now | Status | Report | Listing | Show | Check | Cancel | Help

ASKABLE = {kind.value: kind for kind in Kind if kind not in (Kind.TABLE, Kind.SAFETY)}
KINDS = {kind.value: kind for kind in Kind}
_FORMATS = {form.value: form for form in Format}
_LISTED = tuple(kind.value for kind in Kind if kind is not Kind.SAFETY)
_PLAIN = (Format.PLAIN.value,)
_TABLE_WORDS = ("table", "tables")
_VERBS = ("now", "status", "report", "list", "show", "check", "cancel", "help")
_ACTIONS = {"now": Action.BACK_UP, "check": Action.CHECK, "cancel": Action.CANCEL}
# With a digit in it, a few characters are an id that somebody shortened too much.
_SHORT_ID = re.compile(r"(?=.*\d)[0-9a-z]{1,3}")
FILLERS = frozenset({"a", "backup", "for", "of", "please", "the"})


def parse(text: str, known: Known) -> Wanted:
    """Read what was typed after the command's name; nothing at all asks for the status.

    Raises:
        WordsError: with the nearest whole command as its suggestion, where one is near and can be typed.
    """
    try:
        return _read(text, known)
    except WordsError as error:
        if error.suggestion and not _can_be_typed(error.suggestion, known):
            wants_one = any(
                _can_be_typed(f"{error.suggestion} {name}", known) for name in known.databases[:1]
            )
            if wants_one:
                choices = suggest.names(known.databases, "or")
                error.next_step = f"Did you mean `{error.suggestion}`, with a database behind it? {choices}."
            error.suggestion = None
        raise


def _can_be_typed(suggestion: str, known: Known) -> bool:
    try:
        _read(suggestion.removeprefix(suggest.COMMAND), known)
    except WordsError:
        return False
    return True


def action_meant(text: str) -> Action | None:
    """What these words would do, where that takes a role of its own, however much of them is wrong."""
    try:
        verb, _ = _take_verb(tokens(text))
    except (WordsError, IndexError):
        return None
    return _ACTIONS.get(verb or "")


def _read(text: str, known: Known) -> Wanted:
    words = tokens(text)
    if not words:
        return Status()
    verb, rest = _take_verb(words)
    if verb is None:
        return _without_verb(words, known)
    rest = [t for t in rest if t.word not in FILLERS or database_named(t, known)]
    if not any(t.word in _TABLE_WORDS for t in rest):
        # Quotes mean something around a table's name only, and so does a verb that is said twice.
        rest = [Token(t.text, t.text) for t in rest if t.word != verb]
    readers: dict[str, Callable[[list[Token], Known], Wanted]] = {
        "now": _now,
        "status": lambda t, k: Status(_only(t, k, "status")[0]),
        "report": lambda t, k: Report(_only(t, k, "report")[0]),
        "list": lambda t, k: Listing(*_only(t, k, "list")),
        "show": lambda t, k: Show(_pick(t, k, "show")),
        "check": lambda t, k: Check(_pick(t, k, "check")),
        "cancel": lambda t, k: Cancel(_pick(t, k, "cancel")),
        "help": lambda _t, _k: Help(),
    }
    return readers[verb](rest, known)


def _take_verb(words: list[Token]) -> tuple[str | None, list[Token]]:
    """The first verb that stands before `table`, or the word at the very end; and what is left."""
    until = next((i for i, t in enumerate(words) if t.word in _TABLE_WORDS), len(words))
    for at in [*range(until), len(words) - 1]:
        if words[at].word in _VERBS:
            return words[at].word, words[:at] + words[at + 1 :]
    return None, words


def _without_verb(words: list[Token], known: Known) -> Wanted:
    """A lone database means its status. Anything else gets the nearest command, never a guess acted on."""
    first = words[0]
    if len(words) == 1 and (database := database_named(first, known)):
        return Status(database)
    if any(t.word in (*ASKABLE, *_FORMATS, *_TABLE_WORDS) for t in words):
        mistyped = suggest.near(first.word, ("now",)) and not database_named(first, known)
        meant = words[1:] if mistyped else words
        raise WordsError("Say what to do first.", suggestion=suggest.line("now", meant))
    if near := suggest.near(first.word, _VERBS):
        raise suggest.unknown(first, suggest.line(near, words[1:]))
    if len(words) == 1 and looks_like_id(first.word) and any(c.isdigit() for c in first.word):
        raise WordsError("Say what to do with that backup.", suggestion=suggest.line("show", words))
    if near := suggest.near(first.word, known.databases):
        raise suggest.unknown(first, suggest.line("status", [Token(near, near)]))
    raise suggest.unknown(first, None, (*_VERBS, "schedule"))


def _now(words: list[Token], known: Known) -> Now:
    """`[full|critical|schema|table NAME…] [DATABASE] [plain]` in any order."""
    kinds: list[Kind] = []
    databases: list[str] = []
    tables: list[Token] = []
    form = Format.CUSTOM
    for token in words:
        if token.word in _FORMATS:
            form = _FORMATS[token.word]
        elif database := database_named(token, known):
            databases.append(database)
        elif Kind.TABLE in kinds:
            tables.append(token)
        elif token.word in _TABLE_WORDS:
            kinds.append(Kind.TABLE)
        elif token.word in ASKABLE:
            kinds.append(ASKABLE[token.word])
        else:
            choices = (*ASKABLE, "table", *_PLAIN, *known.databases)
            raise suggest.replaced(token, choices, "now", words)
    kind = only_one(kinds, "kind of backup") or Kind.FULL
    if kind is Kind.TABLE and not tables:
        raise WordsError(
            "Say which table.", next_step='Like `/backup now table drivers` or `table "My Table"`.'
        )
    chosen = only_one(databases, "database") or _default(words, tables, known)
    return Now(kind, chosen, tuple(t.raw for t in tables), form)


def _default(words: list[Token], tables: list[Token], known: Known) -> str:
    """The database that needs no name here.

    Raises:
        WordsError: there are several, and this channel stands for none of them.
    """
    if standing := standing_database(known):
        return standing
    last = tables[-1] if len(tables) > 1 else None
    near = suggest.near(last.word, known.databases) if last else None
    meant = [Token(near, near) if t is last and near else t for t in words]
    raise which_database(known, suggest.line("now", meant) if near else None)


def standing_database(known: Known) -> str | None:
    """The database that needs no name here, None where it has to be named.

    Raises:
        WordsError: there is none at all.
    """
    if known.default:
        return known.default
    if not known.databases:
        raise WordsError(
            "No database is configured yet.", next_step="Add one to the configuration: `[databases.NAME]`."
        )
    return known.databases[0] if len(known.databases) == 1 else None


def which_database(known: Known, suggestion: str | None = None) -> WordsError:
    """What to say where the database has to be named."""
    return WordsError(
        f"Which database? There are {suggest.names(known.databases)}.",
        next_step="Name one at the end.",
        suggestion=suggestion,
    )


def _only(words: list[Token], known: Known, verb: str) -> tuple[str | None, Kind | None]:
    """A database, and for `list` a kind; both may be left out."""
    databases: list[str] = []
    kinds: list[Kind] = []
    for token in words:
        if database := database_named(token, known):
            databases.append(database)
        elif verb == "list" and token.word in KINDS:
            kinds.append(KINDS[token.word])
        else:
            choices = (*known.databases, *(_LISTED if verb == "list" else ()))
            raise suggest.replaced(token, choices, verb, words)
    return only_one(databases, "database"), only_one(kinds, "kind of backup")


def _pick(words: list[Token], known: Known, verb: str) -> Pick:
    """An id, the beginning of one, `latest`, or a database for the latest of it."""
    databases: list[str] = []
    ids: list[str] = []
    for token in words:
        word = token.word.lstrip("#")
        if database := database_named(token, known):
            databases.append(database)
        elif word == LATEST or is_id(token.text.lower().lstrip("#")):
            ids.append(token.text.lower().lstrip("#"))
        elif _SHORT_ID.fullmatch(word):
            raise WordsError(
                f"{word} is too short for an id: its first {SHORTEST_PREFIX} characters are needed.",
                next_step=f"`{suggest.COMMAND} list` shows the ids.",
            )
        else:
            raise suggest.replaced(token, (LATEST, *known.databases), verb, words)
    if not ids and not databases:
        raise WordsError(
            "Say which backup.",
            next_step=f"`{suggest.COMMAND} list` shows the ids; the first four characters are enough.",
            suggestion=None if verb == "cancel" else f"{suggest.COMMAND} {verb} {LATEST}",
        )
    return Pick(only_one(ids, "backup") or LATEST, only_one(databases, "database"))


def is_id(word: str, words: Sequence[str] = (LATEST,)) -> bool:
    """An id, but not a mistyped one of `words`, which may have the look of one."""
    return looks_like_id(word) and not (word.isalpha() and suggest.near(word, words))


def database_named(token: Token, known: Known) -> str | None:
    """The configured database of this name, in whatever case it was typed."""
    wanted = token.text.lower()
    return next((name for name in known.databases if name.lower() == wanted), None)


def only_one(found: Sequence[_T], what: str) -> _T | None:
    """The one thing said, None where nothing was, an error where two different ones were."""
    different = list(dict.fromkeys(found))
    if len(different) > 1:
        raise WordsError(f"Only one {what} at a time: {suggest.names(map(str, different))} were named.")
    return different[0] if different else None
