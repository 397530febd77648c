"""How each view of bot.services.views looks in Slack: one module per family, one way in, `render`."""

from __future__ import annotations

from bot.slack.views import (
    alerts,
    approvals,
    backup,
    check,
    details,
    health,
    home,
    lists,
    notes,
    notice_lists,
    notices,
    restore_test,
    schedules,
)
from bot.slack.views.base import Surroundings, render

__all__ = [
    "Surroundings",
    "alerts",
    "approvals",
    "backup",
    "check",
    "details",
    "health",
    "home",
    "lists",
    "notes",
    "notice_lists",
    "notices",
    "render",
    "restore_test",
    "schedules",
]
