"""Servers and databases that tests borrow."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from bot.sandbox.embedded.accounts import server_account
from bot.sandbox.embedded.cluster import Cluster
from bot.sandbox.samples import load

DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")


@dataclass(frozen=True)
class Database:
    """An empty database, owned by the non-superuser role `postgres`."""

    name: str
    url: str = field(repr=False)  # as postgres: CREATEDB, CREATEROLE, BYPASSRLS, no superuser
    admin_url: str = field(repr=False)  # as the superuser supabase_admin


@dataclass(frozen=True)
class Server:
    """A running cluster and the password of its role `postgres`."""

    cluster: Cluster
    password: str = field(repr=False)

    def url(self, database: str, role: str = "postgres") -> str:
        password = self.cluster.password if role == self.cluster.superuser else self.password
        return self.cluster.url(database, role, password)


@contextmanager
def traversable_folder() -> Iterator[Path]:
    """A temporary folder that also nobody can enter: pytest's own are closed, and servers refuse root."""
    folder = Path(tempfile.mkdtemp(prefix="sparewheel-test-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def empty_database(server: Server, owner: str = "postgres", *, like: str = "template1") -> Iterator[Database]:
    """A new database on the server, a copy of `like`, dropped afterwards with whoever is still connected.

    One connection makes it and drops it, so the server has to live until then.
    """
    with psycopg.connect(server.cluster.conninfo("postgres"), autocommit=True) as admin:
        made = new_database(admin, server, owner, like=like)
        try:
            yield made
        finally:
            admin.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(made.name)))


def new_database(
    admin: psycopg.Connection[Any], server: Server, owner: str = "postgres", *, like: str = "template1"
) -> Database:
    """The same, to stay for as long as its server.

    Copying files takes half the time of writing every page to a log, where nothing waits for the disk.
    """
    name = f"test_{secrets.token_hex(6)}"
    admin.execute(
        sql.SQL("create database {} owner {} template {} strategy file_copy").format(
            sql.Identifier(name), sql.Identifier(owner), sql.Identifier(like)
        )
    )
    return Database(name, server.url(name, owner), server.url(name, server.cluster.superuser))


def debian15_is_missing() -> str | None:
    """Why there is no PostgreSQL 15 here, or None. In CI it has to be there."""
    if (DEBIAN_15 / "postgres").exists():
        return None
    reason = f"Debian's postgresql-15 is not installed ({DEBIAN_15})"
    if os.environ.get("CI"):
        raise RuntimeError(reason)
    return reason


@contextmanager
def debian15(folder: Path) -> Iterator[Server]:
    """Debian's PostgreSQL 15, with the same roles as the embedded clusters."""
    account = server_account()
    account.own(folder, 0o755)
    cluster = Cluster(
        name="Debian 15",
        data=folder / "debian15",
        bin_dir=DEBIAN_15,
        account=account,
        superuser="supabase_admin",
        password=secrets.token_hex(16),
        durable=False,
    )
    server = Server(cluster, secrets.token_hex(16))
    cluster.create()
    cluster.start()
    try:
        with psycopg.connect(cluster.conninfo("postgres"), autocommit=True) as admin:
            load.platform_roles(admin)
            load.set_password(admin, "postgres", server.password)
        yield server
    finally:
        cluster.stop()


@contextmanager
def stoppable_cluster(folder: Path, like: Cluster) -> Iterator[Cluster]:
    """A server of one's own, to be stopped and started."""
    like.account.own(folder, 0o755)
    cluster = Cluster(
        "own", folder / "own", like.bin_dir, like.account, "owner", secrets.token_hex(8), durable=False
    )
    cluster.create()
    cluster.start()
    try:
        yield cluster
    finally:
        cluster.stop()
