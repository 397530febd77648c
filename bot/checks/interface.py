"""What a check gets to look at, and what it answers with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from psycopg import Connection

from bot.core.finding import Finding
from bot.core.manifest import Manifest
from bot.postgres.address import Address
from bot.postgres.clients import Client
from bot.postgres.restore_log import RestoreLog
from bot.settings import DatabaseSettings


@dataclass(frozen=True)
class Timings:
    """How long each step took, in seconds."""

    download: float
    restore: float
    verify: float = 0.0


@dataclass(frozen=True)
class Restored:
    """A restored scratch database and everything a check may compare it with.

    `connection` is open to the scratch database as its owner, read only, with the session settings of
    fingerprints, row security off and a statement timeout; `archive` the downloaded file (custom format),
    already compared with the manifest; `client` the programs that restored it. `left_out` names what the
    way of restoring leaves out on purpose (quoted identity -> reason): a difference there is a note, not a
    failure.
    """

    manifest: Manifest
    settings: DatabaseSettings
    address: Address
    connection: Connection[Any]
    archive: Path
    client: Client
    log: RestoreLog
    timings: Timings
    rto: timedelta | None
    way: str  # "everything" or "customer"
    left_out: dict[str, str]
    role_names: Mapping[str, str] = field(default_factory=dict)  # a stand-in's name -> the source's role


class Check(Protocol):
    """One question to a restored database. Raising means: could not verify."""

    @property
    def name(self) -> str:
        """What people read: `row counts`."""

    def run(self, restored: Restored) -> Sequence[Finding]:
        """Look, and say everything that is wrong; an empty answer means that all of it is right."""
