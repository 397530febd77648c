"""Whether a staging server may be used for a restore test: it is none of the real ones, and has room."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import psycopg

from bot.core.finding import Finding
from bot.core.manifest import Manifest
from bot.errors import ConfigurationError, DatabaseError
from bot.postgres import address, scratch, server
from bot.postgres.address import Address, translate
from bot.postgres.restore_watch import Limits
from bot.postgres.server import ServerFacts
from bot.services.fetching import too_small
from bot.services.sources import Sources
from bot.settings import DatabaseSettings

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
# Indexes are built anew beside sorted files, and the write-ahead log grows meanwhile.
_GROWTH = 1.3
_MOST_TIMES, _MOST_MORE_BYTES = 3, 256 * 1024 * 1024
# A table with a key, an index and TOAST has some pages of each before its first row.
_MOST_EACH_TABLE_BYTES = 256 * 1024
_LONGEST_SECONDS = 6 * 3600.0


@dataclass(frozen=True)
class RealOnes:
    """The servers that nothing may ever be restored into for a test."""

    sources: Sources
    database: str
    manifest: Manifest | None  # what the source said of itself then; None where no backup is at hand
    ledger: Address


def look(at: Address, real: RealOnes) -> ServerFacts:
    """Ask the staging server who it is, and refuse one that is the source's or the ledger's.

    Raises:
        ConfigurationError: it is one of them.
        DatabaseError: it, or the ledger's server, could not be asked.
    """
    facts = _facts(at)
    _refuse_ledger(at, facts, real.ledger)
    _refuse_same_place(at, real)
    if real.sources.settings(real.database).restore_test.physical_clone != at.place:
        _refuse_source(at, facts, real)
    return facts


def _refuse_ledger(at: Address, facts: ServerFacts, ledger: Address) -> None:
    theirs = "the one that the bot's own database lies on"
    if _same_place(at, ledger):
        raise _refused(at, theirs)
    _refuse_same(at, scratch.is_same_cluster(facts.system_identifier, ledger), theirs)


def _refuse_source(at: Address, facts: ServerFacts, real: RealOnes) -> None:
    """By what the source says of itself today, and by what it said when the backup was taken."""
    theirs = f"the one that {real.database} itself lies on"
    said = real.manifest.server.get("system_identifier") if real.manifest else None
    then = scratch.is_same_cluster(facts.system_identifier, str(said) if said else None)
    if then:
        raise _refused(at, theirs)
    try:
        now = scratch.is_same_cluster(facts.system_identifier, real.sources.get(real.database).address)
    except (ConfigurationError, DatabaseError):
        now = then  # production may be gone: that is when a backup has to be good
    _refuse_same(at, now, theirs)


def _refuse_same_place(at: Address, real: RealOnes) -> None:
    for name in real.sources.names():
        try:
            source = real.sources.get(name).address
        except ConfigurationError:
            continue
        if _same_place(at, source):
            raise _refused(at, f"the one that {name} itself lies on")


def _refuse_same(at: Address, answer: bool | None, theirs: str) -> None:
    if answer is None:
        raise _refused(at, f"perhaps {theirs}: one of the two does not say who it is")
    if answer:
        raise _refused(at, theirs)


def _refused(at: Address, is_what: str) -> ConfigurationError:
    return ConfigurationError(
        f"The staging server {at.place} is {is_what}.",
        next_step="Give staging a server of its own. A copy made from production's files is named with "
        '`physical_clone = "HOST:PORT"` under restore_test.',
    )


def _same_place(one: Address, other: Address) -> bool:
    return (one.host.lower().rstrip("."), one.port) == (other.host.lower().rstrip("."), other.port)


def _facts(of: Address) -> ServerFacts:
    with address.connect(of, application_name="sparewheel who is it") as connection:
        try:
            return server.facts(connection)
        except psycopg.Error as error:
            raise translate(error, of) from None


def limits(manifest: Manifest, settings: DatabaseSettings) -> Limits:
    """What a restore may take before it is ended: an archive is hostile until it has proved otherwise.

    A database comes back smaller than it was; one that is too slow for a recovery has failed anyway. The
    sizes are those that the catalogue knew, 0 where nobody had analyzed a table yet.
    """
    seconds = settings.restore_test.longest or settings.rto or _LONGEST_SECONDS
    some = _MOST_MORE_BYTES + _MOST_EACH_TABLE_BYTES * len(manifest.tables)
    return Limits(seconds=seconds, bytes=_MOST_TIMES * size(manifest) + some)


def size(manifest: Manifest) -> int:
    """The bytes that tables and their indexes took in the source."""
    return sum(t.size_bytes for t in manifest.tables if t.kind != "partitioned")


def room(at: Address, manifest: Manifest) -> Finding | None:
    """What to say where staging's disk is seen to be too small; None also where it cannot be seen.

    PostgreSQL tells nobody how full its disk is. A server on this machine can be looked at from outside.
    """
    if at.host not in _LOOPBACK:
        return None
    try:
        with address.connect(at, application_name="sparewheel room") as connection:
            row = connection.execute("select pg_catalog.current_setting('data_directory')").fetchone()
        free = shutil.disk_usage(Path(str(row[0]))).free if row else None
    except (psycopg.Error, OSError, DatabaseError):
        return None
    needed = int(size(manifest) * _GROWTH)
    return too_small("staging server", free, needed) if free is not None and free < needed else None
