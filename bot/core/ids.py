"""Ids that a person can read out over the phone and type on one."""

from __future__ import annotations

import re
import secrets

# Without i, l, o and u: nothing to mistake for 1 or 0, and hardly a word to be ashamed of.
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
ID_LENGTH = 8
SHORTEST_PREFIX = 4


def new_id() -> str:
    """Eight characters, 40 random bits; the ledger's primary key catches the odd collision."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(ID_LENGTH))


def new_attempt() -> str:
    """A token that fences one run's writes off from every other run's; 128 random bits in hex."""
    return secrets.token_hex(16)


def looks_like_id(text: str) -> bool:
    """Whether the text could be an id or a prefix of one that is long enough to look up."""
    return re.fullmatch(rf"[0-9a-z]{{{SHORTEST_PREFIX},{ID_LENGTH}}}", text) is not None
