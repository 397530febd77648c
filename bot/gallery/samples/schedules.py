"""Samples of schedules, their pauses, and due times that nothing came of."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.core.schedules import CatchUp, Schedule
from bot.gallery.samples.records import RECORD, STORED
from bot.gallery.samples.values import EVIL, LONG, NOW
from bot.ledger.schedules import FireRecord, FireState, LastRun, PauseRecord
from bot.services.schedule_views import NothingBegan, PauseMessage, ScheduleList, ScheduleStanding
from bot.services.views import BackupMessage

_HOUR = timedelta(hours=1)
WEEKLY = Schedule(
    "cruzonic/weekly", "full", "0 2 * * sun", "America/New_York", CatchUp.NEWEST, then="restore-test"
)
DAILY = Schedule("cruzonic/daily", "critical", "0 3 * * *", "America/New_York")
TEST = Schedule("cruzonic/monthly-test", "restore-test", "first monday 09:00", "America/New_York")
REPORT = Schedule("house/report", "report", "0 8 * * *", "UTC")
FIRE = FireRecord("cruzonic/daily", NOW - 5 * _HOUR, "critical", NOW - 5 * _HOUR, 0, FireState.BEGUN, "done")
PAUSE = PauseRecord(
    id="p1p2p3p4",
    schedule="cruzonic/daily",
    reason="the server moves to another rack",
    team="T0SANDBOX",
    paused_user="U0OMAR",
    source="slack",
    channel="C0OPS",
    paused_at=NOW - 6 * _HOUR,
    ends_at=NOW + 42 * _HOUR,
    reminders=0,
    ended_at=None,
    ended_user=None,
    ended_source=None,
)
_RUN = LastRun(
    "cruzonic/weekly", "backup", "a1b2c3d4", "stored", NOW - 50 * _HOUR, NOW - 50 * _HOUR, NOW - 49 * _HOUR
)
_LINES = (
    ScheduleStanding(WEEKLY, NOW + 30 * _HOUR, run=_RUN),
    ScheduleStanding(DAILY, NOW + 19 * _HOUR, FIRE, pause=PAUSE),
    ScheduleStanding(TEST, NOW + 300 * _HOUR, replace(FIRE, state=FireState.MISSED, outcome=None)),
    ScheduleStanding(REPORT, NOW + 20 * _HOUR, FIRE, seen=False),
)
_FAILED = replace(FIRE, state=FireState.FAILED, outcome="There is no stored full backup of cruzonic yet.")
_WORST_PAUSE = replace(PAUSE, reason=(EVIL + LONG)[:500], schedule=f"{'a' * 40}/{'b' * 40}")
_WORST_LINE = ScheduleStanding(
    replace(WEEKLY, key=f"{'a' * 40}/{'b' * 40}", cron="0,1,2,3,4,5,6,7,8,9 0-23/2 1,15,28 jan-dec *"),
    NOW + _HOUR,
    replace(_FAILED, outcome=EVIL + LONG),
    _RUN,
    _WORST_PAUSE,
    seen=False,
)
_DUE: dict[str, Any] = {"schedule": "cruzonic/daily", "due_at": NOW - 5 * _HOUR, "source": "schedule"}

VIEWS: dict[str, object] = {
    "schedules": ScheduleList(_LINES, None, NOW),
    "schedules none": ScheduleList((), "cruzonic", NOW),
    "schedules many": ScheduleList([_WORST_LINE] * 120, None, NOW),
    "schedule paused": PauseMessage(PAUSE, NOW + 43 * _HOUR, NOW),
    "schedule still paused": PauseMessage(PAUSE, NOW + 43 * _HOUR, NOW, reminder=True),
    "schedule resumed": PauseMessage(
        replace(PAUSE, ended_at=NOW, ended_user="U0OLGA", ended_source="slack"), NOW + 19 * _HOUR, NOW
    ),
    "schedule pause over": PauseMessage(
        replace(PAUSE, ended_at=NOW, ended_user="clock", ended_source="schedule"), None, NOW
    ),
    "worst schedule paused": PauseMessage(_WORST_PAUSE, NOW, NOW),
    "schedule refused": NothingBegan("cruzonic/monthly-test", NOW - _HOUR, _FAILED, NOW + 300 * _HOUR),
    "schedule missed": NothingBegan(
        "cruzonic/daily", NOW - _HOUR, replace(FIRE, state=FireState.MISSED, missed=4), NOW + 19 * _HOUR
    ),
    "worst schedule refused": NothingBegan(
        f"{'a' * 40}/{'b' * 40}", NOW, replace(_FAILED, outcome=EVIL + LONG), None
    ),
    "backup caught up": BackupMessage(
        replace(
            STORED,
            **_DUE,
            requested_user="cruzonic/daily",
            late_because="the clock was down, and 4 earlier runs were left out",
        ),
        now=NOW,
    ),
    "backup by schedule": BackupMessage(replace(RECORD, **_DUE, requested_user="cruzonic/daily"), now=NOW),
}
