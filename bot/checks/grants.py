"""Access rights as an inventory lists them, brought into a form in which two servers' can be compared."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_ITEM = re.compile(r'(?P<grantee>"(?:[^"]|"")*"|[^=]*)=(?P<rights>[A-Za-z*]*)/(?P<grantor>.*)', re.DOTALL)
_RIGHT = re.compile(r"[A-Za-z]\*?")
_MAINTAIN_SINCE = 17
PUBLIC = ""

Rights = dict[str, frozenset[str]]


@dataclass(frozen=True)
class Sides:
    """The majors of both servers, and the role that owns what a restore test restores."""

    source_major: int
    restored_major: int
    scratch_role: str

    @property
    def same_major(self) -> bool:
        """Whether both sides word definitions the same way."""
        return self.source_major == self.restored_major

    @property
    def one_has_maintain(self) -> bool:
        """MAINTAIN came with 17 and is part of ALL there: a difference in it alone is the versions'."""
        return (self.source_major < _MAINTAIN_SINCE) != (self.restored_major < _MAINTAIN_SINCE)


def rights(items: Iterable[str] | None) -> Rights:
    """`["anon=r/postgres", …]` -> each grantee's rights, whoever granted them; PUBLIC is the empty name."""
    found: Rights = {}
    for item in items or ():
        match = _ITEM.fullmatch(item)
        if match:
            given = frozenset(_RIGHT.findall(match["rights"]))
            grantee = _plain(match["grantee"])
            found[grantee] = found.get(grantee, frozenset()) | given
    return {grantee: given for grantee, given in found.items() if given}


def differing(
    source: Iterable[str] | None,
    restored: Iterable[str] | None,
    sides: Sides,
    source_owner: str | None = None,
    restored_owner: str | None = None,
) -> list[str]:
    """The grantees whose rights came back changed, sorted; PUBLIC by that name.

    Where the test's own role owns the object, the owners' rights are not compared: the owner has all of
    them by being the owner, and what the old owner had taken from itself is not restored to a stranger.
    """
    before, after = rights(source), rights(restored)
    if restored_owner == sides.scratch_role and source_owner != restored_owner:
        for side in (before, after):
            side.pop(source_owner or sides.scratch_role, None)
            side.pop(sides.scratch_role, None)
    if sides.one_has_maintain:
        before, after = _without_maintain(before), _without_maintain(after)
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    return sorted(name or "PUBLIC" for name in changed)


def _without_maintain(side: Rights) -> Rights:
    kept = {name: given - {"m", "m*"} for name, given in side.items()}
    return {name: given for name, given in kept.items() if given}


def _plain(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
