"""Runs that die, sleep through their lease or lose the ledger: what is stored is kept, the rest removed."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from bot.app import House
from bot.core.backup import BackupRecord, Kind, State
from bot.errors import LedgerUnavailableError, StorageError
from bot.services import archiving
from bot.services.measuring import Measuring
from bot.services.outcomes import Outcomes
from bot.storage.filesystem_upload import FolderUpload
from bot.storage.interface import StoredObject
from tests.support.aftermath import argument_lists
from tests.support.faults import (
    PowerCutError,
    archives,
    cut,
    execute,
    expire_leases,
    nothing_is_there,
    power_cut,
    running,
)
from tests.support.gates import Gate, gated_runner
from tests.support.house import OMAR, back_up

pytestmark = pytest.mark.faults


def test_a_run_that_died_mid_dump_is_failed_and_cleared_up(
    house: House, ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with power_cut(monkeypatch, "bot.services.archiving.Archiver._store"):
        back_up(house, "shop")
    assert not nothing_is_there(tmp_path / "store")
    expire_leases(ledger_url)
    assert house.reaper.sweep() == 1
    record = house.backups.recent(OMAR).records[0]
    assert (record.state, record.error_rule) == (State.FAILED, "run-stopped")
    assert nothing_is_there(tmp_path / "store")
    assert house.reaper.sweep() == 0


def test_a_run_that_died_after_its_manifest_is_kept(
    house: House, ledger_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with power_cut(monkeypatch, "bot.services.outcomes.Outcomes.stored"):
        back_up(house, "shop")
    expire_leases(ledger_url)
    assert house.reaper.sweep() == 1
    record = house.backups.recent(OMAR).records[0]
    assert record.state is State.STORED
    asked = house.backups.request_check(OMAR, record.id)
    assert house.checker.run(asked.check_id, lambda _: None).verdict == "PASS"


def test_a_run_whose_last_answer_was_lost_keeps_what_it_stored(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Outcomes._end_once
    lost: list[str] = []

    def lose_the_first_answer(self: Outcomes, ending: Any) -> bool:
        written = real(self, ending)
        if ending.action == "backup.stored" and not lost:
            lost.append(ending.subject)
            raise LedgerUnavailableError("the commit took effect, and nobody heard of it")
        return written

    monkeypatch.setattr(Outcomes, "_end_once", lose_the_first_answer)
    monkeypatch.setattr("bot.services.outcomes._PAUSE_SECONDS", 0.05)
    record = back_up(house, "shop")
    assert lost
    assert record.state is State.STORED
    assert archives(tmp_path / "store")


def test_a_run_that_slept_through_its_lease_keeps_what_the_reaper_kept(
    house: House, ledger_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Outcomes.stored

    def after_the_reaper(self: Outcomes, *args: Any) -> bool:
        monkeypatch.setattr(Outcomes, "stored", real)
        expire_leases(ledger_url)
        assert house.reaper.sweep() == 1
        return real(self, *args)

    monkeypatch.setattr(Outcomes, "stored", after_the_reaper)
    record = back_up(house, "shop")
    assert record.state is State.STORED
    asked = house.backups.request_check(OMAR, record.id)
    assert house.checker.run(asked.check_id, lambda _: None).verdict == "PASS"


def test_a_ledger_that_stays_away_at_the_end_leaves_all_to_the_reaper(
    house: House, ledger_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> bool:
        raise LedgerUnavailableError("away")

    with monkeypatch.context() as patch:
        patch.setattr("bot.services.outcomes.Outcomes._end_once", away)
        patch.setattr("bot.services.outcomes._PATIENCE_SECONDS", 0.0)
        assert back_up(house, "shop").state is State.RUNNING
    expire_leases(ledger_url)
    assert house.reaper.sweep() == 1
    assert house.backups.recent(OMAR).records[0].state is State.STORED


def test_a_dead_run_without_a_manifest_is_failed_though_storage_is_away_and_cleared_later(
    house: House, ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with power_cut(monkeypatch, "bot.services.archiving.Archiver._store"):
        back_up(house, "shop")
    expire_leases(ledger_url)
    (tmp_path / "store").rename(tmp_path / "elsewhere")
    assert house.reaper.sweep() == 1
    assert house.backups.recent(OMAR).records[0].state is State.FAILED
    (tmp_path / "elsewhere").rename(tmp_path / "store")
    assert not nothing_is_there(tmp_path / "store")
    execute(ledger_url, "update sparewheel.backup_log set finished_at = finished_at - interval '1 hour'")
    house.reaper.sweep()
    assert nothing_is_there(tmp_path / "store")


def test_a_cancelled_run_that_dies_in_its_upload_is_cleared_later(
    house: House, ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("bot.services.run_backup.BackupRunner._clear_up", cut)
        patch.setattr("bot.storage.filesystem_upload.FolderUpload.abort", lambda _: None)
        asked = house.backups.request(OMAR, kind=Kind.FULL, database="shop")
        gate = Gate()
        stopped: list[type[BaseException]] = []

        def run() -> None:
            try:
                gated_runner(house, gate).run(asked.record.id, lambda _: None)
            except PowerCutError:
                stopped.append(PowerCutError)

        thread = threading.Thread(target=run)
        thread.start()
        assert gate.reached.wait(60)
        house.backups.cancel(OMAR, asked.record.id)
        gate.opened.set()
        thread.join(60)
        assert stopped
    assert house.backups.message(asked.record.id).record.state is State.CANCELLED
    assert not nothing_is_there(tmp_path / "store")
    execute(ledger_url, "update sparewheel.backup_log set finished_at = finished_at - interval '1 hour'")
    house.reaper.sweep()
    assert nothing_is_there(tmp_path / "store")


def test_no_progress_is_drawn_once_the_end_is_written(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow redraw that outlives the run would cover the verdict, with a Cancel button for ever."""
    monkeypatch.setattr("bot.services.pulse._BEAT_SECONDS", 0.02)
    ended = threading.Event()
    late: list[State] = []
    real = Outcomes._end_once

    def note(self: Outcomes, ending: Any) -> bool:
        ended.set()
        return real(self, ending)

    def slow(record: BackupRecord) -> None:
        threading.Event().wait(0.5)
        if ended.is_set():
            late.append(record.state)

    monkeypatch.setattr(Outcomes, "_end_once", note)
    asked = house.backups.request(OMAR, kind=Kind.FULL, database="shop")
    assert house.runner.run(asked.record.id, slow).state is State.STORED
    assert not late


def test_a_fenced_out_run_removes_what_it_wrote(house: House, ledger_url: str, tmp_path: Path) -> None:
    with running(house) as (_, _, ended):
        expire_leases(ledger_url)
        house.reaper.sweep()
    assert ended[0].state is State.FAILED
    assert nothing_is_there(tmp_path / "store")


def fence_out(house: House, ledger_url: str) -> None:
    """The reaper ends the run that is under way, as when its process was away for too long."""
    expire_leases(ledger_url)
    assert house.reaper.sweep() == 1


@pytest.fixture
def _only_asked_when_it_matters(monkeypatch: pytest.MonkeyPatch) -> None:
    """No heartbeat comes by chance: what a run is not told when it asks, it does not hear."""
    monkeypatch.setattr("bot.services.pulse._BEAT_SECONDS", 60.0)


@pytest.mark.usefixtures("_only_asked_when_it_matters")
def test_a_run_that_lost_its_lease_begins_no_dump(
    house: House, ledger_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = archiving._start_measuring

    def late(*arguments: Any) -> Measuring:
        fence_out(house, ledger_url)
        return begin(*arguments)

    monkeypatch.setattr(archiving, "_start_measuring", late)
    with argument_lists() as started:
        record = back_up(house, "shop")
    assert (record.state, record.error_rule) == (State.FAILED, "run-stopped")
    assert [one for one in started if "--snapshot=" in one] == []


@pytest.mark.usefixtures("_only_asked_when_it_matters")
def test_a_run_that_lost_its_lease_completes_no_archive(
    house: House, ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_around, completed = archiving._around_the_dump, []

    def late(*arguments: Any) -> Any:
        fence_out(house, ledger_url)
        return look_around(*arguments)

    def complete(upload: FolderUpload) -> StoredObject:
        completed.append(upload)
        raise StorageError("It must not come to this.")

    monkeypatch.setattr(archiving, "_around_the_dump", late)
    monkeypatch.setattr(FolderUpload, "complete", complete)
    assert back_up(house, "shop").error_rule == "run-stopped"
    assert completed == []
    assert nothing_is_there(tmp_path / "store")


@pytest.mark.usefixtures("_only_asked_when_it_matters")
def test_a_run_that_lost_its_lease_writes_no_manifest(
    house: House, ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    complete, written = FolderUpload.complete, []

    def late(self: FolderUpload) -> StoredObject:
        stored = complete(self)
        fence_out(house, ledger_url)
        return stored

    monkeypatch.setattr(FolderUpload, "complete", late)
    monkeypatch.setattr(type(house.store), "put", lambda _, key, __: written.append(key))
    assert back_up(house, "shop").error_rule == "run-stopped"
    assert written == []
    assert nothing_is_there(tmp_path / "store")
