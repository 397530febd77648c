"""Makes the roles, the ledger's empty database and the sample databases in an embedded cluster."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources

import psycopg
from psycopg import sql

SAMPLES = ("cruzonic", "fleetnest")
_PLATFORM_OWNED = "storage_policies"  # what Supabase's supautils lets `postgres` do on the platform's tables


def text(name: str) -> str:
    """The SQL file of that name beside this module."""
    return resources.files(__package__).joinpath(f"{name}.sql").read_text(encoding="utf-8")


def platform_roles(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Make the roles that every Supabase project has; those that are there stay as they are."""
    connection.execute(text("roles").encode())


def set_password(connection: psycopg.Connection[tuple[object, ...]], role: str, password: str) -> None:
    """Give a role its password, as a SCRAM verifier: the server never sees the password itself."""
    verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
    connection.execute(
        sql.SQL("alter role {} login password {}").format(sql.Identifier(role), verifier.decode())
    )


def ledger(connection: psycopg.Connection[tuple[object, ...]], name: str, password: str) -> None:
    """Make the ledger's role and its empty database, both of that name, closed to every other role."""
    role = sql.Identifier(name)
    if not _exists(connection, "select 1 from pg_roles where rolname = %s", name):
        connection.execute(sql.SQL("create role {} login").format(role))
    set_password(connection, name, password)
    if not _exists(connection, "select 1 from pg_database where datname = %s", name):
        connection.execute(sql.SQL("create database {} owner {}").format(role, role))
    connection.execute(sql.SQL("revoke all on database {} from public").format(role))


def ensure(conninfo: Callable[..., str], name: str, password: str) -> None:
    """Make the sample database `name`, unless it is there.

    It is filled under another name and renamed when it is whole, so that being killed half-way leaves
    nothing that looks like a sample.

    Args:
        conninfo: `conninfo(database, role=None, password=None)`, by default the superuser's.
        name: one of SAMPLES.
        password: of the role `postgres`.
    """
    with psycopg.connect(conninfo("postgres"), autocommit=True) as connection:
        if _exists(connection, "select 1 from pg_database where datname = %s", name):
            return
        partial = f"{name}_in_the_making"
        create_like_supabase(connection, conninfo, partial)
        with psycopg.connect(conninfo(partial, "postgres", password)) as customer:
            customer.execute(text(name).encode())
        _run(conninfo(partial), _PLATFORM_OWNED)
        with psycopg.connect(conninfo(partial), autocommit=True) as admin:
            # Estimates from the first minute on; a small sample is enough for those, and ten times faster.
            admin.execute("set default_statistics_target = 10")
            admin.execute("analyze")
        connection.execute(
            sql.SQL("alter database {} rename to {}").format(sql.Identifier(partial), sql.Identifier(name))
        )


def create_like_supabase(
    connection: psycopg.Connection[tuple[object, ...]], conninfo: Callable[..., str], name: str
) -> None:
    """Make a database owned by `postgres` with the platform's schemas and no customer in it yet.

    One of that name is dropped first. `connection` is the superuser's, in autocommit.
    """
    target = sql.Identifier(name)
    connection.execute(sql.SQL("drop database if exists {} with (force)").format(target))
    connection.execute(sql.SQL("create database {} owner postgres").format(target))
    _run(conninfo(name), "platform")


def _run(conninfo: str, name: str) -> None:
    with psycopg.connect(conninfo) as connection:
        connection.execute(text(name).encode())


def _exists(connection: psycopg.Connection[tuple[object, ...]], query: str, name: str) -> bool:
    return connection.execute(query.encode(), (name,)).fetchone() is not None
