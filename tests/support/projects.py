"""A project that the platform has laid out on staging, and a role of staging that may lend the platform's rights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from bot.core.ids import new_id
from bot.sandbox.embedded.servers import EmbeddedServers
from bot.sandbox.samples import load


@contextmanager
def laid_out_project(embedded: EmbeddedServers, where: str = "staging") -> Iterator[str]:
    """A fresh project's name; in it postgres may make policies on the platform's tables, as on Supabase."""
    name = f"project_{new_id()}"
    cluster = embedded.staging if where == "staging" else embedded.main
    with psycopg.connect(cluster.conninfo("postgres"), autocommit=True) as admin:
        load.create_like_supabase(admin, cluster.conninfo, name)
        admin.execute("grant supabase_storage_admin to postgres with inherit true, set false")
        try:
            yield name
        finally:
            admin.execute("revoke supabase_storage_admin from postgres")
            admin.execute(f"drop database {name}")


@contextmanager
def lending_role(embedded: EmbeddedServers) -> Iterator[str]:
    """The address of a role for restore tests, prepared as an administrator of staging would."""
    with psycopg.connect(embedded.staging.conninfo("postgres"), autocommit=True) as admin:
        admin.execute("create role tester login createdb createrole bypassrls password 'tester'")
        admin.execute("grant postgres to tester with admin option, inherit true, set false")
        try:
            yield embedded.staging.url("postgres", "tester", "tester")
        finally:
            admin.execute("drop role tester")
