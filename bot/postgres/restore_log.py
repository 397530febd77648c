"""What a restore said: every line of it sorted by rule, with nothing of the database's rows in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bot.core.finding import Severity
from bot.postgres.archive_names import NO_NAMES, ArchiveNames
from bot.postgres.restore_rules import UNEXPLAINED, Meaning, meaning_of

# Jobs write at once: one's name may end up in front of another's line, and its words alone on the next.
_SPOKEN = re.compile(r"(?:pg_restore:|^) (?P<level>error|fatal|warning|detail|hint): (?P<text>.*)")
# Jobs do not say which entry they are at; the command does, and names of objects are no rows.
_OF_TABLE = re.compile(r"COPY failed for table \"(?P<name>[^\n]{1,150})\": ")
_COMMAND = re.compile(
    r"Command was: (?:CREATE|ALTER|REFRESH|COMMENT ON)(?: UNIQUE| OR REPLACE)? "
    r"(?P<what>[A-Z]+(?: VIEW| TABLE| TRIGGER| WRAPPER)?(?: ONLY)? "
    r"(?P<name>(?:\"[^\"\n]{1,63}\"|[\w$]{1,63})(?:\.(?:\"[^\"\n]{1,63}\"|[\w$]{1,63}))?))"
)
_FROM_ENTRY = re.compile(r"(?:pg_restore: )+from TOC entry (?P<number>\d+); ")
_NARRATION = re.compile(
    r"pg_restore: (?:while [A-Z ]+:|creating |processing |connecting |dropping |launching |finished |"
    r"entering |executing |implied |(?:in|re)?disabling |enabling )"
)
_IGNORED = re.compile(r"errors ignored on restore: (?P<count>\d+)")
_SERVER_SAYS = re.compile(r"(?:pg_restore: )?(?:NOTICE|WARNING|INFO|LOG|DEBUG):  ?(?P<text>.*)")
# libpq's reason for a failed connection goes on over several lines.
_ABOUT_CONNECTION = re.compile(r"connection to server |\tIs the server|\tThis probably means")
_LABEL_LENGTH = 200
_STAGING = frozenset({"TARGET_FULL", "TARGET_UNAVAILABLE"})
_CONSEQUENCES = frozenset({"RESTORE_ERROR", "RESTORE_FAILED"})


@dataclass(frozen=True)
class LogLine:
    """One thing that was said. `text_redacted` is rebuilt from names and fixed words, never from rows.

    `object` is the archive's own name for what it was about ("TRIGGER auth users on_auth_user_created …").
    """

    rule: str
    severity: Severity
    text_redacted: str
    object: str | None = None


@dataclass(frozen=True)
class RestoreLog:
    """Everything said during a restore. `exit_code` is the worst of all programs that ran.

    `ignored_errors` counts what pg_restore says it went on after, and what was refused while owners, grants
    and policies were put back.
    """

    lines: tuple[LogLine, ...]
    exit_code: int
    ignored_errors: int

    @property
    def explained(self) -> bool:
        """Whether every line is of a known kind, and no ignored error went without a line."""
        return not any(line.rule == UNEXPLAINED for line in self.lines)

    @property
    def staging_gave_way(self) -> bool:
        """Whether the server ran out of room or went away: what is missing then was lost on staging."""
        return any(line.rule in _STAGING for line in self.lines)

    def plus(self, other: RestoreLog) -> RestoreLog:
        """Both logs, one after the other."""
        return RestoreLog(
            self.lines + other.lines,
            self.exit_code or other.exit_code,
            self.ignored_errors + other.ignored_errors,
        )


EMPTY_LOG = RestoreLog((), 0, 0)


def line(rule: str, severity: Severity, text: str, about: str | None = None) -> LogLine:
    """A line of our own making; `text` holds no row."""
    return LogLine(rule, severity, text, about)


def read(
    stderr: str,
    exit_code: int,
    missing_extensions: Sequence[str] = (),
    *,
    parallel: bool = False,
    names: ArchiveNames = NO_NAMES,
) -> RestoreLog:
    """Sort what pg_restore wrote. Only objects of `names` are named.

    With `parallel` jobs it counts an error that a worker met up to two times (tried: 13 errors, 26 counted).
    `missing_extensions` are those that were left out: what then "does not exist" is put down to them.
    """
    lines = _lines(stderr, bool(missing_extensions), names)
    ignored = sum(int(found["count"]) for found in _IGNORED.finditer(stderr))
    errors = sum(line.rule != "SERVER_REMARK" for line in lines)
    if ignored > errors * (2 if parallel else 1):
        text = f"pg_restore went on after {ignored} errors, and only {errors} can be found in what it said"
        lines.append(line(UNEXPLAINED, Severity.FAIL, text))
    if parallel:
        ignored = min(ignored, errors)
    lines += _about_the_end(lines, exit_code, ignored)
    return RestoreLog(tuple(_put_down_to_the_server(lines)), exit_code, ignored)


def _put_down_to_the_server(lines: Sequence[LogLine]) -> Iterator[LogLine]:
    """Where staging itself gave way, what failed afterwards says nothing about the archive."""
    gave_way = any(line.rule in _STAGING for line in lines)
    for one in lines:
        weaker = gave_way and one.rule in _CONSEQUENCES and one.severity is Severity.FAIL
        yield replace(one, severity=Severity.UNVERIFIED) if weaker else one


def _about_the_end(lines: Sequence[LogLine], exit_code: int, ignored: int) -> Iterator[LogLine]:
    spoke = any(line.rule != "SERVER_REMARK" for line in lines)
    if exit_code == 0 and (spoke or ignored):
        text = "pg_restore ended with exit code 0 after errors"
        yield line("EXIT_CODE_LIED", Severity.NOTE if _harmless(lines) else Severity.FAIL, text)
    elif exit_code < 0:
        yield line("RESTORE_FAILED", Severity.FAIL, f"pg_restore was ended by signal {-exit_code}")
    elif exit_code and not spoke:
        yield line("RESTORE_FAILED", Severity.FAIL, f"pg_restore ended with exit code {exit_code} in silence")


def _harmless(lines: Sequence[LogLine]) -> bool:
    return all(line.severity is Severity.NOTE for line in lines)


def _lines(stderr: str, extensions_are_missing: bool, names: ArchiveNames) -> list[LogLine]:
    found: list[LogLine] = []
    about: str | None = None
    following = False
    for raw in stderr.splitlines():
        if entry := _FROM_ENTRY.match(raw):
            about, following = (names.label(entry["number"]) or "")[:_LABEL_LENGTH] or None, False
        elif spoken := _SPOKEN.search(raw):
            following = True
            if said := _spoken(spoken["level"], spoken["text"], extensions_are_missing, names):
                found.append(replace(said, object=about or _table(spoken["text"], names)))
        elif _SERVER_SAYS.fullmatch(raw):
            following = True
            text = "the server had a remark (its words are withheld)"
            found.append(LogLine("SERVER_REMARK", Severity.NOTE, text))
        elif _NARRATION.search(raw):
            following = False
        elif command := _COMMAND.match(raw):
            if found and found[-1].object is None and names.holds_sql(command["name"]):
                found[-1] = replace(found[-1], object=command["what"])
        elif raw.startswith("pg_restore: ") or not (following or _is_harmless(raw)):
            found.append(_unknown(about))
    return found


def _table(text: str, names: ArchiveNames) -> str | None:
    named = _OF_TABLE.match(text)
    return f'TABLE DATA "{named["name"]}"' if named and names.holds(named["name"]) else None


def _is_harmless(raw: str) -> bool:
    return not raw.strip() or bool(_ABOUT_CONNECTION.match(raw))


def _spoken(level: str, text: str, extensions_are_missing: bool, names: ArchiveNames) -> LogLine | None:
    if level in ("detail", "hint") or (level == "warning" and _IGNORED.fullmatch(text)):
        return None  # counted apart; details quote rows and belong to an error that has its own line
    meaning, words = meaning_of(text, names.holds)
    if extensions_are_missing and meaning.may_lack_an_extension:
        return LogLine("EXTENSION_ABSENT", Severity.UNVERIFIED, words)
    if level == "warning" and meaning.rule == UNEXPLAINED:
        return LogLine("CLIENT_WARNING", Severity.UNVERIFIED, words)
    return _as_line(meaning, words)


def _as_line(meaning: Meaning, words: str) -> LogLine:
    return LogLine(meaning.rule, meaning.severity, words)


def _unknown(about: str | None) -> LogLine:
    return LogLine(UNEXPLAINED, Severity.FAIL, "a line of an unknown kind (withheld)", about)
