"""What a terminal shows of backups that do not count, and of full ones in a smaller one's place."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.cli import text
from bot.core.backup import Kind
from bot.gallery.samples import NOW, STORED, VIEWS
from bot.gallery.samples.records import DAMAGED, GONE
from bot.services.views import BackupList, DatabaseStatus, KindStatus, StatusView


def test_one_that_is_gone_is_marked_in_the_list_and_in_its_details() -> None:
    rows = text.backup_list(BackupList([GONE, DAMAGED], 2, None, None, NOW)).splitlines()
    assert [row.split()[6] for row in rows] == ["gone", "damaged"]
    said = text.verdict(GONE)
    assert "is gone." in said
    assert "It does not count as a backup. Somebody deleted its archive" in said
    assert "A look at the storage saw it at" in said


def test_a_status_names_what_does_not_count_and_what_is_known_since() -> None:
    view = VIEWS["status of a lost archive"]
    assert isinstance(view, StatusView)
    said = text.status(view)
    assert "GONE      g0g1g2g3  full: Somebody deleted its archive" in said
    assert "DAMAGED   d0d1d2d3  full: The archive's bytes" in said
    assert "2 others gone or damaged, not counted" in said
    assert "critical: 171 of 175, 26 of them in a full backup; missing" in said
    assert said.count("the schedule is known since 2026-05-30") == 1


def test_a_full_backup_in_a_late_ones_place_is_said() -> None:
    late = KindStatus(Kind.CRITICAL, None, timedelta(hours=26), covered_by=replace(STORED, id="f0f1f2f3"))
    shown = text.status(StatusView([DatabaseStatus("shop", None, [late], (), None)], NOW))
    assert "none yet  STALE; full backup f0f1f2f3 holds it" in shown
