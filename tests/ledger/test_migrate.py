from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from alembic.script import ScriptDirectory
from procrastinate.schema import migrations_path

from bot.errors import ConfigurationError, LedgerUnavailableError
from bot.ledger.connection import LedgerPool, borrowed, ledger_conninfo, open_pool
from bot.ledger.migrate import migrate
from bot.ledger.revisions import FOLDER, check_current, head_revision, known_revisions
from tests.ledger.support import at_once


def test_two_processes_that_start_at_once_both_end_well(empty_ledger_url: str) -> None:
    assert at_once(4, lambda _: migrate(empty_ledger_url)) == [head_revision()] * 4
    with open_pool(empty_ledger_url) as pool, borrowed(pool) as conn:
        check_current(conn)
        assert conn.execute("SELECT count(*) FROM schema_version").fetchall() == [{"count": 1}]


def test_everything_lies_in_our_schema(pool: LedgerPool) -> None:
    with borrowed(pool) as conn:
        found = conn.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        ).fetchall()
        assert found == []
        assert conn.execute("SELECT to_regclass('sparewheel.procrastinate_jobs') AS t").fetchone() != {
            "t": None
        }


def test_an_empty_ledger_says_what_to_run(empty_ledger_url: str) -> None:
    opened = open_pool(empty_ledger_url)
    with opened as pool, borrowed(pool) as conn, pytest.raises(ConfigurationError) as caught:
        check_current(conn)
    assert "no tables yet" in caught.value.sentence
    assert "sparewheel migrate" in caught.value.next_step


def test_a_ledger_of_a_newer_version_is_refused(migrated_url: str, pool: LedgerPool) -> None:
    with borrowed(pool) as conn:
        conn.execute("UPDATE schema_version SET version_num = '9999'")
        with pytest.raises(ConfigurationError, match="newer version"):
            check_current(conn)
    with pytest.raises(ConfigurationError, match="newer version"):
        migrate(migrated_url)


def test_the_revisions_told_by_the_files_names_are_those_of_the_scripts() -> None:
    scripts = ScriptDirectory(str(FOLDER))
    assert known_revisions() == [script.revision for script in scripts.walk_revisions()][::-1]
    assert head_revision() == scripts.get_current_head()


def test_a_process_that_only_looks_loads_neither_what_migrates_nor_what_speaks_to_s3() -> None:
    # Five processes would hold over 20 MB each for nothing.
    code = (
        "import sys, bot.cli.worker, bot.cli.clock, bot.cli.session\n"
        "print([name for name in ('alembic', 'boto3') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"


def test_the_queues_own_tables_are_those_of_the_pinned_version() -> None:
    # A newer library brings newer files here: write a migration of ours that applies them, then move this.
    newest = max(path.name for path in Path(migrations_path).glob("*.sql"))
    assert newest == "03.04.00_50_post_add_retry_failed_job_procedure.sql"


def test_an_unreachable_ledger_is_named_without_its_password() -> None:
    url = "postgresql://somebody:open-sesame@127.0.0.1:1/ledger"
    with pytest.raises(LedgerUnavailableError) as caught:
        open_pool(url, timeout_seconds=1.0)
    assert "open-sesame" not in repr(caught.value) + caught.value.cause
    with pytest.raises(LedgerUnavailableError):
        migrate(url)


def test_an_address_that_is_none_is_not_repeated() -> None:
    with pytest.raises(ConfigurationError) as caught:
        ledger_conninfo("postgresql://u:open-sesame@[broken/x")
    assert "open-sesame" not in str(caught.value) + caught.value.next_step
    assert caught.value.__suppress_context__


def test_options_of_the_address_are_kept(migrated_url: str) -> None:
    url = psycopg.conninfo.make_conninfo(migrated_url, options="-c statement_timeout=12345")
    with open_pool(url) as pool, borrowed(pool) as conn:
        for name, value in (
            ("statement_timeout", "12345ms"),
            ("search_path", "sparewheel,pg_temp"),
            ("TimeZone", "UTC"),
        ):
            assert conn.execute("SELECT current_setting(%s) AS v", [name]).fetchone() == {"v": value}
