"""Restore tests whose process is killed: they are ended, and what they left is cleared up."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from bot.app import House
from bot.core.restore_test import Step
from bot.core.verdict import Verdict
from bot.sandbox.embedded.servers import EmbeddedServers
from bot.services import fetching
from tests.support import restore_program
from tests.support.bad_days import (
    SLEEPS,
    STAGED,
    expire_leases,
    rules_of,
    run,
    sleepers,
    wait_for,
)
from tests.support.forked import Forked
from tests.support.house import (
    OMAR,
    Plan,
    back_up,
    environ_of,
    folder_storage,
    open_house,
    prove,
)
from tests.support.servers import Database

pytestmark = pytest.mark.faults

LEAVES_NOTHING = (Verdict.COULD_NOT_VERIFY, {"TEST_BROKE_OFF"})


@pytest.mark.parametrize("step", [Step.FETCHING, Step.PREPARING, Step.RESTORING, Step.CHECKING, Step.TIDYING])
def test_killed_at_each_step_it_is_ended_and_cleared_up(
    shop: Database,
    embedded: EmbeddedServers,
    ledger_url: str,
    tmp_path: Path,
    own_temporary_folder: Path,
    on_staging: Callable[[], list[str]],
    step: Step,
) -> None:
    plan = Plan(
        {"shop": shop.url},
        {"shop": STAGED},
        folder_storage(tmp_path / "store"),
        {"TEST_STAGING": embedded.staging_url},
    )
    with open_house(plan, ledger_url, tmp_path) as house:
        record = back_up(house, "shop")
        asked = house.restore_tests.request(OMAR)
        environ = {**os.environ, **environ_of(plan, ledger_url, tmp_path)}
        with Forked(restore_program.main, asked.test.id, step.name, environ=environ) as process:
            assert process.stdout.readline() == "reached\n"
            process.kill()
        left = on_staging()
        # TIDYING begins before anything is dropped; before PREPARING there is nothing to drop.
        assert bool(left) is (step not in (Step.FETCHING, Step.PREPARING))
        assert house.reaper.sweep() == 0  # the lease still runs: whoever holds it may be alive
        expire_leases(ledger_url)
        assert house.reaper.sweep() == 1
        message = house.restore_tests.message(asked.test.id)
        assert (message.test.verdict, rules_of(message)) == (Verdict.COULD_NOT_VERIFY, {"TEST_BROKE_OFF"})
        assert (on_staging(), message.test.scratch) == ([], None)
        assert [path for path in own_temporary_folder.rglob("*") if path.is_file()] == []
        assert house.backups.message(record.id).record.goodness == "stored"


def test_a_living_tests_folder_is_not_swept(own_temporary_folder: Path) -> None:
    with fetching.folder() as folder:
        (folder / "archive.dump").write_bytes(b"x")
        assert fetching.sweep() == 0
        assert (folder / "archive.dump").exists()
    assert list(own_temporary_folder.rglob("*.dump")) == []


def test_after_a_fail_the_scratch_database_is_kept_and_dropped_later(
    make_house: Callable[..., House], ledger_url: str, on_staging: Callable[[], list[str]]
) -> None:
    wrong = '[[databases.shop.checks]]\nname = "none"\nsql = "select count(*) from loads"\nexpect = "== 0"'
    house = make_house(extra=f'restore_test.keep_failed = "2h"\n{wrong}')
    back_up(house, "shop")
    message = prove(house)
    assert message.test.verdict is Verdict.FAIL, rules_of(message)
    assert message.test.scratch == f"sparewheel_test_{message.test.id}"
    house.reaper.sweep()
    assert message.test.scratch in on_staging()
    with psycopg.connect(ledger_url, autocommit=True) as connection:
        connection.execute("update sparewheel.restore_test set kept_until = now() - interval '1 second'")
    house.reaper.sweep()
    assert (on_staging(), house.restore_tests.message(message.test.id).test.scratch) == ([], None)


@pytest.mark.parametrize("where", SLEEPS)
def test_killed_in_the_middle_of_it(
    shop: Database,
    embedded: EmbeddedServers,
    ledger_url: str,
    tmp_path: Path,
    on_staging: Callable[[], list[str]],
    where: str,
) -> None:
    statements, toml = SLEEPS[where]
    run(shop, statements)
    plan = Plan(
        {"shop": shop.url},
        {"shop": f"{STAGED}\n{toml}"},
        folder_storage(tmp_path / "store"),
        {"TEST_STAGING": embedded.staging_url},
    )
    with open_house(plan, ledger_url, tmp_path) as house:
        back_up(house, "shop")
        asked = house.restore_tests.request(OMAR)
        environ = {**os.environ, **environ_of(plan, ledger_url, tmp_path)}
        with Forked(restore_program.main, asked.test.id, "NEVER", environ=environ) as process:
            try:
                wait_for(lambda: sleepers(embedded) == 1)
            finally:
                process.kill()
        if where == "in pg_restore":  # it ends with the worker, and takes its query along
            wait_for(lambda: sleepers(embedded) == 0)
        assert on_staging()
        expire_leases(ledger_url)
        assert house.reaper.sweep() == 1
        message = house.restore_tests.message(asked.test.id)
        assert (message.test.verdict, rules_of(message)) == LEAVES_NOTHING
        assert (on_staging(), sleepers(embedded)) == ([], 0)
