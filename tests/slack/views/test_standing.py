"""What a status, a check and a run under way say of what is not there, not proved, or not expected."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.cli import follow, schedule_text, text
from bot.core.backup import Doubt, Kind
from bot.core.restore_test import RestoreTestMessage, Step
from bot.gallery.samples import NOW, RUNNING, STORED, VIEWS
from bot.gallery.samples import WORST_AROUND as AROUND
from bot.gallery.samples.records import GONE
from bot.gallery.samples.schedules import DAILY, PAUSE
from bot.services.health_views import Facts, Kept, Measured, NextRun
from bot.services.report_views import HealthReport, Part
from bot.services.schedule_views import PauseMessage, ScheduleList, ScheduleStanding
from bot.services.views import BackupMessage, DatabaseStatus, KindStatus, StatusView
from bot.slack.blocks import Rendered
from bot.slack.views import render
from bot.slack.views.lists import headline, problems

DAY = timedelta(days=1)
WELL = DatabaseStatus(
    "shop", None, (KindStatus(Kind.FULL, replace(STORED, snapshot_at=NOW), None),), (), None
)
LOST = replace(WELL, kinds=(KindStatus(Kind.FULL, None, None),), doubted=(GONE,), lost_proof=Doubt.GONE)


def said(view: object) -> str:
    return render(view, AROUND).text


def pressed(rendered: Rendered) -> list[tuple[str, str]]:
    elements: list[Any] = [e for b in rendered.blocks if b["type"] == "actions" for e in b["elements"]]
    return [(one["text"]["text"], one["value"]) for one in elements]


def test_what_was_lost_is_not_said_to_be_still_to_come() -> None:
    view = StatusView([LOST], NOW)
    assert "`shop`: no backup left" in said(view)
    assert "*Full:* none left" in said(view)
    assert "the proved one is gone; how long" in said(view)
    assert "full      none left" in text.status(view)
    assert "the proved one is gone; how long" in text.status(view)
    assert "  no backup left" in text.status(StatusView([replace(LOST, kinds=())], NOW))
    for part in Part:
        report = said(HealthReport([LOST], NOW, part=part))
        assert "no backup left" in report or part is Part.WHOLE
        assert "the proved one is gone" in report
        assert "yet" not in report
        assert "never" not in report


def test_what_never_was_is_still_to_come() -> None:
    view = StatusView([replace(LOST, doubted=(), lost_proof=None)], NOW)
    for shown in (said(view), text.status(view)):
        assert "left" not in shown
        assert "none yet" in shown
        assert "never proved" in shown
    definitions = replace(LOST, doubted=(replace(GONE, kind=Kind.SCHEMA),))
    assert headline(definitions, NOW) == "no backup yet"


@pytest.mark.parametrize(
    ("lost", "words"), [(0, "nothing was stored before"), (1, "nothing good is left from before")]
)
def test_figures_know_what_was_stored_and_is_lost(lost: int, words: str) -> None:
    shown = VIEWS["status with figures"]
    assert isinstance(shown, StatusView)
    facts = shown.databases[1].facts
    assert facts is not None
    began = replace(facts.measured, begins=NOW - 3 * DAY)
    status = replace(WELL, facts=replace(facts, measured=began, kept=Kept(1, 1, 1, lost)))
    nothing = replace(status, facts=Facts(Measured(30, None), Kept(0, 0, 0, lost)))
    for show in (said, text.status):
        assert f"; {words} " in show(StatusView([status], NOW))  # type: ignore[operator] # both take it
        assert ("nothing was stored" in show(StatusView([nothing], NOW))) is not lost  # type: ignore[operator]


def test_whatever_needs_a_look_says_why() -> None:
    runs = (NextRun("c", "critical", NOW + DAY, paused=True), NextRun("d", "critical", NOW + 2 * DAY))
    fresh = replace(
        WELL,
        kinds=(*WELL.kinds, KindStatus(Kind.CRITICAL, None, None)),
        facts=Facts(Measured(30, None), Kept(0, 0, 0), runs),
    )
    assert headline(fresh, NOW) == "needs a look"
    (why,) = problems(fresh, NOW)
    assert why.startswith(f"*Critical:* none yet, due <!date^{int((NOW + 2 * DAY).timestamp())}^")
    (why,) = problems(replace(fresh, facts=None), NOW)
    assert why == "*Critical:* none yet"
    late = replace(fresh, kinds=(*WELL.kinds, KindStatus(Kind.CRITICAL, None, DAY)))
    assert [one.partition(":")[0] for one in problems(late, NOW)] == ["*Late"]


def test_in_order_does_not_hide_that_nothing_was_proved() -> None:
    assert headline(WELL, NOW) == "all in order"
    assert headline(replace(WELL, provable=True), NOW) == "in order, not proved yet"
    assert headline(replace(WELL, provable=True, proved_at=NOW), NOW) == "all in order"
    damaged = replace(WELL, provable=True, lost_proof=Doubt.DAMAGED)
    assert headline(damaged, NOW) == "in order, but the proved one is damaged"


def test_a_pause_in_which_nothing_is_due_says_so() -> None:
    view = PauseMessage(PAUSE, NOW + 5 * DAY, NOW, idle=True)
    assert "It was not due before then anyway.\nIt next begins <!date" in said(view)
    assert "It was not due before then anyway; it next begins 20" in schedule_text.schedules(view)
    for other in (replace(view, idle=False), replace(view, pause=replace(PAUSE, ended_at=NOW))):
        assert "anyway" not in said(other) + schedule_text.schedules(other)
        assert "Next: <!date" in said(other)


def test_a_paused_schedule_shows_when_it_goes_on() -> None:
    view = ScheduleList([ScheduleStanding(DAILY, NOW + 5 * DAY, pause=PAUSE)], None, NOW)
    assert f"Next: <!date^{int((NOW + 5 * DAY).timestamp())}^" in said(view)
    assert f"  next  {NOW + 5 * DAY:%Y-%m-%d}" in schedule_text.schedules(view)


def test_only_a_failed_check_offers_a_new_backup() -> None:
    assert pressed(render(VIEWS["check failed"], AROUND)) == [
        ("Back up now", STORED.database),
        ("Details", STORED.id),
    ]
    assert [title for title, _ in pressed(render(VIEWS["check passed"], AROUND))] == ["Details"]


def test_more_than_expected_is_never_part_of_it() -> None:
    running = VIEWS["restore test running"]
    assert isinstance(running, RestoreTestMessage)
    test = replace(running.test, step=Step.RESTORING, done=36_200_000, expected=30_700_000)
    over = replace(running, test=test)
    under = replace(running, test=replace(test, done=30_700_000))
    assert "36.2 MB on staging, more than expected\n" in said(over)
    assert follow.of_restore_test(over).note == "36.2 MB, more than expected"
    assert "30.7 MB of about 30.7 MB on staging\n" in said(under)
    assert follow.of_restore_test(under).note == "30.7 MB of about 30.7 MB"


@pytest.mark.parametrize(
    ("expected", "words", "note"),
    [
        (0, "12 rows counted", "12 rows"),
        (10, "12 rows counted, more than expected", "12 rows, more than expected"),
        (12, "12 of about 12 rows counted", "12 of about 12 rows"),
    ],
)
def test_rows_are_estimates_too(expected: int, words: str, note: str) -> None:
    record = replace(RUNNING, rows_done=12, rows_expected=expected)
    assert f"\n{words}\n" in said(BackupMessage(record, 0, NOW))
    assert follow.of_backup(record).note.startswith(f"{note}, ")
