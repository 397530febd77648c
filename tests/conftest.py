"""Fixtures that every test may use: real servers, started once, and databases of one's own.

Nothing started here outlives the test run, even when it is killed: the kernel ends the servers with it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.ledger.migrate import migrate
from bot.sandbox.embedded.servers import LEDGER, EmbeddedServers
from bot.sandbox.slack.client import SandboxClient
from bot.sandbox.slack.server import SlackServer
from tests.support.s3 import S3Server, seaweedfs
from tests.support.servers import (
    Database,
    Server,
    debian15,
    debian15_is_missing,
    empty_database,
    traversable_folder,
)


@pytest.fixture(scope="session")
def embedded() -> Iterator[EmbeddedServers]:
    """Both embedded clusters, without the samples: `sample_url` loads those when first asked for."""
    with (
        traversable_folder() as folder,
        EmbeddedServers(folder / "home", durable=False, samples=False) as servers,
    ):
        yield servers


@pytest.fixture(scope="session")
def postgres17(embedded: EmbeddedServers) -> Server:
    """The embedded main cluster, in the same shape as `postgres15`."""
    return Server(embedded.main, embedded._passwords["main/postgres"])


@pytest.fixture(scope="session")
def sample_url(embedded: EmbeddedServers) -> Callable[..., str]:
    """`sample_url("cruzonic")` -> its address as `postgres`; `role=` for another. Do not change the data."""
    embedded.load_samples()
    return embedded.url


@pytest.fixture
def fresh_database(postgres17: Server) -> Iterator[Database]:
    """An empty database on the embedded 17: `.url` as non-superuser `postgres`, `.admin_url` as superuser."""
    with empty_database(postgres17) as database:
        yield database


@pytest.fixture(scope="session")
def ledger_server(embedded: EmbeddedServers) -> Server:
    """Where ledgers lie: the main cluster, and the password of the ledger's role `sparewheel`."""
    return Server(embedded.main, embedded._passwords[f"main/{LEDGER}"])


@pytest.fixture
def empty_ledger_url(ledger_server: Server) -> Iterator[str]:
    """The address of an empty database for the ledger, for tests of what makes its tables."""
    with empty_database(ledger_server, LEDGER) as database:
        yield database.url


@pytest.fixture(scope="session")
def migrated_ledger(ledger_server: Server) -> Iterator[str]:
    """The name of a ledger that has all its tables, to be copied: migrating anew takes three times as long."""
    with empty_database(ledger_server, LEDGER) as database:
        migrate(database.url)
        yield database.name


@pytest.fixture
def migrated_url(ledger_server: Server, migrated_ledger: str) -> Iterator[str]:
    """The address of a fresh ledger with all its tables and nothing in them."""
    with empty_database(ledger_server, LEDGER, like=migrated_ledger) as database:
        yield database.url


@pytest.fixture
def ledger_url(migrated_url: str) -> str:
    """The ledger of a test that does not care how it came to its tables."""
    return migrated_url


@pytest.fixture(scope="session")
def postgres15() -> Iterator[Server]:
    """Debian's PostgreSQL 15; use `fresh_database15` for a database on it."""
    if reason := debian15_is_missing():
        pytest.skip(reason)
    with traversable_folder() as folder, debian15(folder) as server:
        yield server


@pytest.fixture
def fresh_database15(postgres15: Server) -> Iterator[Database]:
    """The same as `fresh_database`, on PostgreSQL 15."""
    with empty_database(postgres15) as database:
        yield database


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    """A real S3 server on loopback (SeaweedFS)."""
    with traversable_folder() as folder, seaweedfs(folder) as server:
        yield server


@pytest.fixture
def bucket(s3: S3Server) -> str:
    """A fresh versioned bucket's name. It stays: the server's data go with the session."""
    name = f"test-{secrets.token_hex(6)}"
    client = s3.client()
    try:
        client.create_bucket(Bucket=name)
        client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    finally:
        client.close()
    return name


@pytest.fixture
def slack(tmp_path: Path) -> Iterator[SlackServer]:
    """The sandbox's Slack, with its own rates and no tour."""
    with SlackServer(tmp_path / "slack-home") as server:
        yield server


@pytest.fixture
def people(slack: SlackServer, tmp_path: Path) -> SandboxClient:
    """Everybody who types and presses there."""
    assert slack.base_url
    return SandboxClient(tmp_path / "slack-home")
