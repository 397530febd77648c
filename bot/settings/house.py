"""The bot's own schedules: the morning report, the audit trail's check, and housekeeping."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from bot.settings.cron import valid_cron
from bot.settings.fields import Part, Seconds, ZoneName


def _cron_or_never(text: str) -> str:
    return text if text == "never" else valid_cron(text)


CronOrNever = Annotated[str, AfterValidator(_cron_or_never)]


class HouseSettings(Part):
    """When the bot does what belongs to no database, each as a cron line or `never`.

    `tick`: how often the clock looks at alerts, approvals and notices, in seconds.
    """

    time_zone: ZoneName = "UTC"
    report: CronOrNever = "0 8 * * *"
    audit_check: CronOrNever = "30 4 * * *"
    housekeeping: CronOrNever = "15 4 * * *"
    tick: Annotated[Seconds, Field(ge=5, le=300)] = 60.0
