"""Where a database is and who asks: one URL, kept so that its password can never be printed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import quote

import psycopg
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from bot.errors import ConfigurationError, DatabaseError, SparewheelError
from bot.postgres.messages import by_sqlstate, by_words

# A dead peer is noticed after about 30 + 3 x 10 s; the system's default is two hours.
_KEEPALIVE = {
    "keepalives": "1",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
}
_CONNECT_TIMEOUT = "10"

# What a role, a database or a server may have set otherwise, and what would then change counts, fingerprints
# or the length of a session (facts of PostgreSQL's "Client Connection Defaults").
_SESSION = {
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "row_security": "off",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "TimeZone": "UTC",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "search_path": "pg_catalog",
}
_LATER_SESSION = {"idle_session_timeout": (140000, "0"), "transaction_timeout": (170000, "0")}

# The environment of a child: what libraries need to run and to find certificates, nothing of the bot's own.
_INHERITED = ("PATH", "HOME", "LD_LIBRARY_PATH", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "ICU_DATA",
              "PGSSLMODE", "PGSSLROOTCERT", "PGSSLCERT", "PGSSLKEY", "PGPASSFILE")  # fmt: skip

# Of these classes of SQLSTATE the message itself can quote a value out of a row.
_QUOTES_ROWS = frozenset({"22", "23", "2F", "38", "39", "44", "P0"})


@dataclass(frozen=True)
class Address:
    """A parsed address. `extra` holds further libpq parameters (sslmode, options, …), none of them secret."""

    host: str
    port: int
    user: str
    database: str
    password: str | None = field(default=None, repr=False)
    extra: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        return f"{self.user}@{self.place}/{self.database}"

    @property
    def place(self) -> str:
        """Host and port, for people."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    def parameters(self) -> dict[str, str]:
        """Everything libpq needs, the password included: for psycopg, never for an argument list."""
        known = {"connect_timeout": _CONNECT_TIMEOUT, "gssencmode": "disable", **_KEEPALIVE, **self.extra}
        known |= {"host": self.host, "port": str(self.port), "user": self.user, "dbname": self.database}
        return known if self.password is None else {**known, "password": self.password}

    def child_environment(self, application_name: str = "sparewheel") -> dict[str, str]:
        """The whole environment for pg_dump and its like, the password in it, messages in English."""
        environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        variables = {
            option.keyword.decode(): option.envvar.decode()
            for option in pq.Conninfo.get_defaults()
            if option.envvar
        }
        for keyword, value in self.parameters().items():
            if keyword in variables:
                environment[variables[keyword]] = value
        return environment | {"PGAPPNAME": application_name, "LC_ALL": "C"}

    def child_conninfo(self) -> str:
        """For `--dbname`: what has no variable in the environment (keepalives). Holds no secret."""
        return make_conninfo("", **{name: self.extra.get(name, value) for name, value in _KEEPALIVE.items()})

    def redact(self, text: str) -> str:
        """`text` with the password replaced by stars, written plainly or percent-encoded."""
        for secret in {self.password or "", quote(self.password or "", safe=""), quote(self.password or "")}:
            text = text.replace(secret, "***") if secret else text
        return text


def parse(url: str, *, variable: str = "") -> Address:
    """Read a `postgresql://` URL the way libpq does; `variable` names where it stood, for the sentence.

    Raises:
        ConfigurationError: not such a URL, or a part is missing. The sentence never quotes the URL.
    """
    where = f"The database address in {variable}" if variable else "The database address"
    if not url.startswith(("postgresql://", "postgres://")):
        raise ConfigurationError(f"{where} does not begin with postgresql://.")
    try:
        parts = {key: str(value) for key, value in conninfo_to_dict(url).items() if value is not None}
    except (psycopg.Error, UnicodeError, ValueError):
        # libpq's own message may quote the password.
        raise ConfigurationError(
            f"{where} cannot be read: a character in the password may need percent-encoding (@ is %40, / is "
            "%2F, # is %23, % is %25), or a part after the ? is not PostgreSQL's own (pgbouncer=true, say)."
        ) from None
    return _from_parts(parts, where)


def _from_parts(parts: dict[str, str], where: str) -> Address:
    host, port = parts.pop("host", ""), parts.pop("port", "") or "5432"
    user, database = parts.pop("user", ""), parts.pop("dbname", "")
    password = parts.pop("password", None)
    for value, name in ((host, "host"), (user, "user"), (database, "database")):
        if not value:
            raise ConfigurationError(
                f"{where} has no {name}; write postgresql://USER:PASSWORD@HOST:5432/DATABASE."
            )
    if "," in host or "," in port:
        raise ConfigurationError(f"{where} names several hosts; a backup is taken from one.")
    # An unescaped @ or / in a password makes part of it look like the host or the database.
    if "@" in host or "@" in database or not port.isdecimal():
        raise ConfigurationError(
            f"{where} has a stray @: percent-encode the password's special characters (@ is %40)."
        )
    if "\0" in "".join((host, user, database, password or "")):
        raise ConfigurationError(f"{where} has a zero byte in it.")
    parts.pop("application_name", None)
    return Address(host, int(port), user, database, password, parts)


def connect(
    address: Address, *, application_name: str = "sparewheel", autocommit: bool = True
) -> psycopg.Connection[tuple[object, ...]]:
    """Open a session with fixed settings: no timeouts, UTC, row security an error rather than fewer rows.

    `lock_timeout` is left to the caller. Server-side prepared statements are off.

    Raises:
        DatabaseError: translated, with a sentence.
    """
    parameters = address.parameters()
    try:
        connection: psycopg.Connection[tuple[object, ...]] = psycopg.connect(
            # The keyword arguments come out of a dict, so that the password is never part of a string here.
            make_conninfo("", application_name=application_name),
            autocommit=True,
            prepare_threshold=None,
            **parameters,  # type: ignore[arg-type]  # libpq's own keywords, each of them a string
        )
    except psycopg.Error as error:
        raise translate(error, address) from None
    try:
        _fix_settings(connection)
        connection.autocommit = autocommit
    except psycopg.Error as error:
        connection.close()
        raise translate(error, address) from None
    return connection


def _fix_settings(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    settings = dict(_SESSION)
    for name, (since, value) in _LATER_SESSION.items():
        if connection.info.server_version >= since:
            settings[name] = value
    connection.execute(
        "select pg_catalog.set_config(name, value, false) from unnest(%s::text[], %s::text[]) s(name, value)",
        [list(settings), list(settings.values())],
    )


@contextmanager
def told(address: Address) -> Iterator[None]:
    """What psycopg raises inside comes out as one of our errors, see `translate`."""
    try:
        yield
    except psycopg.Error as error:
        raise translate(error, address) from None


def translate(error: psycopg.Error, address: Address) -> SparewheelError:
    """A psycopg error as one of ours: what happened in a sentence, SQLSTATE and message as the cause.

    DETAIL and CONTEXT are left out, and the message too where it can quote a row's values.
    """
    code = error.sqlstate
    if code is None:
        text = address.redact(str(error))
        fallback = DatabaseError(
            f"The database server {address.place} could not be worked with.",
            next_step="Look whether the server is up and the address right, then ask again.",
            cause=_first_lines(text),
        )
        return by_words(text, address.place, _first_lines(text)) or fallback
    message = error.diag.message_primary or ""
    cause = f"SQLSTATE {code}"
    if message and code[:2] not in _QUOTES_ROWS:
        cause += f": {address.redact(message)[:300]}"
    name = message.partition("permission denied for ")[2][:200] or "something"
    return by_sqlstate(code, address.place, name, cause) or DatabaseError(
        f"The database server {address.place} answered with an error (SQLSTATE {code}).",
        next_step="Read the detail, mend the cause, then ask again.",
        cause=cause,
    )


def _first_lines(text: str) -> str:
    return " ".join(text.split())[:300]
