"""Roles that play an archive's roles on the staging server, so that nothing restored acts as a real one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import Connection, sql
from psycopg.rows import tuple_row

from bot.errors import DatabaseError
from bot.postgres import lending, scratch
from bot.postgres.membership import join
from bot.postgres.scratch import Scratch

_MOST = 500  # more roles than any database of people has; an archive that wants more is not one of theirs
_SAFE_IN_ACL = re.compile(r"[A-Za-z0-9_]+")
_ACL = re.compile(
    r"(?P<grantee>\"(?:[^\"]|\"\")*\"|[^=\"]*)=(?P<rights>[A-Za-z*]*)/(?P<grantor>\"(?:[^\"]|\"\")*\"|[^\"]*)"
)


@dataclass(frozen=True)
class Cast:
    """Who plays whom: `players` by the archive's name. `absent` are the roles that staging has not."""

    players: Mapping[str, str]
    absent: tuple[str, ...]

    def played_by(self, role: str) -> str:
        """The role that stands for an archive's role."""
        return self.players[role]

    @property
    def originals(self) -> dict[str, str]:
        """The archive's role by the name of its stand-in."""
        return {player: role for role, player in self.players.items() if player != role}


def cast(
    admin: Connection[Any], where: Scratch, roles: Iterable[str], *, is_real: Callable[[str], bool]
) -> Cast:
    """Find or make a player for each role: a fresh one without login that the scratch's owner may become.

    PostgreSQL's own `pg_…` roles play themselves: they can be granted to, and nobody is made a member. So do
    those that `is_real` names (in a project that the platform laid out) and that are there. Whoever plays
    the lender inherits its rights, as the scratch's owner does: its views and functions look with them.

    Raises:
        DatabaseError: more roles than any real database has.
        psycopg.Error: the server refused.
    """
    wanted = sorted(set(roles))
    if len(wanted) > _MOST:
        raise DatabaseError(
            f"The archive names {len(wanted)} roles, which is more than a restore test makes."
        )
    there = _existing(admin, wanted)
    players = {role: role for role in wanted if role in there and (is_real(role) or role.startswith("pg_"))}
    with admin.transaction():
        for role in wanted:
            if role not in players:
                players[role] = _make(admin, where, role, len(players))
    return Cast(players, tuple(role for role in wanted if role not in there))


def as_source(inventory: Mapping[str, Any], originals: Mapping[str, str]) -> dict[str, Any]:
    """An inventory with stand-ins called by the names of those they play; grants are written in one way.

    Use it on both sides of a comparison (with an empty mapping on the source's).
    """
    return {
        section: _section(section, objects, originals) if isinstance(objects, Mapping) else objects
        for section, objects in inventory.items()
    }


def _section(section: str, objects: Mapping[str, Any], originals: Mapping[str, str]) -> dict[str, Any]:
    renamed = {}
    for identity, facts in objects.items():
        if section == "default_privileges":
            identity = _default_identity(identity, originals)  # noqa: PLW2901 - it begins with a role
        renamed[identity] = _facts(facts, originals) if isinstance(facts, Mapping) else facts
    return renamed


def _default_identity(identity: str, originals: Mapping[str, str]) -> str:
    for player, role in originals.items():
        if player in identity:
            return identity.replace(f'"{player}"', '"' + role.replace('"', '""') + '"')
    return identity


def _facts(facts: Mapping[str, Any], originals: Mapping[str, str]) -> dict[str, Any]:
    told = dict(facts)
    if "owner" in told:
        told["owner"] = originals.get(told["owner"], told["owner"])
    if told.get("roles"):
        told["roles"] = sorted(originals.get(role, role) for role in told["roles"])
    if told.get("grants"):
        # A template's grant to a role and the archive's to its stand-in are one.
        told["grants"] = sorted({_grant(grant, originals) for grant in told["grants"]})
    return told


def _grant(grant: str, originals: Mapping[str, str]) -> str:
    found = _ACL.fullmatch(grant)
    if not found:
        return grant
    grantee, grantor = (_in_acl(found[key], originals) for key in ("grantee", "grantor"))
    return f"{grantee}={found['rights']}/{grantor}"


def _in_acl(name: str, originals: Mapping[str, str]) -> str:
    plain = name[1:-1].replace('""', '"') if name.startswith('"') else name
    plain = originals.get(plain, plain)
    return plain if not plain or _SAFE_IN_ACL.fullmatch(plain) else '"' + plain.replace('"', '""') + '"'


def _existing(admin: Connection[Any], roles: list[str]) -> set[str]:
    with admin.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute("select rolname from pg_catalog.pg_roles where rolname = any(%s)", [roles])
        return {row[0] for row in rows}


def _make(admin: Connection[Any], where: Scratch, role: str, number: int) -> str:
    name = f"{scratch.PREFIX}{where.test_id}_{number}"
    admin.execute(sql.SQL("create role {} nologin").format(sql.Identifier(name)))
    scratch.mark_role(admin, name, where.test_id, f" stands in for {role}")
    join(admin, name, where.role)
    if role == where.lender:
        lending.lend(admin, where.lender, name)
    return name
