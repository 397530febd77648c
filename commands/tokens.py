"""What was typed -> tokens: phones' quotes and spaces straightened, quoted names kept whole."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from bot.errors import WordsError

_QUOTES = str.maketrans(
    dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb", '"')
    | dict.fromkeys("\u2018\u2019\u201a\u201b", "'")
)
# Invisible and meaningless. The zero-width joiner is not among them: emoji in names need it.
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u2060\ufeff\u00ad"))


@dataclass(frozen=True)
class Token:
    """One word. `raw` is SQL's way to write it (`public."My Table"`), `text` is without the quotes."""

    raw: str
    text: str
    quoted: bool = False

    @property
    def word(self) -> str:
        """The word for comparing, in lower case; empty where quotes say that it is a name."""
        return "" if self.quoted else self.text.lower()


def straighten(text: str) -> str:
    """Curly quotes to straight ones, every kind of space and control character to a plain space."""
    text = text.translate(_QUOTES).translate(_INVISIBLE)
    return "".join(" " if c.isspace() or unicodedata.category(c) in ("Cc", "Zs") else c for c in text)


def tokens(text: str) -> list[Token]:
    """Split at spaces and commas. Quotes (`"…"`, `'…'` or backticks) keep a name whole; `""` is one quote.

    Raises:
        WordsError: a quotation mark is not closed.
    """
    text = straighten(text)
    found: list[Token] = []
    at = 0
    while at < len(text):
        if text[at] in " ,":
            at += 1
            continue
        token, at = _token(text, at)
        found.append(token)
    return found


def _token(text: str, at: int) -> tuple[Token, int]:
    """The token that begins at `at`, and where it ends."""
    raw, plain, quoted, part_begins = "", "", False, True
    while at < len(text) and text[at] not in " ,":
        if part_begins and _opens(text, at):
            name, at = _quoted(text, at)
            raw, plain, quoted = raw + '"' + name.replace('"', '""') + '"', plain + name, True
            part_begins = False
            continue
        part_begins = text[at] == "."
        raw, plain, at = raw + text[at], plain + text[at], at + 1
    return Token(raw, plain, quoted), at


def _opens(text: str, at: int) -> bool:
    """Whether a quoted name begins here. A lone apostrophe or backtick is a letter like any other."""
    return text[at] == '"' or (text[at] in "'`" and text.find(text[at], at + 2) > 0)


def _quoted(text: str, at: int) -> tuple[str, int]:
    """The name inside the quotes that open at `at`, and where it ends."""
    mark, name, at = text[at], "", at + 1
    while at < len(text):
        if text[at] != mark:
            name, at = name + text[at], at + 1
        elif text[at + 1 : at + 2] == mark:
            name, at = name + mark, at + 2
        else:
            return name, at + 1
    raise WordsError(
        "A quotation mark is opened and never closed.",
        next_step='Close it, like `/backup now table "My Table"`.',
    )
