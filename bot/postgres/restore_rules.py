"""What pg_restore and the server say during a restore, by rule: which words mean what, and how much it weighs.

Only words of the list below are repeated, and of a message only the parts that name an object: an error may
quote a row, and whoever wrote a trigger chose its words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.core.finding import Severity

UNEXPLAINED = "UNEXPLAINED_LINE"
_SQL_PREFIX = re.compile(
    r"(?:could not execute query: |COPY failed for table \"(?P<table>[^\n]*?)\": |"
    r"error returned by PQputCopy\w+: |query failed: )*(?:ERROR: +|FATAL: +|PANIC: +)"
)
_LONGEST = 240


@dataclass(frozen=True)
class Meaning:
    """One kind of message. `told` is what is repeated; groups of the pattern named n… may stand in it."""

    rule: str
    severity: Severity
    told: str
    may_lack_an_extension: bool = False


_FAIL, _UNVERIFIED, _NOTE = Severity.FAIL, Severity.UNVERIFIED, Severity.NOTE
_N = r"\"(?P<n>[^\n]{1,150}?)\""

_KINDS: tuple[tuple[str, Meaning], ...] = (
    # What a hostile archive tries. A healthy one holds nothing of the kind.
    (
        r"COPY to or from an external program|pg_execute_server_program",
        Meaning("FORBIDDEN_ACTION", _FAIL, "something tried to run a program on the server, and was refused"),
    ),
    (
        r"COPY (?:to or )?from a file|COPY to a file|pg_(?:read|write)_server_files",
        Meaning("FORBIDDEN_ACTION", _FAIL, "something tried to read or write a file of the server, and was refused"),
    ),
    (
        r"permission denied for function (?P<n>pg_(?:read|ls|stat)_\w+|lo_(?:im|ex)port|dblink\w*|"
        r"pg_(?:reload_conf|rotate_logfile|terminate_backend|promote|switch_wal)|pg_file_\w+)",
        Meaning("FORBIDDEN_ACTION", _FAIL, "something called {n}(), and was refused"),
    ),
    (
        r"password (?:or GSSAPI delegated credentials )?(?:is )?required|could not establish connection",
        Meaning("FORBIDDEN_ACTION", _FAIL, "something tried to connect to another server, and was refused"),
    ),
    (
        r"permission denied to (?P<n>create role|alter role|create database|grant role \S+|set role \S+|"
        r"terminate process|drop role)",
        Meaning("FORBIDDEN_ACTION", _FAIL, "something asked for a right it must not have ({n}), and was refused"),
    ),
    (
        r"must be superuser to (?P<n>alter system|change bypassrls|create superusers?)",
        Meaning("FORBIDDEN_ACTION", _FAIL, "something asked for a right it must not have ({n}), and was refused"),
    ),
    # The staging server itself.
    (
        r"No space left on device|could not extend file|disk full",
        Meaning("TARGET_FULL", _UNVERIFIED, "the staging server's disk is full"),
    ),
    (
        r"too many (?:clients|connections)|remaining connection slots|no more connections allowed",
        Meaning("TARGET_UNAVAILABLE", _UNVERIFIED, "the staging server has too few connections left"),
    ),
    (
        r"read-only transaction|recovery is in progress",
        Meaning("TARGET_UNAVAILABLE", _UNVERIFIED, "the staging server is read-only"),
    ),
    (
        r"server closed the connection|connection to server|terminating connection|could not connect|"
        r"the database system is|lost synchronization|connection not open|no connection to the server|"
        r"could not receive data|could not send|SSL connection|no password supplied",
        Meaning("TARGET_UNAVAILABLE", _UNVERIFIED, "the connection to the staging server ended or was refused"),
    ),
    (
        r"out of memory|out of shared memory|max_locks_per_transaction",
        Meaning("TARGET_UNAVAILABLE", _UNVERIFIED, "the staging server ran out of memory or locks"),
    ),
    (
        r"canceling statement due to (?P<n>statement timeout|lock timeout|user request)",
        Meaning("RESTORE_STOPPED", _UNVERIFIED, "a statement was ended by the staging server ({n})"),
    ),
    # The archive as a file.
    (
        r"could not read from input file|unexpected end of file|could not find block ID|found unexpected|"
        r"unrecognized (?:data block|archive)|did not find magic|input file (?:appears|is too short|does not)|"
        r"not appear to be a valid archive|could not (?:uncompress|decompress)|unsupported version \(|"
        r"compression|corrupt|invalid (?:compression|stored)|could not open input file|could not seek|"
        r"bogus data|error reading|not a valid",
        Meaning("ARCHIVE_UNREADABLE", _FAIL, "the archive cannot be read to its end"),
    ),
    # Versions.
    (
        r"unrecognized configuration parameter \"(?P<n>transaction_timeout|default_table_access_method)\"",
        Meaning("OLDER_SERVER_SETTING", _NOTE, "this server is older than the client and does not know the setting {n}"),
    ),
    (
        r"unrecognized privilege type " + _N,
        Meaning("OLDER_SERVER", _UNVERIFIED, "this server does not know the privilege {n}"),
    ),
    # What staging lacks.
    (r"role " + _N + r" does not exist", Meaning("ROLE_ABSENT", _FAIL, "the role {n} does not exist on staging")),
    (
        r"extension " + _N + r" (?:is not available|does not exist|has no)|could not open extension control file",
        Meaning("EXTENSION_ABSENT", _UNVERIFIED, "an extension is not there on staging"),
    ),
    (
        r"permission denied to create extension " + _N,
        Meaning("EXTENSION_ABSENT", _UNVERIFIED, "the extension {n} can only be made by a superuser"),
    ),
    (
        r"could not access file|could not load library|permission denied for language|language " + _N + r" (?:does not|is not)|"
        r"must be superuser|[Oo]nly superusers?|permission denied to (?:create|set parameter|change|alter)|"
        r"permission denied for (?:foreign|tablespace|database|parameter)|must be a superuser|"
        r"must have CREATE privilege|must be able to SET ROLE|must be member of role|must be owner of (?P<n2>\w+ \S+)",
        Meaning("SUPERUSER_NEEDED", _UNVERIFIED, "this needs rights that a restore test does not have"),
    ),
    # The restore itself.
    (
        r"could not create unique index|duplicate key value violates unique constraint " + _N,
        Meaning("RESTORE_ERROR", _FAIL, "rows stand in the way of a unique index or key"),
    ),
    (
        r"violates foreign key constraint " + _N,
        Meaning("RESTORE_ERROR", _FAIL, "rows point to rows that are not there (constraint {n})"),
    ),
    (
        r"violates (?:check|exclusion|not-null) constraint|conflicting key value violates|null value in column|"
        r"check constraint " + _N + r" of relation .* is violated|no partition of relation|contains null values",
        Meaning("RESTORE_ERROR", _FAIL, "rows break a constraint of their table"),
    ),
    (
        r"(?P<n>relation|schema|type|function|operator|table|view|column|constraint|index|sequence|collation|"
        r"operator class|access method|large object|text search \w+|aggregate|procedure|domain|server|"
        r"foreign-data wrapper|cast|trigger|policy|publication|data type) [^\n]{1,200} does not exist",
        Meaning("RESTORE_ERROR", _FAIL, "a {n} that this needs does not exist", may_lack_an_extension=True),
    ),
    (
        r"(?P<n>relation|schema|type|function|table|constraint|trigger|policy|extension|index|column) [^\n]{1,200} "
        r"already exists|multiple primary keys",
        Meaning("RESTORE_ERROR", _FAIL, "a {n} of this name is there already"),
    ),
    (
        r"permission denied for (?P<n>\w+)",
        Meaning("RESTORE_ERROR", _FAIL, "a right on a {n} is missing"),
    ),
    (
        r"invalid input (?:syntax|value)|out of range|value too long|invalid byte sequence|extra data after|"
        r"missing data for column|malformed|cannot be represented|has no equivalent in encoding",
        Meaning("RESTORE_ERROR", _FAIL, "a value cannot be read as its column's type"),
    ),
    (r"syntax error", Meaning("RESTORE_ERROR", _FAIL, "the server cannot read a statement of the archive")),
    (
        r"wal_level is insufficient",
        Meaning("SERVER_REMARK", _NOTE, "the staging server keeps no logical changes"),
    ),
    (r"line ignored", Meaning("RESTORE_ERROR", _FAIL, "a line of the list of entries was not understood")),
)  # fmt: skip
_PATTERNS = tuple((re.compile(words), meaning) for words, meaning in _KINDS)
_FROM_SERVER = Meaning("RESTORE_ERROR", _FAIL, "the server refused it, in words that are withheld")
_UNKNOWN = Meaning(UNEXPLAINED, _FAIL, "an error of an unknown kind (its words are withheld)")


def meaning_of(text: str) -> tuple[Meaning, str]:
    """What a message means, and the words that may be repeated (at most 240 characters, no row in them).

    A message of the server that is not in the list is an error of the restore all the same.
    """
    for pattern, meaning in _PATTERNS:
        if found := pattern.search(text):
            name = found.groupdict().get("n") or "thing"
            return meaning, meaning.told.replace("{n}", name)[:_LONGEST]
    meaning = _FROM_SERVER if _SQL_PREFIX.match(text) else _UNKNOWN
    return meaning, meaning.told
