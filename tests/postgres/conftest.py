"""A server that a test may stop, and a database on each version of the server."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from bot.sandbox.embedded.cluster import Cluster
from tests.support.servers import Database, Server, traversable_folder


@pytest.fixture
def own_server(postgres17: Server) -> Iterator[Server]:
    """A cluster of 17 for one test alone, with the superuser only."""
    with traversable_folder() as folder:
        account = postgres17.cluster.account
        account.own(folder, 0o755)
        cluster = Cluster(
            name="a test's own",
            data=folder / "own",
            bin_dir=postgres17.cluster.bin_dir,
            account=account,
            superuser="supabase_admin",
            password=secrets.token_hex(16),
            durable=False,
        )
        cluster.create()
        cluster.start()
        try:
            yield Server(cluster, cluster.password)
        finally:
            cluster.stop()


@pytest.fixture(params=["fresh_database", "fresh_database15"])
def database(request: pytest.FixtureRequest) -> Database:
    """An empty database on the embedded 17, and another on Debian's 15."""
    found: Database = request.getfixturevalue(request.param)
    return found
