"""A scratch database on the staging server and the fresh role that owns it: made, found again, dropped.

Everything made here carries a mark: a comment on each role, which nobody but a role's maker can write. Only
what belongs to a marked role, or carries the mark itself, is ever dropped.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
from psycopg import Connection, sql
from psycopg.rows import tuple_row

from bot.errors import DatabaseError
from bot.postgres import lending, server
from bot.postgres.address import Address, connect, translate
from bot.postgres.membership import join

PREFIX = "sparewheel_test_"
_MARK = "sparewheel restore test "
_ID = re.compile(r"[0-9a-z]{4,32}")
_NAME = re.compile(rf"{PREFIX}(?P<id>[0-9a-z]{{4,32}})")
_SPARE_CONNECTIONS = 6  # beside the jobs: finishing, checks, an application's look
# What a forgotten session of an application's check may take; the restore itself is watched.
_ROLE_SETTINGS = {
    "statement_timeout": "30min",
    "lock_timeout": "1min",
    "idle_in_transaction_session_timeout": "30min",
}

_OURS = """
select r.rolname, pg_catalog.shobj_description(r.oid, 'pg_authid'), null
from pg_catalog.pg_roles r
where pg_catalog.starts_with(r.rolname, %(prefix)s)
    and pg_catalog.starts_with(pg_catalog.shobj_description(r.oid, 'pg_authid'), %(mark)s)
union all
select null, coalesce(pg_catalog.shobj_description(o.oid, 'pg_authid'),
    pg_catalog.shobj_description(d.oid, 'pg_database')), d.datname
from pg_catalog.pg_database d
join pg_catalog.pg_roles o on o.oid = d.datdba
where pg_catalog.starts_with(d.datname, %(prefix)s)
    and (pg_catalog.starts_with(pg_catalog.shobj_description(o.oid, 'pg_authid'), %(mark)s)
        or pg_catalog.starts_with(pg_catalog.shobj_description(d.oid, 'pg_database'), %(mark)s))
order by 1, 3
"""


@dataclass(frozen=True)
class Scratch:
    """A scratch database. `address` is the owner's way in, `staging` that of whoever made it.

    `created_roles` are the roles that were made with it (stand-ins come with a restore);
    `notes` are sentences about what could not be made as in the source (a locale that staging lacks).
    `lender` is the role whose rights on the platform's objects the owner uses, in a copy of a template.
    """

    test_id: str
    database: str
    role: str
    address: Address
    staging: Address
    created_roles: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    lender: str | None = None

    @property
    def has_fresh_role(self) -> bool:
        """Whether the owner is a role made for this test, and not the role of `staging` itself."""
        return self.role in self.created_roles


@dataclass(frozen=True)
class Leftover:
    """What a test of this id left on a server; `database` is None where only roles are left."""

    test_id: str
    database: str | None
    roles: tuple[str, ...] = field(default=())


def create(
    staging: Address,
    test_id: str,
    *,
    like: Mapping[str, Any] | None = None,
    template: str | None = None,
    jobs: int = 2,
) -> Scratch:
    """Make an empty database `sparewheel_test_<id>` and, to own it, a role of that name with no rights.

    `like` is what a manifest says of the source's database (`settings["database"]`): its encoding and locale
    are taken over where staging has them. With `template`, a project that the platform has laid out is
    copied instead; the fresh role owns the copy and inherits the rights of the template's owner. Where the
    role of `staging` may not lend those (see `lending`; on a hosted project it is that owner itself), the
    copy belongs to the role of `staging`: nobody else can name, fill or refer to what the platform owns.

    Raises:
        DatabaseError: staging cannot be reached, the role there may make neither databases nor roles, or it
            has no rights in the template.
    """
    if not _ID.fullmatch(test_id):
        raise ValueError(f"not an id: {test_id!r}")
    name = f"{PREFIX}{test_id}"
    with _admin(staging) as admin:
        _refuse_superuser(admin, staging)
        lender = lending.lender_of(admin, template) if template else None
        if template is not None and lender is None:
            _refuse_foreign_template(admin, staging, template)
            _create_copy(admin, name, template, _MARK + test_id)
            return Scratch(test_id, name, staging.user, replace(staging, database=name), staging)
        password = secrets.token_urlsafe(24)
        _create_role(admin, name, password, _MARK + test_id, jobs + _SPARE_CONNECTIONS)
        note = None
        if template is not None and lender is not None:
            lending.lend(admin, lender, name)
            _create_copy(admin, name, template, _MARK + test_id, owner=name)
        else:
            note = _create_database(admin, name, like or {})
            _close(admin, name)
            _mark(admin, "database", name, _MARK + test_id)
    address = replace(staging, user=name, password=password, database=name)
    return Scratch(test_id, name, name, address, staging, (name,), (note,) if note else (), lender)


def refuse_unfit_role(staging: Address, template: str | None = None) -> None:
    """Look whether the role in the address could make scratch databases, without making one.

    Raises:
        DatabaseError: staging cannot be reached, the role is a superuser, or it lacks CREATEDB, CREATEROLE or
            rights in the template.
    """
    with _admin(staging) as admin:
        _refuse_superuser(admin, staging)
        fit = admin.execute(
            "select rolcreatedb and rolcreaterole from pg_catalog.pg_roles where rolname = current_user"
        ).fetchone()
        if not (fit and fit[0]):
            raise _lacks_rights(staging)
        if template is not None:
            _refuse_foreign_template(admin, staging, template)


def drop(staging: Address, scratch: Scratch | Leftover) -> None:
    """Drop a scratch database with whoever is in it, and every role made for it. Gone already is fine.

    Raises:
        DatabaseError: staging cannot be reached, or something of that name is not ours (it stays).
    """
    with _admin(staging) as admin:
        left = next((found for found in _find(admin) if found.test_id == scratch.test_id), None)
        _refuse_strangers(admin, scratch.database, left)
        if left is None:
            return
        if left.database:
            admin.execute(sql.SQL("drop database if exists {} with (force)").format(_id(left.database)))
        for role in sorted(left.roles, key=len, reverse=True):
            _drop_role(admin, role)


def leftovers(staging: Address) -> list[Leftover]:
    """Every scratch database and role on the server that this product made, running tests' too.

    Raises:
        DatabaseError: staging cannot be reached.
    """
    with _admin(staging) as admin:
        return _find(admin)


def is_same_cluster(one: Address | str | None, other: Address | str | None) -> bool | None:
    """Whether two servers are one, by their own word: an address is asked, a string was answered earlier.

    None where one of them would not say: then nothing may be taken for granted.

    Raises:
        DatabaseError: an address cannot be reached.
    """
    first, second = (_identifier(which) for which in (one, other))
    return None if first is None or second is None else first == second


def mark_role(conn: Connection[Any], role: str, test_id: str, remark: str = "") -> None:
    """Write the mark on a role that was just made for this test."""
    _mark(conn, "role", role, f"{_MARK}{test_id}{remark}")


def _identifier(which: Address | str | None) -> str | None:
    if not isinstance(which, Address):
        return which
    with connect(which, application_name="sparewheel identity") as conn:
        try:
            return server.facts(conn).system_identifier
        except psycopg.Error as error:
            raise translate(error, which) from None


@contextmanager
def _admin(staging: Address) -> Iterator[Connection[Any]]:
    """A session of the role that makes scratch databases; its errors come out translated."""
    with connect(staging, application_name="sparewheel scratch") as conn:
        try:
            yield conn
        except psycopg.errors.InsufficientPrivilege as error:
            raise _lacks_rights(staging, (error.diag.message_primary or "")[:300]) from None
        except psycopg.Error as error:
            raise translate(error, staging) from None


def _lacks_rights(staging: Address, cause: str = "") -> DatabaseError:
    return DatabaseError(
        f"The role {staging.user} on {staging.place} may not make databases and roles.",
        next_step="Let an administrator of staging run: ALTER ROLE … CREATEDB CREATEROLE.",
        cause=cause,
    )


def _refuse_superuser(admin: Connection[Any], staging: Address) -> None:
    row = admin.execute("select rolsuper from pg_catalog.pg_roles where rolname = current_user").fetchone()
    if row and row[0]:
        raise DatabaseError(
            f"The role {staging.user} on {staging.place} is a superuser, and a restore test runs without.",
            next_step="Make a role with CREATEDB and CREATEROLE on staging, and put it into the address.",
        )


def _refuse_foreign_template(admin: Connection[Any], staging: Address, template: str) -> None:
    """What a role without rights in a project cannot restore there would pass for missing."""
    holds = lending.holds_rights(admin, template)
    if holds is None:
        raise DatabaseError(
            f"There is no database {template} on {staging.place} to copy.",
            next_step="Name a database that the platform has laid out there: `template` under restore_test.",
        )
    if not holds:
        raise DatabaseError(
            f"The role {staging.user} on {staging.place} has no rights on what is in {template}.",
            next_step="Put the owner of that database into staging's address, or let an administrator grant "
            "that owner to the role: docs/restore-tests.md says how.",
        )


def _create_role(admin: Connection[Any], name: str, password: str, mark: str, connections: int) -> None:
    # Only the verifier travels: the server's log could otherwise hold the password.
    verifier = admin.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
    with admin.transaction():
        admin.execute(
            sql.SQL(
                "create role {} login nosuperuser nocreatedb nocreaterole noreplication connection limit {} "
                "password {}"
            ).format(_id(name), sql.Literal(connections), sql.Literal(verifier))
        )
        _mark(admin, "role", name, mark)
        # Whoever makes a database for a role has to be able to become that role.
        join(admin, name, None)
    _bound_role(admin, name)


def unset(staging: Address, scratch: Scratch) -> None:
    """Take back what restored code may have set for the sessions that come after it.

    Raises:
        DatabaseError: staging cannot be reached.
    """
    with _admin(staging) as admin:
        admin.execute(sql.SQL("alter database {} reset all").format(_id(scratch.database)))
        if scratch.has_fresh_role:
            place = sql.SQL("alter role {} in database {} reset all")
            admin.execute(place.format(_id(scratch.role), _id(scratch.database)))
            _bound_role(admin, scratch.role)


def _bound_role(admin: Connection[Any], name: str) -> None:
    admin.execute(sql.SQL("alter role {} reset all").format(_id(name)))
    for setting, value in _ROLE_SETTINGS.items():
        admin.execute(
            sql.SQL("alter role {} set {} = {}").format(
                _id(name), sql.Identifier(setting), sql.Literal(value)
            )
        )


def _create_database(admin: Connection[Any], name: str, like: Mapping[str, Any]) -> str | None:
    """The database, as like the source's as this server can; a sentence where it is not."""
    for number, options in enumerate(_options(like)):
        try:
            admin.execute(
                sql.SQL("create database {} owner {} template template0 {}").format(
                    _id(name), _id(name), sql.SQL(" ").join(options)
                )
            )
        except (psycopg.errors.SyntaxError, psycopg.DataError, psycopg.errors.InvalidObjectDefinition,
                psycopg.errors.WrongObjectType, psycopg.NotSupportedError, psycopg.errors.InvalidSchemaName,
                psycopg.errors.UndefinedObject):  # fmt: skip
            continue
        return "Staging has not the source's locale: the order of texts may differ." if number else None
    raise DatabaseError("The scratch database could not be made with the source's encoding.")


def _options(like: Mapping[str, Any]) -> Iterator[Sequence[sql.Composable]]:
    """From the most to the least like the source."""
    encoding = [sql.SQL("encoding {}").format(str(like["encoding"]))] if like.get("encoding") else []
    libc = [
        sql.SQL("{} {}").format(sql.SQL(word), str(like[key]))
        for word, key in (("lc_collate", "collate"), ("lc_ctype", "ctype"))
        if like.get(key)
    ]
    provider = {"i": ("icu", "icu_locale"), "b": ("builtin", "builtin_locale")}.get(
        str(like.get("locale_provider"))
    )
    if provider and like.get("locale"):
        word = sql.SQL("locale_provider {} {}").format(sql.SQL(provider[0]), sql.SQL(provider[1]))
        yield [*encoding, *libc, word, sql.Literal(str(like["locale"]))]
    elif libc and like.get("locale_provider", "c") == "c":
        yield [*encoding, *libc, sql.SQL("locale_provider libc")]
    elif not like:
        yield []
    if libc:
        yield [*encoding, *libc, sql.SQL("locale_provider libc")]
    yield encoding
    yield [*encoding, sql.SQL("locale_provider libc locale 'C'")]


def _create_copy(
    admin: Connection[Any], name: str, template: str, mark: str, owner: str | None = None
) -> None:
    whose = sql.SQL(" owner {}").format(_id(owner)) if owner else sql.SQL("")
    admin.execute(sql.SQL("create database {} template {}").format(_id(name), _id(template)) + whose)
    _mark(admin, "database", name, mark)
    _close(admin, name)


def _close(admin: Connection[Any], name: str) -> None:
    admin.execute(sql.SQL("revoke all on database {} from public").format(_id(name)))


def _mark(conn: Connection[Any], kind: str, name: str, mark: str) -> None:
    conn.execute(sql.SQL("comment on {} {} is {}").format(sql.SQL(kind), _id(name), sql.Literal(mark[:900])))


def _find(admin: Connection[Any]) -> list[Leftover]:
    found: dict[str, Leftover] = {}
    with admin.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(_OURS, {"prefix": PREFIX, "mark": _MARK}).fetchall()
    for role, mark, database in rows:
        test_id = str(mark).removeprefix(_MARK).partition(" ")[0]
        if not _ID.fullmatch(test_id) or not _belongs(database or role, test_id):
            continue
        left = found.get(test_id, Leftover(test_id, None))
        if database:
            found[test_id] = replace(left, database=database)
        else:
            found[test_id] = replace(left, roles=(*left.roles, role))
    return sorted(found.values(), key=lambda left: left.test_id)


def _belongs(name: str, test_id: str) -> bool:
    """The name and the mark say the same: `sparewheel_test_<id>`, or a stand-in of it."""
    return name == PREFIX + test_id or name.startswith(f"{PREFIX}{test_id}_")


def _refuse_strangers(admin: Connection[Any], name: str | None, ours: Leftover | None) -> None:
    if name is None or (ours and name == ours.database):
        return
    if admin.execute("select 1 from pg_catalog.pg_database where datname = %s", [name]).fetchone():
        raise DatabaseError(
            f"The database {name} is not one that a restore test made, so it stays.",
            next_step="Look who made it; a scratch database belongs to a role with our mark.",
        )


def _drop_role(admin: Connection[Any], role: str) -> None:
    """Drop a marked role; what it may still own or hold in this database is let go of first."""
    try:
        admin.execute(sql.SQL("drop role if exists {}").format(_id(role)))
    except psycopg.errors.DependentObjectsStillExist:
        join(admin, role, None)
        admin.execute(sql.SQL("drop owned by {}").format(_id(role)))
        admin.execute(sql.SQL("drop role if exists {}").format(_id(role)))


def _id(name: str) -> sql.Identifier:
    return sql.Identifier(name)
