"""The picture: drawn by a process of its own that gets no secrets, and told in words."""

from __future__ import annotations

import stat
import struct
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.gallery.samples.health import CHARTS
from bot.services import drawing, picture
from bot.services.health_views import Chart

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
PNG = b"\x89PNG\r\n\x1a\n"


def program(tmp_path: Path, body: str) -> str:
    """A program that stands where Python would."""
    path = tmp_path / "python"
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_it_is_a_picture_of_twice_a_phones_width_with_words_beside_it() -> None:
    drawn = picture.picture(CHARTS, NOW)
    assert drawn is not None
    assert isinstance(drawn.content, bytes)
    assert drawn.content.startswith(PNG)
    assert struct.unpack(">I", drawn.content[16:20]) == (720,)
    assert "cruzonic: 44.0 MB at first, 49.0 MB at last; took 1 min 02 s to 1 min 18 s" in drawn.alt_text
    assert "fleetnest: " in drawn.alt_text
    assert "the newest data got 2 d old, allowed are 1 d 2 h" in drawn.alt_text


def test_names_that_a_drawing_library_could_stumble_over_are_drawn() -> None:
    strange = Chart("$x_{" * 20 + "\u202e<!channel>\n漢字", [5] * 60, [0.0] * 60, [1.0] * 60)
    empty = Chart("nothing yet", [None] * 60, [None] * 60, [None] * 60)
    drawn = picture.picture([strange, empty, *CHARTS], NOW)
    assert drawn is not None
    assert "nothing yet: no backup in this time." in drawn.alt_text


def test_a_single_backup_stands_among_all_the_days() -> None:
    once = Chart("shop", [*[None] * 59, 5], [*[None] * 59, 1.0], [*[None] * 59, 60.0])
    figure = drawing.figure_of({"begins": "2026-09-24", "charts": [vars(once)]})
    first, last = figure.axes[-1].get_xlim()
    assert last - first == 61


def test_without_any_backup_there_is_no_picture() -> None:
    assert picture.picture([], NOW) is None
    assert picture.picture([Chart("shop", [None] * 60, [None] * 60, [None] * 60)], NOW) is None


def test_the_drawing_process_gets_no_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPAREWHEEL_DATABASE_URL", "postgresql://sparewheel:s3cret@127.0.0.1/ledger")
    monkeypatch.setattr(picture.sys, "executable", program(tmp_path, "cat >/dev/null; env; echo $@"))
    drawn = picture.picture(CHARTS, NOW)
    assert drawn is not None
    assert isinstance(drawn.content, bytes)
    assert b"MPLCONFIGDIR=" in drawn.content
    assert b"s3cret" not in drawn.content


def test_a_drawing_that_fails_is_no_picture_and_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture.sys, "executable", program(tmp_path, "exit 1"))
    assert picture.picture(CHARTS, NOW) is None
    monkeypatch.setattr(picture.sys, "executable", str(tmp_path / "none"))
    assert picture.picture(CHARTS, NOW) is None
