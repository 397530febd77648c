"""Which servers a restore test refuses: the source's and the ledger's, under whatever name they are reached."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from bot.core.manifest import Manifest
from bot.errors import ConfigurationError
from bot.postgres.address import Address, parse
from bot.postgres.server import ServerFacts
from bot.sandbox.embedded.servers import EmbeddedServers
from bot.services import staging
from bot.services.sources import Sources
from bot.settings import Configuration
from tests.support.servers import Database, Server

NOWHERE = "postgresql://postgres@127.0.0.1:1/postgres"
LOOK = Callable[..., ServerFacts]


@pytest.fixture
def look(postgres17: Server) -> LOOK:
    """`look(at, source=, said=, …)`: the ledger lies on the main cluster.

    `said` is what the manifest keeps of the server that the backup was taken from.
    """

    def asked(
        at: str,
        *,
        source: str = NOWHERE,
        other: str = NOWHERE,
        said: str | None = "1",
        **settings: Any,
    ) -> ServerFacts:
        databases = {
            "shop": {"url_env": "SHOP", "staging_url_env": "STAGING", "restore_test": settings},
            "other": {"url_env": "OTHER"},
        }
        configuration = Configuration.model_validate(
            {"storage": {"url": "file:///nowhere"}, "databases": databases}
        )
        sources = Sources(configuration, {"SHOP": source, "OTHER": other, "STAGING": at})
        own = parse(postgres17.url("postgres"))
        return staging.look(parse(at), staging.RealOnes(sources, "shop", manifest(said), own))

    return asked


def manifest(system_identifier: str | None) -> Manifest:
    return Manifest(
        id="a1b2c3d4",
        database="shop",
        kind="full",
        format="custom",
        snapshot_at="2026-01-01T00:00:00+00:00",
        finished_at="2026-01-01T00:00:00+00:00",
        requested_by="a test",
        server={"system_identifier": system_identifier},
        client={},
        archives=(),
        tables=(),
        omitted=(),
        inventory={},
        roles_sql=None,
        settings={},
    )


def elsewhere(url: str) -> str:
    """The same server under its other name."""
    return url.replace("127.0.0.1", "localhost")


def place(url: str) -> str:
    return parse(url).place


def identifier(embedded: EmbeddedServers, name: str) -> str:
    return embedded.system_identifiers[name]


def test_a_server_of_its_own_is_taken(look: LOOK, embedded: EmbeddedServers) -> None:
    """Also where production is gone: that is when a backup has to be good."""
    facts = look(embedded.staging_url)
    assert facts.system_identifier == identifier(embedded, "staging")


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "LOCALHOST"])
def test_the_ledgers_server_is_refused(look: LOOK, postgres17: Server, name: str) -> None:
    at = postgres17.url("postgres").replace("127.0.0.1", name)
    with pytest.raises(ConfigurationError, match="the one that the bot's own database lies on"):
        look(at)


def test_the_ledgers_server_is_refused_even_when_it_is_named_a_clone(look: LOOK, postgres17: Server) -> None:
    at = elsewhere(postgres17.url("postgres"))
    with pytest.raises(ConfigurationError, match="the bot's own database"):
        look(at, physical_clone=place(at))


def test_the_sources_server_is_refused_by_what_it_says_today(look: LOOK, embedded: EmbeddedServers) -> None:
    """It may have moved there since the backup: what the manifest says of it does not matter then."""
    with pytest.raises(ConfigurationError, match="is the one that shop itself lies on"):
        look(elsewhere(embedded.staging_url), source=embedded.staging_url, said="1")


@pytest.mark.parametrize("gone", [True, False])
def test_the_sources_server_is_refused_by_what_it_said_at_the_backup(
    look: LOOK, embedded: EmbeddedServers, postgres17: Server, gone: bool
) -> None:
    """The configuration leads elsewhere by now, or nowhere; production may still be where it was."""
    source = NOWHERE if gone else postgres17.url("postgres")
    with pytest.raises(ConfigurationError, match="is the one that shop itself lies on"):
        look(embedded.staging_url, source=source, said=identifier(embedded, "staging"))


@pytest.mark.parametrize("which", ["source", "other"])
def test_the_address_of_any_configured_database_is_refused_clone_or_not(
    look: LOOK, embedded: EmbeddedServers, which: str
) -> None:
    at = embedded.staging_url
    real: dict[str, str] = {which: at}
    with pytest.raises(ConfigurationError, match="itself lies on"):
        look(at, physical_clone=place(at), **real)


def test_a_physical_clone_is_taken_where_it_is_named(look: LOOK, embedded: EmbeddedServers) -> None:
    at = embedded.staging_url
    same = {"said": identifier(embedded, "staging"), "source": elsewhere(at)}
    assert look(at, physical_clone=place(at), **same).system_identifier == same["said"]
    with pytest.raises(ConfigurationError, match="shop itself lies on") as refused:
        look(at, physical_clone="127.0.0.1:1", **same)
    assert "physical_clone" in refused.value.next_step


def test_where_nobody_can_say_who_production_is_it_is_refused(look: LOOK, embedded: EmbeddedServers) -> None:
    with pytest.raises(ConfigurationError, match="does not say who it is"):
        look(embedded.staging_url, said=None)


@pytest.mark.postgres15
def test_a_server_that_does_not_say_who_it_is_is_refused(look: LOOK, fresh_database15: Database) -> None:
    with psycopg.connect(fresh_database15.admin_url, autocommit=True) as admin:
        admin.execute("revoke execute on function pg_control_system() from public, pg_monitor")
    with pytest.raises(ConfigurationError, match="does not say who it is"):
        look(fresh_database15.url)


def test_a_place_is_a_host_and_a_port(embedded: EmbeddedServers) -> None:
    one: Address = parse(embedded.staging_url)
    assert staging._same_place(one, replace(one, host=f"{one.host.upper()}."))
    assert not staging._same_place(one, replace(one, port=one.port + 1))
