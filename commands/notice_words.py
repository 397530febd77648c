"""The words after `/notice` -> what is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.errors import WordsError
from commands import suggest
from commands.tokens import Token, tokens

COMMAND = "/notice"
_ON_A_NOTICE = ("show", "edit", "count", "submit", "rehearse", "withdraw", "update", "send", "retry")
_CLOSE = "close"
_ON_A_RECIPIENT = ("sent", "again")
VERBS = ("list", "help", *_ON_A_NOTICE, _CLOSE, *_ON_A_RECIPIENT)


@dataclass(frozen=True)
class Begin:
    """A new notice of this kind."""

    kind: str
    product: str | None = None
    stage: str | None = None


@dataclass(frozen=True)
class OnNotice:
    """Something done with a notice. `number`: of its text, 0 where none is named. `more`: the rest."""

    verb: str
    notice_id: str
    number: int = 0
    more: str = ""


@dataclass(frozen=True)
class OnRecipient:
    """What is known of one recipient: it was `sent`, or is to be written to `again`."""

    verb: str
    delivery_id: int


@dataclass(frozen=True)
class Plain:
    """`list` or `help`."""

    verb: str


Wanted = Begin | OnNotice | OnRecipient | Plain


def parse(text: str, kinds: Sequence[str], products: Sequence[str]) -> Wanted:
    """Read what was typed after the command's name; nothing at all lists what there is.

    Raises:
        WordsError: with the nearest whole command as its suggestion, where one is near.
    """
    words = tokens(text)
    if not words:
        return Plain("list")
    verb = words[0].word
    if verb in ("list", "help"):
        return Plain(verb)
    if verb in _ON_A_NOTICE:
        return _on_notice(verb, words[1:])
    if verb == _CLOSE:
        return _close(words[1:])
    if verb in _ON_A_RECIPIENT:
        return _on_recipient(verb, words[1:])
    if verb in kinds:
        return _begin(words, products)
    raise suggest.replaced(words[0], (*kinds, *VERBS), "", words, COMMAND)


def _begin(words: list[Token], products: Sequence[str]) -> Begin:
    """The words behind a kind: a product and a stage, in any order."""
    product = next((one.text for one in words[1:] if one.text in products), None)
    rest = [one.text for one in words[1:] if one.text != product]
    if len(rest) > 1:
        raise suggest.unknown(Token(rest[1], rest[1]), f"{COMMAND} {words[0].word}", products)
    return Begin(words[0].word, product, rest[0] if rest else None)


def _on_notice(verb: str, rest: list[Token]) -> OnNotice:
    """`ID`, `ID.NUMBER`, and behind it the number of recipients or a stage; `:` parts as a space does."""
    parts = ":".join(token.text for token in rest).lower().split(":")
    notice_id, _, number = parts[0].partition(".")
    if not notice_id or len(parts) > 2 or not (number or "0").isdecimal():  # noqa: PLR2004 - an id and one more
        raise WordsError("Which notice is meant?", next_step=f"Type `{COMMAND} {verb} ID`.")
    return OnNotice(verb, notice_id, int(number or "0"), parts[1] if len(parts) > 1 else "")


def _close(rest: list[Token]) -> OnNotice:
    """`ID`, and behind it the reason in free words."""
    if not rest:
        raise WordsError("Which notice is meant?", next_step=f"Type `{COMMAND} {_CLOSE} ID WHY`.")
    return OnNotice(_CLOSE, rest[0].text.lower(), more=" ".join(token.text for token in rest[1:]))


def _on_recipient(verb: str, rest: list[Token]) -> OnRecipient:
    if len(rest) != 1 or not rest[0].text.isdecimal():
        raise WordsError("Which recipient is meant?", next_step="Press the button beside it.")
    return OnRecipient(verb, int(rest[0].text))
