from __future__ import annotations

import json
from pathlib import Path

import psutil
import pytest

from bot.supervisor import attach


def test_another_terminal_reads_what_was_left(tmp_path: Path) -> None:
    attach.write(tmp_path, {"SPAREWHEEL_DATABASE_URL": "postgresql://u:p@h/d"})
    assert attach.read(tmp_path) == {"SPAREWHEEL_DATABASE_URL": "postgresql://u:p@h/d"}
    assert (tmp_path / "environment.json").stat().st_mode & 0o777 == 0o600


def test_nothing_is_read_where_nobody_runs(tmp_path: Path) -> None:
    assert attach.read(tmp_path) == {}
    attach.write(tmp_path, {"X": "y"})
    attach.remove(tmp_path)
    attach.remove(tmp_path)
    assert attach.read(tmp_path) == {}


def test_what_a_dead_supervisor_left_counts_for_nothing(tmp_path: Path) -> None:
    free = max(psutil.pids()) + 100_000
    (tmp_path / "environment.json").write_text(json.dumps({"pid": free, "variables": {"X": "y"}}))
    assert attach.read(tmp_path) == {}


def test_a_damaged_file_counts_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "environment.json").write_text("{")
    assert attach.read(tmp_path) == {}


def test_what_was_given_is_left_too_but_never_slacks_tokens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = attach.given(
        {
            "SPAREWHEEL_CONFIG": "sparewheel.toml",
            "SPAREWHEEL_DATABASE_URL": "postgresql://u:p@h/d",
            "SLACK_BOT_TOKEN": "xoxb-1",
            "SLACK_APP_TOKEN": "xapp-1",
            "SLACK_SIGNING_SECRET": "s",
            "FLEET_URL": "postgresql://u:p@h/fleet",
        }
    )
    assert found == {
        "SPAREWHEEL_CONFIG": str(tmp_path / "sparewheel.toml"),
        "SPAREWHEEL_DATABASE_URL": "postgresql://u:p@h/d",
    }
    assert attach.given({"SPAREWHEEL_CONFIG": ""}) == {}
