"""The report's picture: what it shows, drawn by a process of its own, and the same in words."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bot.core import units
from bot.core.health import Run, ages_by_day
from bot.core.reply import Attachment
from bot.ledger import health
from bot.ledger.connection import LedgerConnection
from bot.services.health_views import Chart
from bot.services.sources import Sources

log = logging.getLogger(__name__)
DAYS = 60
AT_ONCE = 5  # more lines than these cannot be told apart on a phone
_SECONDS = 60
_HOLDING = ("full", "critical", "safety")


def charts(
    connection: LedgerConnection, sources: Sources, names: Sequence[str], now: datetime
) -> list[Chart]:
    """What is to be drawn of the first few databases, a value for each of the last days.

    Raises:
        NotFoundError: one of them is not configured.
    """
    since = _begins(now)
    return [
        _chart(name, health.runs(connection, name, since), sources.settings(name).rpo, now)
        for name in names[:AT_ONCE]
    ]


def picture(drawn: Sequence[Chart], now: datetime) -> Attachment | None:
    """A PNG with its text alternative; None where there is nothing to show, or drawing failed."""
    if not any(value is not None for chart in drawn for value in chart.ages):
        return None
    content = _draw({"begins": _begins(now).date().isoformat(), "charts": [vars(one) for one in drawn]})
    if content is None:
        return None
    title = f"Backups of the last {DAYS} days"
    return Attachment(f"backups-{now:%Y-%m-%d}.png", title, content, alternative(drawn))


def alternative(drawn: Sequence[Chart]) -> str:
    """The picture in words, for those who cannot see it."""
    return " ".join([f"The last {DAYS} days of backups.", *(_said(chart) for chart in drawn)])


def _begins(now: datetime) -> datetime:
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=DAYS - 1)


def _chart(name: str, runs: Sequence[Run], rpo: float | None, now: datetime) -> Chart:
    """Sizes and durations are those of full backups; where there are none, of the critical tables'."""
    begins = _begins(now)
    kind = "full" if any(run.kind == "full" for run in runs) else "critical"
    sizes: list[int | None] = [None] * DAYS
    durations: list[float | None] = [None] * DAYS
    for run in runs:
        day = (run.snapshot_at - begins) // timedelta(days=1)
        if run.kind == kind and 0 <= day < DAYS:
            sizes[day] = max(sizes[day] or 0, run.size_bytes)
            durations[day] = max(durations[day] or 0.0, run.seconds)
    days = [begins + timedelta(days=n) for n in range(DAYS)]
    ages = ages_by_day([run for run in runs if run.kind in _HOLDING], days, now)
    return Chart(name, sizes, durations, [age.total_seconds() if age else None for age in ages], rpo)


def _said(chart: Chart) -> str:
    sizes = [value for value in chart.sizes if value is not None]
    took = [value for value in chart.durations if value is not None]
    ages = [value for value in chart.ages if value is not None]
    if not sizes or not ages:
        return (
            f"{chart.database}: no backup in this time." if not ages else f"{chart.database}: {_age(chart)}."
        )
    return (
        f"{chart.database}: {units.size_text(sizes[0])} at first, {units.size_text(sizes[-1])} at last; "
        f"took {units.duration_text(min(took))} to {units.duration_text(max(took))}; {_age(chart)}."
    )


def _age(chart: Chart) -> str:
    allowed = f", allowed are {units.duration_text(chart.rpo)}" if chart.rpo else ""
    return f"the newest data got {units.duration_text(max(a or 0 for a in chart.ages))} old{allowed}"


def _draw(chart: dict[str, object]) -> bytes | None:
    """A child that gets no secrets, and whose library writes into a folder that goes with it."""
    with tempfile.TemporaryDirectory(prefix="sparewheel-drawing-") as folder:
        environ = {"PATH": os.environ.get("PATH", os.defpath), "MPLCONFIGDIR": folder, "HOME": folder}
        try:
            done = subprocess.run(
                [sys.executable, "-m", "bot.services.drawing"],
                input=json.dumps(chart).encode(),
                capture_output=True,
                env=environ,
                timeout=_SECONDS,
                check=True,
            )
        except (OSError, subprocess.SubprocessError) as error:
            log.warning("the report's picture could not be drawn: %s", type(error).__name__)
            return None
    return done.stdout
