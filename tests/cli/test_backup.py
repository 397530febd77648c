from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from bot.ledger.connection import ledger_conninfo
from tests.cli.conftest import CommandLine
from tests.support.forked import Forked
from tests.support.servers import Database


def latest(run: CommandLine) -> dict[str, object]:
    return dict(json.loads(run("backup", "list", "--json"))["records"][0])


def test_a_backup_without_slack_and_without_a_worker(sparewheel: CommandLine) -> None:
    said = sparewheel("backup", "now", "full")
    assert "full of fleet is stored." in said
    assert "501 rows in 2 tables" in said
    assert latest(sparewheel)["state"] == "stored"
    assert "PASS" in sparewheel("backup", "check", "latest")
    assert latest(sparewheel)["check_ok"] is True
    assert "public.drivers" in sparewheel("backup", "show", "latest")
    assert "checked" in sparewheel("backup", "status")


def test_json_is_json_and_nothing_else(sparewheel: CommandLine) -> None:
    record = json.loads(sparewheel("backup", "now", "critical", "--json"))
    assert (record["state"], record["kind"], record["row_count"]) == ("stored", "critical", 500)
    assert record["requested_by"].startswith("command-line:local/")
    assert json.loads(sparewheel("backup", "check", record["id"], "--json"))["verdict"] == "PASS"
    assert json.loads(sparewheel("backup", "status", "--json"))["databases"][0]["database"] == "fleet"


@pytest.mark.parametrize(
    "words",
    [
        ("NOW",),
        ("critical", "now"),
        ("now", "--json", "Full", "FLEET"),
        ("--json", "fleet", "full", "now", "please"),
        ("now full fleet",),
    ],
)
def test_words_go_in_any_order_and_case_as_in_slack(sparewheel: CommandLine, words: tuple[str, ...]) -> None:
    sparewheel("backup", *words)
    assert latest(sparewheel)["state"] == "stored"


def test_without_words_it_is_the_status(sparewheel: CommandLine) -> None:
    assert sparewheel("backup").startswith("fleet")


def test_options_that_do_not_go_with_the_words_are_refused(sparewheel: CommandLine) -> None:
    assert "--detach goes with" in sparewheel("backup", "status", "--detach", code=2)


@pytest.mark.parametrize(
    ("words", "rule"), [(("show", "00000000"), "not-found"), (("now", "fulll"), "words")]
)
def test_an_error_is_json_too_where_that_was_asked_for(
    sparewheel: CommandLine, words: tuple[str, ...], rule: str
) -> None:
    with sparewheel.start("backup", *words, "--json") as process:
        out, err = process.communicate()
    error = json.loads(out)["error"]
    assert set(error) == {"rule", "sentence", "next_step"}
    assert error["rule"] == rule
    assert error["sentence"] in err
    assert "sparewheel backup" in error["next_step"]
    assert process.returncode == 2


def test_a_check_shows_how_good_the_backup_is_now(sparewheel: CommandLine) -> None:
    assert json.loads(sparewheel("backup", "now", "--json"))["goodness"] == "stored"
    assert json.loads(sparewheel("backup", "check", "latest", "--json"))["record"]["goodness"] == "checked"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "No backups yet."),
        (("fleet",), "No backups of fleet yet."),
        (("fleet", "critical"), "No critical backups of fleet yet."),
    ],
)
def test_an_empty_list_says_what_it_was_asked_for(
    sparewheel: CommandLine, words: tuple[str, ...], said: str
) -> None:
    assert said in sparewheel("backup", "list", *words)


def test_a_name_with_a_space_stays_one_name(sparewheel: CommandLine) -> None:
    assert "1 row in 1 table" in sparewheel("backup", "now", "table", "My Table")


def test_one_that_failed_says_why_and_exits_with_1(sparewheel: CommandLine) -> None:
    said = sparewheel("backup", "now", "table", "driverz", code=1)
    assert "failed." in said
    assert "drivers" in said  # the nearest


def test_a_check_of_a_damaged_archive_fails(sparewheel: CommandLine) -> None:
    location = json.loads(sparewheel("backup", "now", "--json"))["location"].removeprefix("file://")
    with open(location, "r+b") as archive:  # noqa: PTH123 - damaged in place
        archive.seek(200)
        archive.write(b"\xff\x00\xff")
    assert "FAIL" in sparewheel("backup", "check", "latest", code=1)


def test_an_archive_that_is_gone_is_no_pass(sparewheel: CommandLine) -> None:
    record = json.loads(sparewheel("backup", "now", "--json"))
    Path(record["location"].removeprefix("file://")).unlink()
    said = sparewheel("backup", "check", record["id"], code=1)
    assert "PASS" not in said


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("now", "fulll"), "sparewheel backup now full"),
        (("show", "00000000"), "There is no backup 00000000"),
        (("status", "flet"), "sparewheel backup status fleet"),
    ],
)
def test_what_cannot_be_read_exits_with_2(
    sparewheel: CommandLine, words: tuple[str, ...], meant: str
) -> None:
    said = sparewheel("backup", *words, code=2)
    assert meant in said
    assert "Traceback" not in said


def test_a_ledger_without_tables_is_a_sentence(unmigrated: CommandLine) -> None:
    anew = unmigrated.start_anew("backup", "status")
    assert "Run `sparewheel migrate`" in unmigrated.end_of(anew, code=2)
    unmigrated("migrate")
    unmigrated("migrate")
    unmigrated("backup", "status")


def test_a_ledger_that_is_down_is_a_sentence(unmigrated: CommandLine) -> None:
    unmigrated.environ["SPAREWHEEL_DATABASE_URL"] = "postgresql://u:hunter2-secret@127.0.0.1:1/d"
    unmigrated.secrets += ("hunter2-secret",)
    said = unmigrated("backup", "status", code=2)
    assert "bot's own database cannot be reached" in said
    assert "Traceback" not in said


@contextmanager
def waiting_for_a_lock(run: CommandLine, database: Database) -> Iterator[Forked]:
    """A full backup that stands still, for a table is locked meanwhile."""
    with psycopg.connect(database.url) as holder:
        holder.execute("LOCK TABLE drivers IN ACCESS EXCLUSIVE MODE")
        process = run.start("backup", "now", "full")
        while "locking tables" not in process.stderr.readline():
            assert process.poll() is None
        yield process


def test_ctrl_c_cancels_cleanly(sparewheel: CommandLine, fresh_database: Database) -> None:
    with waiting_for_a_lock(sparewheel, fresh_database) as process:
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate()
    assert process.returncode == 1
    assert "was cancelled by" in out
    assert latest(sparewheel)["state"] == "cancelled"


def test_a_second_ctrl_c_leaves_at_once_and_no_row_stays_running(
    sparewheel: CommandLine, fresh_database: Database
) -> None:
    with waiting_for_a_lock(sparewheel, fresh_database) as process:
        process.send_signal(signal.SIGINT)
        while "Press Ctrl-C again" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate()
        assert process.returncode == 1
        assert "was cancelled by" in out
        assert latest(sparewheel)["state"] == "cancelled"


def test_ctrl_c_before_anything_is_queued_says_so(sparewheel: CommandLine) -> None:
    with psycopg.connect(ledger_conninfo(sparewheel.environ["SPAREWHEEL_DATABASE_URL"])) as holder:
        # The first thing that any command reads: there it stands when the signal comes.
        holder.execute("LOCK TABLE sparewheel.schema_version IN ACCESS EXCLUSIVE MODE")
        process = sparewheel.start_anew("backup", "now", "full")
        while not holder.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchone():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert process.returncode == 2
    assert "Nothing was queued or begun." in err
    assert "Traceback" not in out + err
    assert json.loads(sparewheel("backup", "list", "--json"))["total"] == 0


def test_one_that_waits_says_for_what(sparewheel: CommandLine, fresh_database: Database) -> None:
    with waiting_for_a_lock(sparewheel, fresh_database) as first:
        second = sparewheel.start("backup", "now", "schema")
        running = json.loads(sparewheel("backup", "status", "--json"))["databases"][0]["running"][0]["id"]
        while f"waiting for backup {running} (full" not in second.stderr.readline():
            assert second.poll() is None
        for process in (second, first):
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate()
            assert "was cancelled by" in out


def test_ctrl_c_ends_a_check_and_nothing_counts_as_verified(sparewheel: CommandLine) -> None:
    record = json.loads(sparewheel("backup", "now", "--json"))
    archive = Path(str(record["location"]).removeprefix("file://"))
    archive.rename(archive.with_suffix(".away"))
    os.mkfifo(archive)  # a store that never answers
    process = sparewheel.start("backup", "check", "latest")
    assert "reading the archive back" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert process.returncode == 2
    assert "COULD NOT VERIFY" in out, err
    assert "stopped before its end" in out


def test_detached_it_only_waits_in_the_queue(sparewheel: CommandLine) -> None:
    assert "is queued" in sparewheel("backup", "now", "--detach")
    assert latest(sparewheel)["state"] == "queued"
    assert "never began" in sparewheel("backup", "cancel", "latest")
    assert latest(sparewheel)["state"] == "cancelled"
