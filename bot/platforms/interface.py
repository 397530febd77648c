"""What a host adds to PostgreSQL: whose object is it, which addresses lead to a pooler, what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.errors import SparewheelError


class Place(Protocol):
    """The part of a database address that a platform looks at. Never the password."""

    @property
    def host(self) -> str:
        """The host name or address."""

    @property
    def port(self) -> int:
        """The TCP port."""

    @property
    def user(self) -> str:
        """The role, as written in the address."""


@dataclass(frozen=True)
class OwnBackups:
    """What a platform says of the backups it takes itself; `known` False: it cannot be asked."""

    known: bool
    newest: datetime | None = None


NOT_KNOWN = OwnBackups(known=False)


class Platform(Protocol):
    """Where a database is hosted, and what that means for a backup."""

    @property
    def name(self) -> str:
        """The name as the configuration writes it."""

    def is_platform_schema(self, schema: str) -> bool:
        """Whether the platform made this schema and brings it itself in a fresh project."""

    def wants_tiers(self, schema: str) -> bool:
        """Whether tables of this schema are the customer's own, so that each belongs into a tier."""

    def owner_is_platform(self, owner: str) -> bool:
        """Whether this role is one of the platform's own rather than the customer's."""

    def brings_rows(self, schema: str, table: str) -> bool:
        """Whether rows of this table of the platform are the customer's (people who log in, files' names)."""

    def check_address(self, place: Place) -> None:
        """Refuse an address that is known not to keep a session, before anything connects.

        Raises:
            PoolerError: with the address to use instead.
        """

    def next_step(self, error: SparewheelError, place: Place) -> str | None:
        """A better next step than the error's own, where the platform knows one."""

    def own_backups(self, place: Place) -> OwnBackups:
        """What the platform itself keeps: a third witness beside the ledger and the storage."""
