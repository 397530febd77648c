"""Statements of an archive that name roles (owners, grants, policies), taken apart to put other roles in.

A test server has roles of its own, and what is restored must never act as one of them: each role of the
archive is played by a stand-in, so each place where a statement names one has to be known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_NAME = r"(?:\"(?:[^\"]|\"\")+\"|[^\s\",;()'.]+)"
_SECTION = re.compile(
    r"^--\n-- (?:Data for )?Name: .*; Type: (?P<kind>[A-Z ]+); Schema: .*; Owner: .*\n--\n", re.MULTILINE
)
_OWNER = re.compile(
    rf"(?:^|\n)(?P<head>ALTER [A-Z](?:(?!\nALTER ).)* OWNER TO )(?P<role>{_NAME});\s*"
    r"(?:SET [^;\n]*;\s*)*(?:\\unrestrict \w+\s*)?(?:--\n-- PostgreSQL database dump complete\n--\s*)?"
    r"(?:\\unrestrict \w+\s*)?\Z",
    re.DOTALL,
)
_LARGE_OBJECT = re.compile(rf"^(?P<head>ALTER LARGE OBJECT \d+ OWNER TO )(?P<role>{_NAME});$", re.MULTILINE)
_AUTHORIZATION = re.compile(rf"SET SESSION AUTHORIZATION (?P<role>{_NAME})")
_DEFAULT_FOR = re.compile(
    rf"(?P<head>ALTER DEFAULT PRIVILEGES FOR ROLE )(?P<role>{_NAME})(?P<tail> .*)", re.DOTALL
)
_GRANT = re.compile(
    rf"(?P<head>(?:GRANT|REVOKE) .* (?:TO|FROM) )(?P<role>{_NAME})(?P<tail>(?: WITH GRANT OPTION)?)",
    re.DOTALL,
)
_DEFAULT_GRANT = re.compile(
    rf"(?P<head>.* (?:TO|FROM) )(?P<role>{_NAME})(?P<tail>(?: WITH GRANT OPTION)?)", re.DOTALL
)
_POLICY = re.compile(
    rf"(?P<head>CREATE POLICY {_NAME} ON {_NAME}\.{_NAME}(?: AS RESTRICTIVE)?(?: FOR [A-Z]+)? TO )"
    rf"(?P<roles>{_NAME}(?:, {_NAME})*)(?P<tail>(?: USING | WITH CHECK ).*|)",
    re.DOTALL,
)
_PASSED_ON = ("ALTER TABLE ", "CREATE POLICY ", "COMMENT ON ")
_LAST = {"SEQUENCE": 1, "SCHEMA": 2}


@dataclass(frozen=True)
class Role:
    """A place in a statement where a role stands, by its name in the archive."""

    name: str


@dataclass(frozen=True)
class Statement:
    """One statement in pieces. `kind` is the archive's description of the entry it came from."""

    kind: str
    pieces: tuple[str | Role, ...]

    @property
    def roles(self) -> frozenset[str]:
        """The archive's roles in it."""
        return frozenset(piece.name for piece in self.pieces if isinstance(piece, Role))

    def text(self, played_by: Callable[[str], str]) -> str:
        """The statement with each role replaced by the quoted name of whoever plays it."""
        return "".join(
            piece if isinstance(piece, str) else quoted(played_by(piece.name)) for piece in self.pieces
        )


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def owners(schema_sql: str) -> list[Statement]:
    """Who owns what, out of what `pg_restore -f -` wrote: tables first, then sequences, then schemas.

    A column's sequence follows its table and may not be given away before it; and who gives a schema away may
    not be able to give away what is in it.
    """
    found: list[tuple[int, Statement]] = []
    for kind, body in _sections(schema_sql):
        matches = (
            _LARGE_OBJECT.finditer(body) if kind.startswith("BLOB") else filter(None, [_OWNER.search(body)])
        )
        for match in matches:
            pieces = (match["head"], Role(_plain(match["role"])))
            found.append((_LAST.get(kind, 0), Statement(kind, pieces)))
    return [statement for _, statement in sorted(found, key=lambda pair: pair[0])]


def grants_and_policies(sql: str) -> list[Statement]:
    """The statements of grants, default privileges, row security and policies, in the archive's order.

    What is of another kind comes out whole, with the kind "?".
    """
    return [_taken_apart(kind, statement) for kind, body in _sections(sql) for statement in _statements(body)]


def _taken_apart(kind: str, text: str) -> Statement:
    if text == "RESET SESSION AUTHORIZATION":
        return Statement(kind, ("RESET ROLE",))
    if found := _AUTHORIZATION.fullmatch(text):
        return Statement(kind, ("SET ROLE ", Role(_plain(found["role"]))))
    if found := _DEFAULT_FOR.fullmatch(text):
        whose = (found["head"], Role(_plain(found["role"])))
        return Statement(kind, (*whose, *_grantee(_DEFAULT_GRANT.fullmatch(found["tail"]), found["tail"])))
    if found := _GRANT.fullmatch(text):
        return Statement(kind, _grantee(found, text))
    if found := _POLICY.fullmatch(text):
        return Statement(kind, (found["head"], *_listed(found["roles"]), found["tail"]))
    return Statement(kind if text.startswith(_PASSED_ON) else "?", (text,))


def _grantee(found: re.Match[str] | None, text: str) -> tuple[str | Role, ...]:
    if found is None or found["role"].upper() == "PUBLIC":
        return (text,)
    return (found["head"], Role(_plain(found["role"])), found["tail"])


def _listed(roles: str) -> Iterator[str | Role]:
    for number, name in enumerate(re.findall(_NAME, roles)):
        if number:
            yield ", "
        yield name if name.upper() == "PUBLIC" else Role(_plain(name))


def _plain(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def _sections(sql: str) -> Iterator[tuple[str, str]]:
    """Each entry's kind and text."""
    heads = list(_SECTION.finditer(sql))
    for number, head in enumerate(heads):
        end = heads[number + 1].start() if number + 1 < len(heads) else len(sql)
        yield head["kind"], sql[head.end() : end]


# A comment, a backslash line of newer minors, a quoted piece, the end of a statement, or anything else.
_TOKEN = re.compile(
    r"(?P<skip>--[^\n]*|^\\(?:un)?restrict [^\n]*)|"
    r"(?P<kept>'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|[^;'\"\-\\]+|[-\\'\"])|;",
    re.MULTILINE,
)


def _statements(body: str) -> Iterator[str]:
    pieces: list[str] = []
    for token in _TOKEN.finditer(body):
        if token["skip"] is not None:
            continue
        if token["kept"] is not None:
            pieces.append(token["kept"])
            continue
        statement = "".join(pieces).strip()
        pieces.clear()
        if statement and (not statement.startswith("SET ") or _AUTHORIZATION.fullmatch(statement)):
            yield statement
