"""The one thing that an id, or the beginning of one, means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from bot.core.ids import ID_LENGTH, SHORTEST_PREFIX, looks_like_id
from bot.errors import NotFoundError, UserError

_SHOWN = 5


class _Named(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=_Named)


def the_one(text: str, look: Callable[[str], Sequence[T]], *, noun: str, next_step: str) -> T:
    """What `look` finds for an id or the beginning of one, as it was typed: untrusted, in any case.

    Raises:
        NotFoundError: there is none.
        UserError: the text is no id, or begins several.
    """
    word = text.strip().lower()
    if not looks_like_id(word):
        raise UserError(
            f"That is no {noun} id. An id has {ID_LENGTH} letters and digits; "
            f"the first {SHORTEST_PREFIX} are enough where they are unique.",
            next_step=next_step,
        )
    matches = look(word)
    if not matches:
        raise NotFoundError(f"There is no {noun} {word}.", next_step=next_step)
    if len(matches) > 1:
        ids = ", ".join(match.id for match in matches[:_SHOWN])
        raise UserError(
            f"{word} begins {len(matches)} {noun}s: {ids}.", next_step="Type a few more letters of the id."
        )
    return matches[0]
