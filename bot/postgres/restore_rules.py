"""What pg_restore and the server say during a restore: which words mean what, by rule and severity.

Only words of the list below are repeated, and of a message only what names a kind of object, a function of
PostgreSQL's or a role of the archive: an error may quote a row, and whoever wrote a trigger chose its words.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from bot.core.finding import Severity

UNEXPLAINED = "UNEXPLAINED_LINE"
_FROM_SERVER_PREFIX = re.compile(r"(?:[a-zA-Z ]+(?: \"[^\n]*?\")?: )*(?:ERROR|FATAL|PANIC): ")
_FAIL, _UNVERIFIED, _NOTE = Severity.FAIL, Severity.UNVERIFIED, Severity.NOTE
_OBJECTS = (
    "relation|schema|type|function|operator|table|view|column|constraint|index|sequence|collation|"
    "operator class|access method|large object|"
    "text search (?:configuration|dictionary|parser|template)|aggregate|procedure|domain|server|"
    "foreign-data wrapper|cast|trigger|policy|publication|extension"
)
_NAME = r"\"(?P<n>[^\n\"]{1,63})\""


@dataclass(frozen=True)
class Meaning:
    """One kind of message. `told` is what is repeated, `{n}` in it the pattern's group of that name.

    `otherwise` is told where that group could be any word, and is no name that is known.
    """

    rule: str
    severity: Severity
    told: str
    may_lack_an_extension: bool = False
    otherwise: str | None = None


def _refused(what: str) -> Meaning:
    return Meaning("FORBIDDEN_ACTION", _FAIL, f"something tried to {what}, and was refused")


def _target(what: str, rule: str = "TARGET_UNAVAILABLE") -> Meaning:
    return Meaning(rule, _UNVERIFIED, f"the staging server {what}")


def _error(what: str) -> Meaning:
    return Meaning("RESTORE_ERROR", _FAIL, what)


# The first that is found decides, so what a hostile archive tries stands first.
_KINDS: tuple[tuple[tuple[str, ...], Meaning], ...] = (
    (
        ("COPY to or from an external program", "pg_execute_server_program"),
        _refused("run a program on the server"),
    ),
    (
        ("COPY (?:to|from|to or from) a file", "pg_(?:read|write)_server_files"),
        _refused("read or write a file of the server"),
    ),
    (
        (
            r"permission denied for function (?P<n>pg_read_(?:binary_)?file|pg_stat_file|lo_(?:im|ex)port)\b",
            r"permission denied for function (?P<n1>pg_ls_(?:dir|logdir|waldir|tmpdir|archive_statusdir))\b",
            r"permission denied for function (?P<n2>pg_reload_conf|pg_rotate_logfile|pg_promote)\b",
            r"permission denied for function (?P<n3>pg_file_(?:write|rename|unlink|sync|read|length))\b",
            r"permission denied for function (?P<n4>dblink(?:_connect(?:_u)?|_exec)?)\b",
        ),
        _refused("call {n}() on the server"),
    ),
    (
        (r"permission denied for function (?:pg_(?:read|ls|stat|file)_|dblink)",),
        _refused("call a function that reaches out of its database"),
    ),
    (
        (r"password (?:or GSSAPI delegated credentials )?(?:is )?required", "could not establish connection"),
        _refused("connect to another server"),
    ),
    (
        (
            r"permission denied to (?P<n>(?:create|alter|drop) role|create database|grant role|set role)",
            r"permission denied to (?P<n1>terminate process|cancel query)",
            r"must be superuser to (?P<n2>alter system|change bypassrls|create superusers)",
            r"[Oo]nly roles with the (?P<n3>SUPERUSER|CREATEROLE|CREATEDB|REPLICATION|BYPASSRLS) attribute",
            r"(?P<n5>ALTER SYSTEM) cannot be executed from a function",
            r"cannot set parameter \"(?P<n4>role|session_authorization)\"",
        ),
        _refused("take a right it must not have ({n})"),
    ),
    (("[Oo]nly roles with the ",), _refused("take a right it must not have")),
    (
        ("is not allowed in a non-volatile function",),
        _refused("write where only reading is due"),
    ),
    (("No space left on device", "could not extend file"), _target("has a full disk", "TARGET_FULL")),
    (
        ("too many (?:clients|connections)", "remaining connection slots", "no more connections allowed"),
        _target("has too few connections left"),
    ),
    (("read-only transaction", "recovery is in progress"), _target("is read-only")),
    (
        (
            "server closed the connection", "connection to server", "terminating connection",
            "could not connect", "the database system is", "connection not open", "no password supplied",
            "no connection to the server", "could not receive data", "could not send", "SSL connection",
        ),
        _target("ended or refused a connection"),
    ),
    (("out of (?:shared )?memory", "max_locks_per_transaction"), _target("ran out of memory or locks")),
    (
        (r"canceling statement due to (?P<n>statement timeout|lock timeout|user request)",),
        Meaning("RESTORE_STOPPED", _UNVERIFIED, "the staging server ended a statement ({n})"),
    ),
    (
        (
            "could not read from input file", "unexpected end of file", "could not find block ID",
            "found unexpected", "unrecognized (?:data block|archive)", "did not find magic",
            "input file (?:appears|is too short|does not)", "not appear to be a valid archive",
            "could not (?:un|de)compress", r"unsupported version \(", "could not open input file",
            "could not seek", "invalid (?:compression|stored)", "ZSTD|zstd|LZ4|lz4|zlib", "corrupt",
        ),
        Meaning("ARCHIVE_UNREADABLE", _FAIL, "the archive cannot be read to its end"),
    ),
    (
        (r"unrecognized configuration parameter \"(?P<n>transaction_timeout)\"",),
        Meaning("OLDER_SERVER_SETTING", _NOTE, "staging is older than the client, and has no setting {n}"),
    ),
    (
        (r"unrecognized privilege type",),
        Meaning("OLDER_SERVER", _UNVERIFIED, "staging is older than the source, and lacks one of its rights"),
    ),
    (
        (rf"role {_NAME} does not exist",),
        Meaning(
            "ROLE_ABSENT",
            _FAIL,
            "the role {n} does not exist on staging",
            otherwise="a role does not exist on staging",
        ),
    ),
    (
        (
            rf"extension {_NAME} (?:is not available|has no)", "could not open extension control file",
            "permission denied to create extension",
        ),
        Meaning("EXTENSION_ABSENT", _UNVERIFIED, "an extension is not to be had on staging"),
    ),
    (
        (
            "could not access file", "could not load library", "permission denied for language",
            r"language \"[^\n]+\" (?:does not|is not)", "must be (?:a )?superuser", "[Oo]nly superusers?",
            "permission denied to (?:create|set parameter|change|alter)", "must have CREATE privilege",
            "permission denied for (?:foreign|tablespace|database|parameter)",
            "must be able to SET ROLE", "must be member of role", "must be owner of",
        ),
        Meaning("SUPERUSER_NEEDED", _UNVERIFIED, "this needs rights that a restore test does not have"),
    ),
    (
        ("could not create unique index", "violates unique constraint"),
        _error("rows stand in the way of a unique index or key"),
    ),
    (("violates foreign key constraint",), _error("rows point to rows that are not there")),
    (
        (
            "violates (?:check|exclusion|not-null) constraint", "conflicting key value violates",
            "null value in column", r"check constraint [^\n]+ is violated", "no partition of relation",
            "contains null values", "could not create exclusion constraint",
        ),
        _error("rows break a constraint of their table"),
    ),
    (
        (rf"(?P<n>{_OBJECTS}) [^\n]{{1,300}} does not exist",),
        Meaning("RESTORE_ERROR", _FAIL, "a {n} that this needs does not exist", may_lack_an_extension=True),
    ),
    (
        (rf"(?P<n>{_OBJECTS}) [^\n]{{1,300}} already exists", "multiple (?P<n1>primary keys)"),
        _error("the {n} of this name is there already"),
    ),
    (
        (rf"permission denied for (?P<n>{_OBJECTS})\b", "permission denied for "),
        _error("a right on a {n} is missing"),
    ),
    (
        (
            "invalid input (?:syntax|value)", "out of range", "value too long", "invalid byte sequence",
            "extra data after", "missing data for column", "malformed", "has no equivalent in encoding",
        ),
        _error("a value cannot be read as its column's type"),
    ),
    (("syntax error",), _error("the server cannot read a statement of the archive")),
    (
        ("worker process (?:died|failed)", "terminated by (?:user|signal)", "could not fork", "cancell?ed"),
        Meaning("RESTORE_FAILED", _FAIL, "pg_restore ended before it was done"),
    ),
)  # fmt: skip
_PATTERNS = tuple((re.compile("|".join(words)), meaning) for words, meaning in _KINDS)
_WITHHELD = Meaning("RESTORE_ERROR", _FAIL, "the server refused it, in words that are withheld")
_UNKNOWN = Meaning(UNEXPLAINED, _FAIL, "an error of an unknown kind (its words are withheld)")


def meaning_of(text: str, is_known: Callable[[str], bool] = lambda _name: True) -> tuple[Meaning, str]:
    """What a message means, and the words that may be repeated: no row is in them.

    `is_known` is asked of what could be any word. A message of the server that is not in the list is an error
    of the restore all the same.
    """
    for pattern, meaning in _PATTERNS:
        if found := pattern.search(text):
            name = next((word for word in found.groupdict().values() if word), "thing")
            if meaning.otherwise is not None and not is_known(name):
                return meaning, meaning.otherwise
            return meaning, meaning.told.replace("{n}", name)
    meaning = _WITHHELD if _FROM_SERVER_PREFIX.match(text) else _UNKNOWN
    return meaning, meaning.told
