"""The configured databases, with their secret addresses taken from the environment when they are needed."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from bot.core.backup import Tier
from bot.errors import ConfigurationError, NotFoundError
from bot.platforms.interface import Platform
from bot.platforms.open import open_platform
from bot.postgres.address import Address, parse
from bot.settings import Configuration, DatabaseSettings


@dataclass(frozen=True)
class Source:
    """One configured database, reachable."""

    name: str
    settings: DatabaseSettings
    address: Address

    @cached_property
    def platform(self) -> Platform:
        """Where it is hosted."""
        return open_platform(self.settings.platform)

    @property
    def tiered(self) -> dict[Tier, tuple[str, ...]]:
        """The configured table names by tier, tiers without tables left out."""
        tiers = (Tier.CRITICAL, Tier.IMPORTANT, Tier.SUPPORTING)
        return {tier: names for tier in tiers if (names := self.settings.tier_tables(tier))}


@dataclass(frozen=True)
class Sources:
    """All of them. The environment's values never show in repr()."""

    configuration: Configuration
    environ: Mapping[str, str] = field(repr=False)

    def names(self) -> tuple[str, ...]:
        """The databases' names, in the order of the configuration."""
        return tuple(self.configuration.databases)

    def settings(self, name: str) -> DatabaseSettings:
        """What the configuration says of a database.

        Raises:
            NotFoundError: it is not in the configuration; names the nearest that is.
        """
        found = self.configuration.databases.get(name)
        if found is None:
            near = difflib.get_close_matches(name, self.names(), n=1)
            hint = f"Did you mean {near[0]}?" if near else f"Known here: {', '.join(self.names()) or 'none'}."
            raise NotFoundError(f"There is no database called {name}. {hint}")
        return found

    def get(self, name: str) -> Source:
        """A database with its address.

        Raises:
            NotFoundError: see settings().
            ConfigurationError: the environment variable that should hold the address is not set.
        """
        settings = self.settings(name)
        url = self.environ.get(settings.url_env)
        if not url:
            raise ConfigurationError(
                f"The address of {name} is not known: {settings.url_env} is not set in the environment.",
                next_step=f"Set {settings.url_env} to the database's address and restart the worker.",
            )
        return Source(name, settings, parse(url, variable=settings.url_env))

    def staging(self, name: str) -> Address:
        """The server on which a database's backups are brought back, as a role that may create databases.

        Raises:
            NotFoundError: see settings().
            ConfigurationError: no staging server is configured, or its variable is not set.
        """
        variable = self.settings(name).staging_url_env
        if variable is None:
            raise ConfigurationError(
                f"{name} has no staging server, so its backups cannot be restored for a test.",
                next_step=f"Name the variable with its address: [databases.{name}] staging_url_env.",
            )
        url = self.environ.get(variable)
        if not url:
            raise ConfigurationError(
                f"The address of {name}'s staging server is not known: {variable} is not set.",
                next_step=f"Set {variable} to the server's address and restart.",
            )
        return parse(url, variable=variable)

    def default_for(self, channel: str | None) -> str | None:
        """The database meant when none is named: the only one, or the channel's own; else None."""
        names = self.names()
        if len(names) == 1:
            return names[0]
        here = [n for n in names if channel and channel in self.configuration.databases[n].channels]
        return here[0] if len(here) == 1 else None
