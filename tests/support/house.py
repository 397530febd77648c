"""A whole house on real parts: storage in a folder or a bucket, databases of one's own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot.app import House, build
from bot.core.backup import BackupRecord, Format, Kind
from bot.core.people import Actor, Role, Source
from bot.core.restore_test import RestoreTestMessage
from bot.settings import read_environment
from tests.support.s3 import S3Server

OMAR = Actor("T0TEST", "U0OMAR", Source.SLACK, frozenset({Role.OPERATOR}))
OLGA = Actor("T0TEST", "U0OLGA", Source.SLACK, frozenset({Role.OPERATOR}))
VERA = Actor("T0TEST", "U0VERA", Source.SLACK, frozenset({Role.VIEWER}))
CARL = Actor("T0TEST", "U0CARL", Source.SLACK, frozenset())


@dataclass(frozen=True)
class Plan:
    """What a test's configuration says. `databases`: name -> extra TOML lines of its table."""

    urls: Mapping[str, str] = field(repr=False)
    databases: Mapping[str, str]
    storage: str
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)


def folder_storage(folder: Path) -> str:
    """The [storage] table for a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    return f'url = "file://{folder}"'


def s3_storage(s3: S3Server, bucket: str, endpoint: str | None = None) -> str:
    """The [storage] table for a bucket; credentials come by environment, see s3_environ()."""
    return (
        f'url = "s3://{bucket}"\nendpoint_url = "{endpoint or s3.endpoint}"\nregion = "{s3.region}"\n'
        'access_key_env = "TEST_ACCESS_KEY"\nsecret_key_env = "TEST_SECRET_KEY"\nread_timeout = "5s"'
    )


def s3_environ(s3: S3Server) -> dict[str, str]:
    return {"TEST_ACCESS_KEY": s3.access_key, "TEST_SECRET_KEY": s3.secret_key}


def prove(
    house: House, pick: str = "latest", database: str | None = None, *, actor: Actor = OMAR
) -> RestoreTestMessage:
    """Ask for a restore test and run it here, as a worker would."""
    asked = house.restore_tests.request(actor, pick=pick, database=database)
    return house.restore_tester.run(asked.test.id, lambda _: None)


def environ_of(plan: Plan, ledger_url: str, folder: Path) -> dict[str, str]:
    """The environment a process of the product would get, with the configuration written to a file."""
    lines = [f"[storage]\n{plan.storage}\n"]
    lines += ['[slack]\noperations_channel = "C0OPS"\n']
    lines += ['[roles]\noperator = ["U0OMAR"]\nviewer = ["U0VERA"]\napprover = ["U0APRIL", "U0ANDRE"]\n']
    for name, extra in plan.databases.items():
        lines.append(f'[databases.{name}]\nurl_env = "TEST_URL_{name.upper()}"\n{extra}\n')
    path = folder / "sparewheel.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    urls = {f"TEST_URL_{name.upper()}": url for name, url in plan.urls.items()}
    return {
        "SPAREWHEEL_DATABASE_URL": ledger_url,
        "SPAREWHEEL_CONFIG": str(path),
        **urls,
        **plan.environ,
    }


@contextmanager
def open_house(plan: Plan, ledger_url: str, folder: Path) -> Iterator[House]:
    """The house on a ledger that has its tables; closed afterwards."""
    environ = environ_of(plan, ledger_url, folder)
    house = build(read_environment(environ), environ)
    try:
        yield house
    finally:
        house.close()


def back_up(
    house: House,
    database: str,
    kind: Kind = Kind.FULL,
    *,
    tables: tuple[str, ...] = (),
    archive_format: Format = Format.CUSTOM,
    actor: Actor = OMAR,
) -> BackupRecord:
    """Ask for a backup and run it here, as a worker would."""
    asked = house.backups.request(actor, kind=kind, database=database, tables=tables, format=archive_format)
    return house.runner.run(asked.record.id, lambda _: None)


def note_manifest(house: House, backup_id: str, manifest: bytes) -> None:
    """Let the ledger say that these are the bytes that were written."""
    with house.pool.connection() as connection:
        connection.execute(
            "update backup_log set manifest_sha256 = %s where id = %s",
            [hashlib.sha256(manifest).hexdigest(), backup_id],
        )
