"""The health report as plain text for a terminal: the verdict first, then what is wrong, then the figures."""

from __future__ import annotations

from bot.cli import text
from bot.core.units import plural
from bot.services.report_views import HealthReport
from bot.services.views import StatusView


def report(view: HealthReport) -> str:
    """Everything that the report knows."""
    lines = [_verdict(view)]
    lines += [f"Not seen: {sentence}" for sentence in view.not_seen]
    lines += [f"{one.severity.value.upper()}: {one.sentence} ({one.id})" for one in view.alerts]
    lines += [
        f"Waits for approval until {one.expires_at:%Y-%m-%d %H:%M} UTC: {one.title}" for one in view.pending
    ]
    lines += [f"{name} is no longer configured; its backups stay where they are." for name in view.removed]
    if view.databases:
        lines.append(text.status(StatusView(view.databases, view.now)))
    return "\n".join(lines)


def _verdict(view: HealthReport) -> str:
    if not view.databases:
        return "No databases are configured."
    if view.all_well:
        return f"All well: {plural(len(view.databases), 'database')}."
    troubled = len(view.troubled)
    if troubled:
        return f"{troubled} of {plural(len(view.databases), 'database')} to be looked at."
    return (
        "Something needs a look."
        if view.alerts
        else "Not everything could be seen; what was seen is in order."
    )
