"""What PostgreSQL and its client programs say, as errors with a sentence: by SQLSTATE or by the words."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.errors import (
    ClientTooOldError,
    DatabaseError,
    DumpFailedError,
    LockTimeoutError,
    LoginRefusedError,
    PoolerError,
    RightsError,
    SnapshotLostError,
    SparewheelError,
    TableMissingError,
    UnreachableError,
)

_GRANT = "Grant the backup role SELECT on it (and USAGE on its schema), then ask again."
_AGAIN = "Ask for the backup again."


@dataclass(frozen=True)
class _Meaning:
    """How one kind of complaint is told. `{place}` is host and port, `{name}` what the words name."""

    error: type[SparewheelError]
    sentence: str
    next_step: str | None = None

    def told(self, place: str, name: str, cause: str) -> SparewheelError:
        sentence = self.sentence.replace("{place}", place).replace("{name}", name)
        return self.error(sentence, next_step=self.next_step, cause=cause)


_GONE = _Meaning(
    UnreachableError, "The connection to the database server {place} ended before the work was done."
)
_LOGIN = _Meaning(LoginRefusedError, "The database server {place} refused the role or its password.")
_NO_DATABASE = _Meaning(LoginRefusedError, "The server {place} has no database of the configured name.")
_RIGHTS = _Meaning(RightsError, "The backup role may not read {name}.", _GRANT)
_LOCK = _Meaning(LockTimeoutError, "Somebody else held a table locked for longer than the lock timeout.")
_SNAPSHOT = _Meaning(SnapshotLostError, "The session that held the snapshot ended before the dump did.")
_FULL = _Meaning(
    UnreachableError,
    "The database server {place} has no free connection left.",
    "End connections that nobody needs or raise the limit, then ask for the backup again.",
)
_DROPPED = _Meaning(
    DumpFailedError,
    "Something in the database was dropped or rebuilt while the dump was running.",
    "Wait for the migration to end, then ask for the backup again.",
)
_DISK = _Meaning(
    DumpFailedError,
    "The database server {place} has no space left on its disk.",
    "Free space on the database server, then ask for the backup again.",
)
_MEMORY = _Meaning(
    DumpFailedError,
    "There was not enough memory for the dump.",
    "Free memory on the machine that ran out (see the detail), then ask for the backup again.",
)
_LOCK_TABLE = _Meaning(
    DumpFailedError,
    "The database server {place} ran out of room for locks: there are more tables than it was set up for.",
    "Raise max_locks_per_transaction on the server, restart it, then ask for the backup again.",
)
_DAMAGED = _Meaning(
    DumpFailedError,
    "The database server {place} reports damaged data in one of its tables.",
    "Tell a database administrator at once, and keep every backup there is.",
)
_NO_ROUTE = _Meaning(
    UnreachableError,
    "This machine has no network route to the database server {place}.",
    "If the host has an IPv6 address only, use one that IPv4 reaches "
    "(on Supabase: the session pooler's address, port 5432, user postgres.<project ref>).",
)
_NO_HOST = _Meaning(UnreachableError, "There is no host of the name in the address ({place}).")
_REFUSED = _Meaning(UnreachableError, "Nothing answers at {place}: the connection was refused.")
_SILENT = _Meaning(UnreachableError, "The database server {place} did not answer in time.")
_TLS = _Meaning(
    UnreachableError,
    "No encrypted connection to the database server {place} could be agreed on.",
    "Look at sslmode and sslrootcert in the address, and at the server's certificate.",
)
_STARTING = _Meaning(
    UnreachableError,
    "The database server {place} is starting, stopping or recovering, and takes no work now.",
    "Wait until it is up, then ask for the backup again.",
)
_STANDBY = _Meaning(
    DatabaseError,
    "The standby {place} cancelled the work because it had to apply changes from its primary.",
    "Back up from the primary, or raise max_standby_streaming_delay on the standby.",
)
_NO_TABLE = _Meaning(TableMissingError, "A table that was to be read is not there any more.", _AGAIN)
_TOO_OLD = _Meaning(
    ClientTooOldError,
    "pg_dump is older than the database server {place} and refuses it.",
    "Install a client package at least as new as the server, then ask again.",
)
_POLICY = _Meaning(
    RightsError,
    "Row security would hide rows of {name} from the backup role.",
    "Let an administrator run ALTER ROLE … BYPASSRLS for the backup role, then ask again.",
)
_CANCELLED = _Meaning(DatabaseError, "Somebody cancelled the work on the database server {place}.", _AGAIN)
_TENANT = _Meaning(
    LoginRefusedError,
    "The pooler {place} does not know this user or project.",
    "On Supabase's pooler the user is postgres.<project ref>, and the host is that of the project's region.",
)
_NO_SESSION = _Meaning(
    PoolerError,
    "The address leads to a pooler that does not keep sessions, and a backup needs one ({place}).",
    "Use the server's own address or a pooler in session mode.",
)

_BY_STATE = {
    "28": _LOGIN, "3D000": _NO_DATABASE, "42501": _RIGHTS, "55P03": _LOCK, "57P01": _GONE, "57P02": _GONE,
    "57P03": _STARTING, "57P05": _GONE, "08": _GONE, "53300": _FULL, "53100": _DISK, "53200": _MEMORY,
    "25P03": _SNAPSHOT, "25P04": _SNAPSHOT, "42P01": _NO_TABLE, "3F000": _NO_TABLE, "57014": _CANCELLED,
    "40001": _STANDBY, "XX001": _DAMAGED, "XX002": _DAMAGED, "26000": _NO_SESSION,
}  # fmt: skip

# The words are those of LC_ALL=C; the first that is found decides, so the special ones stand first.
_BY_WORDS: tuple[tuple[re.Pattern[str], _Meaning], ...] = tuple(
    (re.compile(words, re.IGNORECASE | re.DOTALL), meaning)
    for words, meaning in (
        (r"due to lock timeout|could not obtain lock", _LOCK),
        (r"row-level security policy for table (?P<name>\"[^\n]*\")", _POLICY),
        (r"permission denied for (?!database)(?P<name>[^\n]{1,200})", _RIGHTS),
        (r"permission denied for database|does not have CONNECT privilege", _LOGIN),
        (r"max_locks_per_transaction", _LOCK_TABLE),
        (
            r"snapshot \"[^\"]*\" does not exist|invalid snapshot identifier|could not import the req",
            _SNAPSHOT,
        ),
        (r"source (process|transaction) .{0,40}is not running anymore", _SNAPSHOT),
        (r"idle-in-transaction timeout|idle-session timeout|transaction timeout", _SNAPSHOT),
        (r"server version mismatch", _TOO_OLD),
        (r"Tenant or user not found|no such user|unrecognized user", _TENANT),
        (
            r"password authentication failed|no password supplied|no pg_hba\.conf entry",
            _LOGIN,
        ),
        (
            r"authentication failed|role \"[^\n]*\" (does not exist|is not permitted to log in)|SASL|SCRAM",
            _LOGIN,
        ),
        (r"database \"[^\n]*\" does not exist|no such database", _NO_DATABASE),
        (
            (
                r"too many (clients|connections)|remaining connection slots|max clients reached|"
                r"no more connections allowed"
            ),
            _FULL,
        ),
        (r"due to conflict with recovery", _STANDBY),
        (r"the database system is|cannot connect now", _STARTING),
        (r"Network is unreachable|No route to host|Cannot assign requested address", _NO_ROUTE),
        (
            (
                r"could not translate host name|Name or service not known|failed to resolve host|"
                r"nodename nor servname|Temporary failure in name resolution"
            ),
            _NO_HOST,
        ),
        (
            (
                r"Connection refused|No such file or directory[^\n]*\n?[^\n]*running locally|"
                r"socket[^\n]*failed: No such file"
            ),
            _REFUSED,
        ),
        (r"connection[^\n]*timeout expired|Connection timed out|connection timeout", _SILENT),
        (r"certificate|sslmode|does not support SSL|SSL error", _TLS),
        (
            (
                r"server closed the connection|terminating connection|connection to server was lost|"
                r"SSL connection has been closed|no connection to the server|could not receive data|"
                r"connection not open|connection is (lost|closed)|Connection reset by peer|shutting down"
            ),
            _GONE,
        ),
        (
            r"invalid page|could not read block|missing chunk number|unexpected chunk|invalid memory alloc",
            _DAMAGED,
        ),
        (r"No space left on device|could not extend file", _DISK),
        (r"out of memory|Cannot allocate memory", _MEMORY),
        (r"could not open relation with OID|cache lookup failed|relation \"[^\n]*\" does not", _DROPPED),
        (r"user request|due to statement timeout", _CANCELLED),
        (r"prepared statement \"[^\n]*\" does not exist", _NO_SESSION),
    )
)


def by_sqlstate(code: str, place: str, name: str, cause: str) -> SparewheelError | None:
    """The error for a SQLSTATE (its five letters, else its class of two), None for one not known here.

    Source: PostgreSQL's appendix A, "PostgreSQL Error Codes".
    """
    # Two things have this code; only the message tells the server's lock table from its memory.
    full = _LOCK_TABLE if code == "53200" and "shared memory" in cause else None
    meaning = full or _BY_STATE.get(code) or _BY_STATE.get(code[:2])
    return meaning.told(place, name, cause) if meaning else None


def by_words(text: str, place: str, cause: str) -> SparewheelError | None:
    """The error for what libpq or a client program wrote (in English), None when nothing fits."""
    for words, meaning in _BY_WORDS:
        found = words.search(text)
        if found:
            name = found.groupdict().get("name") or "something"
            return meaning.told(place, name.strip(), cause)
    return None
