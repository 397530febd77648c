"""Everything that can be known to be wrong before a dump starts, found before it starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg import Connection

from bot.core.backup import Kind, TableName, Tier
from bot.errors import TableMissingError
from bot.postgres import address, catalog, clients, plan, server
from bot.postgres.catalog import Catalog
from bot.postgres.clients import Client
from bot.postgres.plan import DumpPlan
from bot.postgres.server import ServerFacts
from bot.services.sources import Source


@dataclass(frozen=True)
class Outline:
    """What is to be dumped, as the catalogue showed it at one moment."""

    catalog: Catalog
    plan: DumpPlan
    tiers: Mapping[TableName, Tier]
    everything: bool  # rows of all tables are wanted, so materialized views are measured too


@dataclass(frozen=True)
class Preflight:
    """A database that can be backed up, with the client that will do it."""

    facts: ServerFacts
    client: Client
    outline: Outline


def look(source: Source, kind: Kind, tables: tuple[str, ...], clients_folder: Path | None) -> Preflight:
    """Connect, and raise the first thing that would make this backup fail or be less than it says.

    Raises:
        DatabaseError: any of its classes, see bot.errors.
    """
    source.platform.check_address(source.address)
    with (
        address.told(source.address),
        address.connect(source.address, application_name="sparewheel preflight") as connection,
    ):
        server.refuse_pooler(source.address, connection)
        facts = server.facts(connection)
        client = clients.choose(clients.find(clients_folder), facts.major, source.settings.client_major)
        return Preflight(facts, client, outline(source, kind, tables, connection))


def outline(source: Source, kind: Kind, tables: tuple[str, ...], connection: Connection[Any]) -> Outline:
    """Read the catalogue, resolve the configured tiers and the wanted tables in it, and plan the dump.

    Raises:
        TableMissingError: a configured or wanted table is not there; the nearest is named.
        RightsError: the role may not read a table that is configured or wanted.
    """
    seen = catalog.read(connection)
    _refuse_emptiness(source, seen)
    tiers = tiers_of(source, seen)
    wanted = _wanted(source, kind, tables, seen, tiers)
    must = frozenset(tiers) if wanted is None else frozenset(wanted)
    made = plan.make(
        seen,
        kind,
        wanted,
        must,
        role=source.address.user,
        unreadable_large_objects=server.unreadable_large_objects(connection),
    )
    return Outline(seen, made, tiers, everything=kind in (Kind.FULL, Kind.SAFETY))


def _refuse_emptiness(source: Source, seen: Catalog) -> None:
    """A backup of nothing that says stored is how good ones were once rotated away."""
    if not any(r.kind in ("table", "partitioned") and not r.from_extension for r in seen.relations):
        raise TableMissingError(
            f"The database behind {source.name} has no tables, so there is nothing to back up.",
            next_step=f"Look whether {source.settings.url_env} leads to the right database.",
        )


def tiers_of(source: Source, seen: Catalog) -> dict[TableName, Tier]:
    """Each configured table, leaf partitions included, with its tier."""
    return {table: tier for tier, names in source.tiered.items() for table in catalog.resolve(seen, names)}


def _wanted(
    source: Source, kind: Kind, tables: tuple[str, ...], seen: Catalog, tiers: Mapping[TableName, Tier]
) -> tuple[TableName, ...] | None:
    """The tables whose rows are wanted; None for all of them."""
    if kind is Kind.TABLE:
        return catalog.resolve(seen, tables)
    if kind is not Kind.CRITICAL:
        return None
    critical = tuple(table for table, tier in tiers.items() if tier is Tier.CRITICAL)
    if not critical:
        raise TableMissingError(
            f"No table of {source.name} is configured as critical, so there is nothing to back up.",
            next_step=f"List them under [databases.{source.name}] critical, or ask for a full backup.",
        )
    return critical
