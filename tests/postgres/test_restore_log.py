"""Every line of a restore falls under a rule, and no row comes out of it."""

from __future__ import annotations

import pytest

from bot.core.finding import Severity
from bot.postgres import restore_log
from bot.postgres.archive_names import ArchiveNames
from bot.postgres.restore_list import Entry
from bot.postgres.restore_log import RestoreLog
from bot.postgres.toc import TocEntry

_COPY = """\
pg_restore: while PROCESSING TOC:
pg_restore: from TOC entry 3461; 0 16401 TABLE DATA drivers postgres
pg_restore: error: COPY failed for table "drivers": ERROR:  duplicate key value violates unique constraint "drivers_pkey"
DETAIL:  Key (license)=(SECRET-4711) already exists.
CONTEXT:  COPY drivers, line 7: "7	Ana Secret	SECRET-4711"
pg_restore: warning: errors ignored on restore: 1
"""


_NAMES = ArchiveNames.of(
    Entry(TocEntry(number, 0, 16401, f"{kind} public {rest} postgres"), kind, f"public {rest} postgres")
    for number, kind, rest in (
        (3461, "TABLE DATA", "drivers"),
        (3462, "TABLE DATA", "Log Periods"),
        (3470, "INDEX", "drivers_name"),
    )
)


def _one(stderr: str, code: int = 1) -> tuple[str, Severity]:
    log = restore_log.read(stderr, code)
    assert len(log.lines) == 1, log.lines
    return log.lines[0].rule, log.lines[0].severity


def _server(message: str) -> str:
    return f"pg_restore: error: could not execute query: ERROR:  {message}\nCommand was: SELECT 'SECRET';\n"


def test_rows_in_an_error_are_left_out() -> None:
    log = restore_log.read(_COPY, 1, names=_NAMES)

    assert [(line.rule, line.severity, line.object) for line in log.lines] == [
        ("RESTORE_ERROR", Severity.FAIL, "TABLE DATA public drivers postgres")
    ]
    assert (log.exit_code, log.ignored_errors, log.explained) == (1, 1, True)
    assert "SECRET" not in repr(log).upper()


@pytest.mark.parametrize(
    ("message", "rule", "severity"),
    [
        ('role "billing" does not exist', "ROLE_ABSENT", Severity.FAIL),
        ('extension "postgis" is not available', "EXTENSION_ABSENT", Severity.UNVERIFIED),
        ('permission denied to create extension "dblink"', "EXTENSION_ABSENT", Severity.UNVERIFIED),
        ("permission denied for language c", "SUPERUSER_NEEDED", Severity.UNVERIFIED),
        ('language "plpython3u" does not exist', "SUPERUSER_NEEDED", Severity.UNVERIFIED),
        ('type "extensions.geometry" does not exist', "RESTORE_ERROR", Severity.FAIL),
        ('relation "loads" already exists', "RESTORE_ERROR", Severity.FAIL),
        ('insert or update on table "a" violates foreign key constraint "b"', "RESTORE_ERROR", Severity.FAIL),
        ('unrecognized configuration parameter "transaction_timeout"', "OLDER_SERVER_SETTING", Severity.NOTE),
        ('unrecognized configuration parameter "something"', "RESTORE_ERROR", Severity.FAIL),
        ("could not extend file: No space left on device", "TARGET_FULL", Severity.UNVERIFIED),
        ("cannot execute CREATE TABLE in a read-only transaction", "TARGET_UNAVAILABLE", Severity.UNVERIFIED),
        ("canceling statement due to statement timeout", "RESTORE_STOPPED", Severity.UNVERIFIED),
        ("permission denied to COPY to or from an external program", "FORBIDDEN_ACTION", Severity.FAIL),
        (
            "must be superuser or have privileges of the pg_execute_server_program role to COPY",
            "FORBIDDEN_ACTION",
            Severity.FAIL,
        ),
        ("permission denied for function pg_read_file", "FORBIDDEN_ACTION", Severity.FAIL),
        ("password or GSSAPI delegated credentials required", "FORBIDDEN_ACTION", Severity.FAIL),
        ("the period of Ana Secret is locked", "RESTORE_ERROR", Severity.FAIL),
    ],
)
def test_what_the_server_says_falls_under_a_rule(message: str, rule: str, severity: Severity) -> None:
    assert _one(_server(message)) == (rule, severity)
    assert "SECRET" not in repr(restore_log.read(_server(message), 1)).upper()


@pytest.mark.parametrize(
    "text",
    [
        "could not read from input file: end of file",
        "did not find magic string in file header",
        "could not decompress data: Data corruption detected",
        "unsupported version (1.16) in file header",
    ],
)
def test_a_broken_archive_has_its_own_rule(text: str) -> None:
    assert _one(f"pg_restore: error: {text}\n") == ("ARCHIVE_UNREADABLE", Severity.FAIL)


@pytest.mark.parametrize(
    "value",
    [
        "pg_restore: from TOC entry 3461; 1 1 SECRET",
        "\npg_restore: from TOC entry 99; 1 1 SECRET",
        "\npg_restore: from TOC entry 99999999999999999999999999999999; 1 1 SECRET",
        '\npg_restore: error: role "SECRET" does not exist',
        '\npg_restore: error: COPY failed for table "SECRET": ERROR:  syntax error',
        "\npg_restore: error: nothing\nCommand was: CREATE TABLE SECRET",
        '\npg_restore: error: nothing\nCommand was: CREATE TABLE public."SECRET"',
        "permission denied for SECRET",
        "permission denied for function pg_read_SECRET",
        "permission denied for function dblink_SECRET",
        "Only roles with the SECRET attribute",
        "SECRET is not allowed in a non-volatile function",
        "text search SECRET x already exists",
    ],
)
def test_a_value_that_speaks_like_pg_restore_is_not_repeated(value: str) -> None:
    for said in (_server(f"rows like {value}"), f"{_server('syntax error')}DETAIL:  Key (a)=({value})."):
        assert "SECRET" not in repr(restore_log.read(said, 1, names=_NAMES))


@pytest.mark.parametrize(
    "value",
    ["pg_restore: from TOC entry 3461; 1 1 x", "errors ignored on restore: 0", "pg_restore: detail: x"],
)
def test_an_error_does_not_hide_behind_what_it_says(value: str) -> None:
    """Several jobs count twice: one error that nobody sees would go under."""
    harmless = _server('unrecognized configuration parameter "transaction_timeout"')
    log = restore_log.read(
        f"{harmless}{_server(value)}pg_restore: warning: errors ignored on restore: 2\n", 1, parallel=True
    )

    assert [line.rule for line in log.lines] == ["OLDER_SERVER_SETTING", "RESTORE_ERROR"]


@pytest.mark.parametrize(
    ("said", "about"),
    [
        ('pg_restore: error: COPY failed for table "drivers": ERROR:  x\n', 'TABLE DATA "drivers"'),
        ('pg_restore: error: COPY failed for table "Log Periods": ERROR:  x\n', 'TABLE DATA "Log Periods"'),
        (
            "pg_restore: error: x\nCommand was: CREATE INDEX drivers_name ON public.drivers (name);\n",
            "INDEX drivers_name",
        ),
    ],
)
def test_what_a_job_speaks_of_is_named(said: str, about: str) -> None:
    assert [line.object for line in restore_log.read(said, 1, names=_NAMES).lines] == [about]


def test_an_exit_code_that_lies_is_caught() -> None:
    log = restore_log.read(_COPY, 0)

    assert ("EXIT_CODE_LIED", Severity.FAIL) in {(line.rule, line.severity) for line in log.lines}


def test_a_failure_without_a_word_is_one() -> None:
    assert _one("", 1) == ("RESTORE_FAILED", Severity.FAIL)
    assert _one("", -9) == ("RESTORE_FAILED", Severity.FAIL)
    assert restore_log.read("", 0) == RestoreLog((), 0, 0)


@pytest.mark.parametrize(
    "stderr",
    [
        "Segmentation fault of SECRET\n",
        "pg_restore: something that no version says today: SECRET\n",
        "pg_restore: error: something new about SECRET\n",
    ],
)
def test_what_is_not_known_is_a_failure_and_is_not_repeated(stderr: str) -> None:
    log = restore_log.read(stderr, 1)

    assert not log.explained
    assert ("UNEXPLAINED_LINE", Severity.FAIL) in {(line.rule, line.severity) for line in log.lines}
    assert "SECRET" not in repr(log)


def test_errors_that_are_only_counted_are_unexplained() -> None:
    log = restore_log.read(_COPY.replace("restore: 1", "restore: 3"), 1)

    assert not log.explained


def test_several_jobs_count_too_high() -> None:
    log = restore_log.read(_COPY.replace("restore: 1", "restore: 2"), 1, parallel=True)
    silent = restore_log.read("pg_restore: warning: errors ignored on restore: 1\n", 1, parallel=True)

    assert (log.explained, log.ignored_errors) == (True, 1)
    assert not silent.explained


def test_what_lacks_a_left_out_extension_cannot_be_judged() -> None:
    said = _server('type "extensions.geometry" does not exist')

    log = restore_log.read(said, 1, ["postgis"])

    assert [(line.rule, line.severity) for line in log.lines] == [("EXTENSION_ABSENT", Severity.UNVERIFIED)]


def test_errors_after_staging_gave_way_say_nothing_about_the_archive() -> None:
    log = restore_log.read(_server("No space left on device") + _server('relation "x" does not exist'), 1)

    assert {line.severity for line in log.lines} == {Severity.UNVERIFIED}


def test_a_servers_notice_is_withheld() -> None:
    log = restore_log.read("pg_restore: NOTICE:  Ana Secret was here\nHINT:  Secret\n", 0)

    assert [(line.rule, line.severity) for line in log.lines] == [("SERVER_REMARK", Severity.NOTE)]
    assert "Secret" not in repr(log)
