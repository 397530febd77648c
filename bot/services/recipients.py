"""Who receives a notice: addresses from a file or a query, each once, and none that must not be used."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import psycopg
from email_validator import EmailNotValidError, validate_email

from bot.core.mrkdwn import clean
from bot.errors import ConfigurationError, DatabaseError, NotFoundError
from bot.ledger import suppressions
from bot.ledger.connection import LedgerPool, borrowed
from bot.postgres import address
from bot.settings.channels import AudienceSettings

MOST = 200_000
_SQL_SECONDS = 30
_SHOWN = 60


class Reaching(Protocol):
    """What is asked of the configured channels."""

    def reaches(self, name: str) -> tuple[str, ...] | None:
        """Whom a channel reaches by itself; None where it needs addresses."""


@dataclass(frozen=True)
class Addresses:
    """An audience's addresses. `invalid` and `suppressed` are never written to; `repeated` were merged."""

    valid: tuple[str, ...]
    invalid: tuple[str, ...] = ()
    suppressed: tuple[str, ...] = ()
    repeated: int = 0


@dataclass(frozen=True)
class Audience:
    """Who receives what where. `recipients`: channel -> whom, each once."""

    recipients: Mapping[str, tuple[str, ...]] = field(repr=False)
    invalid: tuple[str, ...] = field(default=(), repr=False)
    suppressed: int = 0
    repeated: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """How many recipients each channel has."""
        return {channel: len(found) for channel, found in self.recipients.items()}

    @property
    def total(self) -> int:
        """All recipients."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class Recipients:
    """Resolves the configured audiences. The environment never shows in repr()."""

    pool: LedgerPool
    audiences: Mapping[str, AudienceSettings]
    channels: Reaching
    environ: Mapping[str, str] = field(repr=False)

    def names(self) -> tuple[str, ...]:
        """The configured audiences."""
        return tuple(self.audiences)

    def settings(self, name: str) -> AudienceSettings:
        """What the configuration says of an audience. Raises NotFoundError."""
        found = self.audiences.get(name)
        if found is None:
            raise NotFoundError(
                f"There is no audience called {clean(name)[:40]} in the configuration.",
                next_step=f"Known here: {', '.join(self.audiences) or 'none'}.",
            )
        return found

    def resolve(self, names: Iterable[str], channels: Iterable[str] | None = None) -> Audience:
        """Everybody in these audiences, on their channels or on those of them that are named.

        Raises:
            NotFoundError: there is no such audience.
            ConfigurationError: a file cannot be read, or a variable is not set.
            DatabaseError: the query failed.
        """
        wanted = None if channels is None else set(channels)
        reached: dict[str, dict[str, str]] = {}
        invalid: list[str] = []
        suppressed = repeated = 0
        never: frozenset[str] | None = None
        for name in names:
            audience = self.settings(name)
            here = [one for one in audience.channels if wanted is None or one in wanted]
            by_mail = [one for one in here if self.channels.reaches(one) is None]
            if by_mail and never is None:
                never = self.unwanted()
            found = sift(self._raw(name, audience), never or frozenset()) if by_mail else Addresses(())
            invalid += found.invalid
            suppressed, repeated = suppressed + len(found.suppressed), repeated + found.repeated
            for channel in here:
                own = self.channels.reaches(channel)
                people = reached.setdefault(channel, {})
                for recipient in found.valid if own is None else own:
                    people.setdefault(recipient.lower(), recipient)
        return Audience(
            {channel: tuple(people.values()) for channel, people in reached.items()},
            tuple(dict.fromkeys(invalid)),
            suppressed,
            repeated,
        )

    def unwanted(self) -> frozenset[str]:
        """Every address that is never written to, in lower case: by the list or by any audience's file.

        Raises:
            ConfigurationError: a file cannot be read.
        """
        with borrowed(self.pool) as connection:
            never = set(suppressions.every(connection))
        for path in self._suppressed:
            lines = (line.strip() for line in _read_lines(path))
            never |= {_comparable(line) for line in lines if line and not line.startswith("#")}
        return frozenset(never)

    def unwanted_stamp(self) -> tuple[tuple[int, int, int] | None, ...]:
        """What is another as soon as one of the files is; None for one that cannot be looked at."""
        return tuple(_stamp(path) for path in self._suppressed)

    @property
    def _suppressed(self) -> list[Path]:
        return sorted({one.suppressed for one in self.audiences.values() if one.suppressed is not None})

    def _raw(self, name: str, audience: AudienceSettings) -> Iterator[str]:
        if audience.csv is not None:
            return _from_csv(audience.csv, audience.column)
        if audience.sql is None or audience.url_env is None:
            raise ConfigurationError(f"The audience {name} has neither csv nor sql, so nobody is in it.")
        url = self.environ.get(audience.url_env)
        if not url:
            raise ConfigurationError(
                f"The audience {name} cannot be asked for: {audience.url_env} is not set.",
                next_step=f"Set {audience.url_env} to the database's address and restart.",
            )
        return iter(_from_sql(address.parse(url, variable=audience.url_env), audience.sql, name))


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def sift(raw: Iterable[str], never: frozenset[str] | set[str] = frozenset()) -> Addresses:
    """Addresses parted into those to write to and those not; the case of letters makes no second one."""
    valid: dict[str, str] = {}
    invalid: dict[str, None] = {}
    suppressed: dict[str, None] = {}
    repeated = 0
    for text in raw:
        known = _normal(text)
        if known is None:
            invalid.setdefault(clean(text)[:_SHOWN] or "(empty)")
        elif known.lower() in never:
            suppressed.setdefault(known)
        elif known.lower() in valid:
            repeated += 1
        else:
            valid[known.lower()] = known
    return Addresses(tuple(valid.values()), tuple(invalid), tuple(suppressed), repeated)


def _normal(text: str) -> str | None:
    """An address in the form that mail servers take, or None; only its form is looked at."""
    try:
        found = validate_email(text.strip(" \t"), check_deliverability=False)
    except EmailNotValidError:
        return None
    return found.ascii_email  # None where the part before the @ needs more than ASCII


def _comparable(address: str) -> str:
    """An address of a list of ours in the form that recipients have, lower case."""
    return ((None if address.isascii() else _normal(address)) or address).lower()


def _from_csv(path: Path, column: str) -> Iterator[str]:
    lines = _read_lines(path)
    rows = csv.DictReader(lines)
    names = [name.strip().lower() for name in rows.fieldnames or ()]
    if column.lower() not in names:
        raise ConfigurationError(
            f"{path} has no column {column}; its first line names: {', '.join(names)[:200] or 'nothing'}.",
            next_step="Mend the file, or name the column: [audiences.NAME] column.",
        )
    at = names.index(column.lower())
    return (list(row.values())[at] or "" for row in rows)


def _read_lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        said = getattr(error, "strerror", None) or "it is not UTF-8"
        raise ConfigurationError(f"{path} cannot be read: {said}.") from None


def _from_sql(where: address.Address, sql: str, name: str) -> list[str]:
    """The first column of the answer, read in a transaction that can write nothing."""
    # With a parameter it is one statement: nothing behind a semicolon can end the transaction.
    wrapped = f"SELECT * FROM ({sql.strip().rstrip(';')}) AS audience LIMIT $1"  # noqa: S608 - the configuration's own
    with closing(address.connect(where, autocommit=False)) as connection:
        try:
            connection.execute("SET TRANSACTION READ ONLY")
            connection.execute(f"SET LOCAL statement_timeout = '{_SQL_SECONDS}s'")
            connection.execute("RESET search_path")
            found = psycopg.RawCursor(connection).execute(wrapped.encode(), [MOST + 1]).fetchall()
        except psycopg.Error as error:
            raise DatabaseError(
                f"The query of the audience {name} failed (SQLSTATE {error.sqlstate or 'none'}).",
                next_step=f"Try it by hand, then mend [audiences.{name}] sql.",
            ) from None
    if len(found) > MOST:
        raise DatabaseError(f"The query of the audience {name} gives more than {MOST:,} rows.")
    return ["" if row[0] is None else str(row[0]) for row in found]
