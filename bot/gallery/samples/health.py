"""Samples of the health report and of Home tabs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.core.backup import BackupRecord, Kind
from bot.core.coverage import Coverage, Gap, months_before
from bot.core.health import Loss
from bot.core.people import Role
from bot.gallery.samples.alerts import HOUSE, OPEN
from bot.gallery.samples.approvals import ASKED
from bot.gallery.samples.approvals import WORST as WORST_ASKED
from bot.gallery.samples.records import DAMAGED, FAILED, GONE, RUNNING, STORED, worst
from bot.gallery.samples.values import EVIL, LONG, NOW, actor
from bot.services.health_views import Chart, Facts, Kept, KindCoverage, Measured, NextRun
from bot.services.report_views import HealthReport, HomeView, Part
from bot.services.views import DatabaseStatus, KindStatus, Recovery, StatusView

_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_SINCE = months_before(NOW)
_GAPS = (
    Gap(NOW - 120 * _DAY, NOW - 118 * _DAY, 3),
    Gap(NOW - 20 * _DAY, NOW - 20 * _DAY, 1),
)


def _taken(kind: Kind, age: timedelta, **more: Any) -> BackupRecord:
    return replace(STORED, kind=kind, snapshot_at=NOW - age, **more)


_FACTS = Facts(
    measured=Measured(30, Loss(25 * _HOUR, NOW - 9 * _DAY, 0), timedelta(seconds=192), 4),
    kept=Kept(236, 9_870_000_000, 1_640_000_000),
    next_runs=(
        NextRun("weekly", "full", NOW + 6 * _DAY),
        NextRun("daily", "critical", NOW + 6 * _HOUR),
        NextRun("monthly-test", "restore-test", NOW + 15 * _DAY, paused=True),
    ),
    coverage=(
        KindCoverage(Kind.FULL, Coverage(_SINCE, 26, 26), "America/New_York"),
        KindCoverage(
            Kind.CRITICAL,
            Coverage(_SINCE + 9 * _DAY, 175, 171, _GAPS),
            "America/New_York",
            known_since=_SINCE + 9 * _DAY,
            by_full=26,
        ),
    ),
)
_WELL = DatabaseStatus(
    database="cruzonic",
    rpo=26 * _HOUR,
    kinds=(
        KindStatus(
            Kind.FULL, _taken(Kind.FULL, _DAY, tested=True, test_result="PASS", id="f1f2f3f4"), 8 * _DAY
        ),
        KindStatus(Kind.CRITICAL, _taken(Kind.CRITICAL, 5 * _HOUR), 48 * _HOUR),
    ),
    running=(),
    last_failure=None,
    rto=4 * _HOUR,
    proved_at=NOW - 3 * _DAY,
    recovery=Recovery(timedelta(minutes=3), 4),
    facts=_FACTS,
)
_NEVER = replace(
    _WELL,
    database="fleetnest",
    kinds=(KindStatus(Kind.FULL, None, _DAY),),
    proved_at=None,
    recovery=None,
    facts=Facts(
        Measured(30, None),
        Kept(0, 0, 0),
        coverage=(KindCoverage(Kind.FULL, Coverage(NOW - _DAY, 0, 0), "UTC", known_since=NOW - _DAY),),
    ),
)
_LATE = replace(
    OPEN,
    database="fleetnest",
    sentence="`fleetnest`: the newest critical backup is 1 d 3 h old; it may be 2 h old.",
)
_BAD = replace(
    _WELL,
    database="fleetnest",
    kinds=(
        KindStatus(Kind.FULL, _taken(Kind.FULL, 3 * _DAY), _DAY),
        KindStatus(Kind.CRITICAL, _taken(Kind.CRITICAL, 27 * _HOUR), 2 * _HOUR),
    ),
    running=(RUNNING,),
    last_failure=FAILED,
    recovery=Recovery(5 * _HOUR, 1),
    facts=replace(
        _FACTS,
        measured=Measured(30, Loss(51 * _HOUR, NOW - 2 * _DAY, 3), 5 * _HOUR, 1),
        coverage=(
            KindCoverage(
                Kind.CRITICAL,
                Coverage(
                    _SINCE,
                    4416,
                    4400,
                    tuple(
                        Gap(NOW - n * 9 * _DAY, NOW - n * 9 * _DAY + n % 2 * 5 * _HOUR, 1 + n % 2 * 5)
                        for n in range(9, 0, -1)
                    ),
                ),
                "America/New_York",
            ),
        ),
        alerts=(_LATE,),
    ),
)
_WORST = replace(
    _BAD,
    database="d" * 40,
    kinds=(KindStatus(Kind.FULL, worst(STORED), _HOUR), KindStatus(Kind.CRITICAL, None, _HOUR)),
    running=(worst(RUNNING),) * 3,
    last_failure=worst(FAILED),
    doubted=(worst(replace(GONE, gone_why=EVIL + LONG)),) * 20,
    facts=replace(
        _BAD.facts or _FACTS,
        alerts=(replace(OPEN, database="d" * 40, sentence=EVIL + LONG, acknowledged_user=EVIL),) * 20,
        next_runs=(NextRun("n" * 40, "restore-test", NOW),) * 30,
    ),
)
_REPORT = HealthReport((_WELL, replace(_WELL, database="fleetnest")), NOW)
_TROUBLE = HealthReport((_BAD, _WELL), NOW, alerts=(HOUSE,), pending=(ASKED,), removed=("oldfleet",))
_UNSEEN = replace(
    _REPORT,
    not_seen=(
        "The storage could not be looked at, so this is what the ledger says: The store does not answer.",
    ),
)
_LOST_ONE = replace(
    _WELL,
    doubted=(GONE, DAMAGED),
    facts=replace(_FACTS, kept=Kept(234, 9_780_000_000, 1_550_000_000, 2)),
)
_LOST = HealthReport((_LOST_ONE,), NOW)
_WORST_REPORT = HealthReport(
    (_WORST,) * 60,
    NOW,
    alerts=_WORST.facts.alerts if _WORST.facts else (),
    pending=(WORST_ASKED,) * 20,
    removed=("r" * 40,) * 60,
    not_seen=(EVIL + LONG,) * 20,
)

VIEWS: dict[str, object] = {
    "report": replace(_REPORT, part=Part.SUMMARY),
    "report's details": replace(_REPORT, part=Part.DETAILS),
    "report with trouble": replace(_TROUBLE, part=Part.SUMMARY),
    "report's details with trouble": replace(_TROUBLE, part=Part.DETAILS),
    "report without the storage": replace(_UNSEEN, part=Part.SUMMARY),
    "report of a lost archive": replace(_LOST, part=Part.SUMMARY),
    "status of a lost archive": StatusView((_LOST_ONE,), NOW),
    "report before the first backup": HealthReport((_NEVER,), NOW),
    "report of no database": HealthReport((), NOW),
    "report for one who asks": HealthReport((_WELL,), NOW, asked_for="cruzonic"),
    "status with figures": StatusView((_BAD, _WELL), NOW),
    "worst report of health": replace(_WORST_REPORT, part=Part.SUMMARY),
    "worst details of health": replace(_WORST_REPORT, part=Part.DETAILS),
    "worst whole report of health": _WORST_REPORT,
    "worst status with figures": StatusView((_WORST,) * 60, NOW),
}

# Sixty days: one database backed up weekly, one daily, with a day that was missed.
_MISSED = 41
CHARTS = (
    Chart(
        "cruzonic",
        [None if n % 7 else 44_000_000 + n * 90_000 for n in range(60)],
        [None if n % 7 else 62.0 + n % 5 * 4 for n in range(60)],
        [90_000.0 + n % 6 * 900 for n in range(60)],
        26 * 3600.0,
    ),
    Chart(
        "fleetnest",
        [None if n == _MISSED else 21_000_000 + n * 310_000 for n in range(60)],
        [None if n == _MISSED else 31.0 + n % 9 * 2 for n in range(60)],
        [176_000.0 if n == _MISSED + 1 else 88_000.0 + n % 4 * 700 for n in range(60)],
        26 * 3600.0,
    ),
)
_BOTH = (_BAD, _WELL)
HOMES: dict[str, object] = {
    "home of a stranger": HomeView(actor(), NOW),
    "home of a viewer": HomeView(actor(Role.VIEWER), NOW, _BOTH, (), (_LATE,)),
    "home of an operator": HomeView(actor(Role.OPERATOR), NOW, _BOTH, (), (_LATE,)),
    "home of an approver": HomeView(actor(Role.APPROVER), NOW, (_WELL,), (ASKED,), ()),
    "home of an administrator": HomeView(actor(Role.ADMINISTRATOR), NOW, (_WELL, _NEVER)),
    "home without databases": HomeView(actor(Role.VIEWER), NOW),
    "worst home": HomeView(
        actor(*Role),
        NOW,
        (_WORST,) * 60,
        (WORST_ASKED,) * 60,
        tuple(_WORST.facts.alerts if _WORST.facts else ()) * 3,
    ),
}
