"""Alerts through their life, ordinary and extreme."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.core.alerts import Alert, AlertEvent, Resolution, Severity, State, What
from bot.core.people import Role
from bot.gallery.samples.values import EVIL, NOW, actor
from bot.services.alert_views import (
    AlertDetails,
    AlertHelp,
    AlertLine,
    AlertList,
    AlertMessage,
    AlertTaken,
)

_HOUR = timedelta(hours=1)
OPEN = Alert(
    id="a7k2m9x4",
    key="stale:cruzonic/daily",
    rule="stale",
    severity=Severity.CRITICAL,
    database="cruzonic",
    sentence="`cruzonic`: the newest critical backup is of 2026-02-27 03:00 UTC; it may be 2 d old. "
    "No clock was at work from 2026-02-28 02:10 UTC to 2026-03-01 06:40 UTC.",
    next_step="Type `/backup now critical cruzonic`, then look why the schedule `daily` brought nothing.",
    state=State.OPEN,
    seq=1,
    seen_at=NOW - 3 * _HOUR,
    opened_at=NOW - 3 * _HOUR,
    raised_at=NOW - 3 * _HOUR,
    told_at=NOW - 3 * _HOUR,
    level=1,
)
_FAILED = replace(
    OPEN,
    id="f8k2m9x4",
    key="failed:cruzonic",
    rule="failed",
    sentence="The full backup `a1b2c3d4` of `cruzonic` failed at 2026-11-22 01:12 UTC: Somebody else held "
    "the table `public.drivers` for longer than 30 s.",
    next_step="Wait for the migration to end, then type `/backup now full cruzonic`.",
)
_WARNING = replace(
    OPEN,
    id="b2c3d4e5",
    key="no-tier:fleetnest",
    rule="no-tier",
    severity=Severity.WARNING,
    database="fleetnest",
    sentence="`fleetnest` has 2 tables in no tier: `public.invoices`, `public.tolls`.",
    next_step="Put each under critical, important or supporting in the configuration.",
    level=0,
)
_TAKEN = replace(
    OPEN,
    state=State.ACKNOWLEDGED,
    seq=3,
    acknowledged_at=NOW - _HOUR,
    acknowledged_user="U0OMAR",
    acknowledged_source="slack",
)
_OVER = replace(_TAKEN, state=State.RESOLVED, seq=4, resolved_at=NOW, resolution=Resolution.GONE)
_REMOVED = replace(_OVER, resolution=Resolution.NOT_CONFIGURED)
HOUSE = replace(
    OPEN,
    id="w0rkg0ne",
    key="worker-gone",
    rule="worker-gone",
    database=None,
    sentence="No worker runs: the last was heard of at 2026-03-01 06:38 UTC. No backup is taken, and "
    "commands are not carried out.",
    next_step="Start `sparewheel worker`, and look into its log for why it ended.",
    level=3,
)
_WORST = replace(
    OPEN, database=EVIL, sentence=EVIL * 40, next_step=EVIL * 40, level=3, rule="stale", key="worst"
)


def _event(what: What, seq: int, level: int = 1, alert: Alert = OPEN) -> AlertEvent:
    by = ("U0OMAR", "slack") if what is What.ACKNOWLEDGED else (None, None)
    return AlertEvent(seq, NOW - 2 * _HOUR + seq * _HOUR / 4, what, level, alert.sentence, *by)


_LIFE = (
    _event(What.OPENED, 1),
    _event(What.ESCALATED, 2, 2),
    _event(What.ACKNOWLEDGED, 3, 2),
    _event(What.RESOLVED, 4, 2),
)

VIEWS: dict[str, object] = {
    "alert, critical": AlertMessage(OPEN, NOW),
    "alert, a failure": AlertMessage(_FAILED, NOW),
    "alert, warning": AlertMessage(_WARNING, NOW),
    "alert, third level": AlertMessage(HOUSE, NOW),
    "alert, taken": AlertMessage(_TAKEN, NOW),
    "alert, over": AlertMessage(_OVER, NOW),
    "alert thread, escalated": AlertLine(OPEN, _event(What.ESCALATED, 2, 2)),
    "alert thread, reminded": AlertLine(OPEN, _event(What.REMINDED, 3, 3)),
    "alert thread, whoever took it is reminded": AlertLine(_TAKEN, _event(What.REMINDED, 4, 2)),
    "alert thread, taken for too long": AlertLine(OPEN, _event(What.LAPSED, 4), 24 * _HOUR),
    "alert thread, worsened": AlertLine(OPEN, _event(What.WORSENED, 3)),
    "alert thread, back again": AlertLine(OPEN, _event(What.REOPENED, 3)),
    "alert thread, taken": AlertLine(_TAKEN, _event(What.ACKNOWLEDGED, 3), 24 * _HOUR),
    "alert thread, over": AlertLine(_OVER, _event(What.RESOLVED, 4)),
    "alert thread, not configured": AlertLine(_REMOVED, _event(What.RESOLVED, 4)),
    "alert thread, not asked for any more": AlertLine(
        replace(_REMOVED, database=None), _event(What.RESOLVED, 4)
    ),
    "alerts": AlertList([OPEN, HOUSE, replace(_TAKEN, id="t4k3n000"), _WARNING], [_OVER], NOW),
    "alerts, none": AlertList([], [], NOW),
    "alert, details": AlertDetails(_OVER, _LIFE, NOW),
    "alert, you take it": AlertTaken(_TAKEN, True, NOW, 24 * _HOUR),
    "alert, somebody has it": AlertTaken(_TAKEN, first=False, now=NOW),
    "alerts help": AlertHelp(actor(Role.OPERATOR)),
    "worst alert": AlertMessage(_WORST, NOW),
    "worst alert thread": AlertLine(_WORST, _event(What.ESCALATED, 2, 3, _WORST)),
    "worst alerts": AlertList([_WORST] * 60, [replace(_WORST, state=_OVER.state, resolved_at=NOW)] * 60, NOW),
    "worst alert, details": AlertDetails(
        _WORST, [_event(What.REMINDED, n, 3, _WORST) for n in range(1, 200)], NOW
    ),
}
