"""A healthy backup, brought back once; each case breaks a copy of what came back and runs every check."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import psycopg
from psycopg import sql

from bot.checks.all import checks_for, run_all
from bot.checks.interface import Restored, Timings
from bot.core.finding import Finding, Severity
from bot.core.manifest import Manifest, from_json
from bot.postgres import address, clients, fingerprint
from bot.postgres.clients import Client
from bot.postgres.restore_log import RestoreLog, read
from bot.settings import DatabaseSettings
from tests.support.servers import Server

CHAIN = """
select count(*) filter (where hash <> encode(sha256(convert_to(previous || '|' || what, 'UTF8')), 'hex')
    or previous <> coalesce(before, repeat('0', 64))), count(*)
from (select *, lag(hash) over (order by id) as before from trail) as links
"""
SETTINGS = DatabaseSettings.model_validate(
    {
        "url_env": "NOT_USED",
        "critical": ["customers", "orders", "notes", "events", "trail"],
        "fingerprints": "all",
        "hash_chains": [{"name": "trail", "sql": CHAIN}],
        "checks": [{"name": "tickets are there", "sql": "select count(*) from tickets", "expect": "== 50"}],
        "date_ranges": [{"table": "events", "column": "at"}],
    }
)


@dataclass(frozen=True)
class Backup:
    """An archive as a file and its manifest."""

    manifest: Manifest
    archive: Path


@dataclass(frozen=True)
class Bench:
    """The server to restore into, the backup, and a database that it was restored into untouched."""

    server: Server
    backup: Backup
    database: str
    log: RestoreLog
    settings: DatabaseSettings = field(default=SETTINGS)

    def look(self, database: str, **changed: object) -> list[Finding]:
        """Every check's findings on a restored database; `changed` are fields of Restored."""
        to = address.parse(self.server.url(database, self.server.cluster.superuser))
        with address.connect(to) as connection:
            fingerprint.prepare(connection)
            connection.execute("set default_transaction_read_only = on")
            restored = Restored(
                manifest=self.backup.manifest,
                settings=self.settings,
                address=to,
                connection=connection,
                archive=self.backup.archive,
                client=newest(),
                log=self.log,
                timings=Timings(1.0, 1.0),
                rto=timedelta(hours=4),
                way="everything",
                left_out={},
            )
            restored = replace(restored, **changed)  # type: ignore[arg-type]  # a test's own fields
            return run_all(restored, checks_for(restored.settings))

    @contextmanager
    def copy(self) -> Iterator[str]:
        """A copy of the restored database to break, dropped afterwards."""
        with scratch(self.server, template=self.database) as name:
            yield name

    def broken_by(self, statements: str) -> list[Finding]:
        """What the checks say after the superuser ran these statements in a copy."""
        with self.copy() as name:
            with psycopg.connect(self.server.cluster.conninfo(name), autocommit=True) as admin:
                admin.execute(statements.encode())
            return self.look(name)


@contextmanager
def scratch(server: Server, template: str = "template0") -> Iterator[str]:
    """A database, dropped afterwards."""
    name = f"corpus_{secrets.token_hex(6)}"
    with psycopg.connect(server.cluster.conninfo("postgres"), autocommit=True) as admin:
        admin.execute(
            sql.SQL("create database {} template {}").format(sql.Identifier(name), sql.Identifier(template))
        )
        try:
            yield name
        finally:
            admin.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def newest() -> Client:
    return max(clients.find(None), key=lambda client: client.major)


def restore(server: Server, database: str, archive: Path) -> RestoreLog:
    """Bring an archive back as the superuser, and sort what pg_restore said."""
    to = address.parse(server.url(database, server.cluster.superuser))
    done = subprocess.run(
        [str(newest().program("pg_restore")), f"--dbname={to.child_conninfo()}", str(archive)],
        env=to.child_environment(),
        capture_output=True,
        check=False,
    )
    return read(done.stderr.decode(), done.returncode)


def backup_in(folder: Path) -> Backup:
    """The only backup that a storage folder holds."""
    (archive,) = folder.rglob("*.dump")
    (manifest,) = folder.rglob("manifests/**/*.json")
    return Backup(from_json(manifest.read_bytes()), archive)


def serious(findings: Sequence[Finding]) -> set[str]:
    """The rules that keep a test from passing."""
    return {finding.rule for finding in findings if finding.severity is not Severity.NOTE}
