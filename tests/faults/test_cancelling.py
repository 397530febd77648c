"""Somebody says stop, or two people ask at once: one run, one end, and nothing left over."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path

import psycopg
import pytest

from bot.app import House
from bot.core.backup import BackupRecord, Kind, State
from tests.support.faults import nothing_is_there, running, waits_for_a_lock
from tests.support.gates import Gate, gated_runner
from tests.support.house import OLGA, OMAR
from tests.support.servers import Database

pytestmark = pytest.mark.faults


def test_a_cancel_ends_the_run_and_leaves_nothing(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.services.pulse._SETTLE_SECONDS", 0.1)
    with running(house) as (_, record, ended):
        assert house.backups.cancel(OMAR, record.id).was_queued is False
        # The pulse reports the end even while the run sits in a write that does not return.
        waited = threading.Event()
        for _ in range(600):
            if house.backups.message(record.id).record.state is State.CANCELLED:
                break
            waited.wait(0.05)
        assert house.backups.message(record.id).record.state is State.CANCELLED
    assert ended[0].state is State.CANCELLED
    assert ended[0].cancel_requested_by == OMAR.user
    assert nothing_is_there(tmp_path / "store")


def test_a_waiting_backup_is_cancelled_at_once(house: House) -> None:
    asked = house.backups.request(OMAR, kind=Kind.FULL, database="shop")
    view = house.backups.cancel(OMAR, asked.record.id)
    assert (view.was_queued, view.record.state) == (True, State.CANCELLED)
    assert house.runner.run(asked.record.id, lambda _: None).state is State.CANCELLED


def test_a_cancel_reaches_a_run_that_waits_for_a_lock(
    some_rows: Database, make_house: Callable[..., House]
) -> None:
    house = make_house(some_rows.url, 'lock_timeout = "120s"')
    with psycopg.connect(some_rows.url) as migration:
        migration.execute("lock table public.wide in access exclusive mode")
        asked = house.backups.request(OMAR, kind=Kind.FULL, database="shop")
        ended: list[BackupRecord] = []
        thread = threading.Thread(
            target=lambda: ended.append(house.runner.run(asked.record.id, lambda _: None))
        )
        thread.start()
        pause = threading.Event()
        while not waits_for_a_lock(some_rows):
            pause.wait(0.05)
        house.backups.cancel(OMAR, asked.record.id)
        thread.join(60)
        assert not thread.is_alive()
    assert ended[0].state is State.CANCELLED


def test_two_people_ask_at_the_same_moment(house: House) -> None:
    with running(house) as (_, first, ended):
        second = house.backups.request(OLGA, kind=Kind.FULL, database="shop")
        assert second.ahead == 1
        untouched = house.runner.run(second.record.id, lambda _: None)
        assert untouched.state is State.QUEUED
    assert ended[0].state is State.STORED
    after = house.runner.run(second.record.id, lambda _: None)
    assert after.state is State.STORED
    assert {first.id, after.id} == {r.id for r in house.backups.recent(OMAR).records}


def test_of_two_runs_that_begin_at_the_same_moment_one_waits(house: House) -> None:
    gate = Gate()
    runner = gated_runner(house, gate)
    asked = [house.backups.request(who, kind=Kind.FULL, database="shop").record.id for who in (OMAR, OLGA)]
    with ThreadPoolExecutor(2) as threads:
        runs = [threads.submit(runner.run, backup_id, lambda _: None) for backup_id in asked]
        try:
            over, _ = wait(runs, timeout=60, return_when=FIRST_COMPLETED)
            assert [run.result().state for run in over] == [State.QUEUED]
        finally:
            gate.opened.set()
        assert {run.result().state for run in runs} == {State.QUEUED, State.STORED}
