"""What may stand in a manifest of a definition, a comment or a setting: its shape and hashes, no secrets."""

from __future__ import annotations

import hashlib
import json
import re

# A quoted name is passed over; a literal doubles its quotes, also after E. Long numbers may be keys too.
_WORDS = re.compile(r""""(?:[^"]|"")*"|(?P<literal>'(?:[^']|\'\')*'|(?<![\w.])\d{6,}(?:\.\d+)?(?!\w))""")
_HIDDEN = "'…'"
_NOT_VALID = " NOT VALID"

# Platforms and applications keep secrets in settings: app.settings.jwt_secret is Supabase's own advice.
# A name with a dot is no setting of PostgreSQL's own: nobody but its owner knows what it holds.
_SECRET_NAME = re.compile(
    r"\.|secret|passw|token|api_?key|private|credential|jwt|conninfo|_key\b|\bkey\b", re.IGNORECASE
)
_SECRET_VALUE = re.compile(
    r"""
    ://[^\s/@]*@ | passw(?:or)?d\s*[=:] | \b(?:bearer|basic)\s | webhook | hooks\.slack\.com
    | \beyJ[\w-]{6,} | -----BEGIN
    | \b(?:xox[a-z]|xapp|gh[opsu]|github_pat|glpat|sk|pk|rk|sb_secret|whsec)[-_][\w-]{8,}
    | \b(?:AKIA|ASIA)[A-Z0-9]{12,}
    | (?=[\w+/=-]*\d)(?=[\w+/=-]*[a-z])[\w+/=-]{32,}
    """,
    re.IGNORECASE | re.VERBOSE,
)


def hashed(text: str) -> str:
    """`sha256:` and the hash in hex: tells whether two texts are the same, and neither of them."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def shape(definition: str) -> str:
    """A definition in PostgreSQL's words without its literals, and a hash of these behind it.

    Two definitions are the same where their shapes are. One without literals stays as it is. The hash is of
    the literals alone, so that versions that only word the rest otherwise still agree on it.
    """
    literals: list[str] = []

    def hidden(found: re.Match[str]) -> str:
        if found["literal"] is None:
            return found[0]
        literals.append(found[0])
        return _HIDDEN

    text = _WORDS.sub(hidden, definition)
    if not literals:
        return text
    suffix = _NOT_VALID if text.endswith(_NOT_VALID) else ""  # stays last: readers take it off
    return f"{text.removesuffix(suffix)} /* literals {hashed(json.dumps(literals))} */{suffix}"


def is_secret_setting(name: str, value: str) -> bool:
    """Whether a setting's value is withheld: by its name, or because it looks like a credential."""
    return bool(_SECRET_NAME.search(name) or _SECRET_VALUE.search(value))


def setting(pair: str) -> str:
    """`name=value` of a function's SET, with a hash in place of a value that is withheld."""
    name, _, value = pair.partition("=")
    return f"{name}={hashed(value)}" if is_secret_setting(name, value) else pair
