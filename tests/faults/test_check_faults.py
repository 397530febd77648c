"""What is wrong with a stored backup when it is checked, and what cannot be seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.app import House
from tests.support.faults import archives
from tests.support.house import OMAR, back_up

pytestmark = pytest.mark.faults


@pytest.mark.parametrize("damage", ["flip", "cut", "remove", "manifest"])
def test_a_check_finds_damage(house: House, tmp_path: Path, damage: str) -> None:
    record = back_up(house, "shop")
    archive = archives(tmp_path / "store")[0]
    data = archive.read_bytes()
    if damage == "flip":
        archive.write_bytes(data[:-1000] + bytes([data[-1000] ^ 1]) + data[-999:])
    elif damage == "cut":
        archive.write_bytes(data[: len(data) // 2])
    elif damage == "remove":
        archive.unlink()
    else:
        next((tmp_path / "store").rglob("*.json")).unlink()
    asked = house.backups.request_check(OMAR, record.id)
    done = house.checker.run(asked.check_id, lambda _: None)
    assert done.verdict == "FAIL"
    assert done.findings
    goodness = "gone" if damage in ("remove", "manifest") else "damaged"
    assert house.backups.message(record.id).record.goodness == goodness


def test_a_check_finds_a_manifest_that_was_edited(house: House, tmp_path: Path) -> None:
    record = back_up(house, "shop")
    manifest = next((tmp_path / "store").rglob("*.json"))
    manifest.write_bytes(
        manifest.read_bytes().replace(
            b'"omitted": []', b'"omitted": [{"what": "schema", "name": "public", "reason": "not wanted"}]'
        )
    )
    asked = house.backups.request_check(OMAR, record.id)
    done = house.checker.run(asked.check_id, lambda _: None)
    assert (done.verdict, done.findings) == (
        "FAIL",
        ("The manifest in storage and the ledger disagree on: what was left out.",),
    )


def test_storage_that_is_away_is_no_pass_and_no_fail(house: House, tmp_path: Path) -> None:
    record = back_up(house, "shop")
    asked = house.backups.request_check(OMAR, record.id)
    (tmp_path / "store").rename(tmp_path / "elsewhere")
    done = house.checker.run(asked.check_id, lambda _: None)
    assert done.verdict == "COULD NOT VERIFY"
    assert done.findings
