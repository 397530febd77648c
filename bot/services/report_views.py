"""The health report and the Home tab as facts; how they look is the edge's business."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.core.alerts import Alert
from bot.core.approvals import Approval
from bot.core.people import Actor
from bot.services.views import DatabaseStatus


class Part(StrEnum):
    """Which part of a report a message shows. WHOLE: both, for the one who asked."""

    SUMMARY = "summary"
    DETAILS = "details"
    WHOLE = "whole"


@dataclass(frozen=True)
class HealthReport:
    """How everything stands. Databases with problems come first.

    `asked_for`: the one database that was asked for, None for all. `alerts`: those of no database.
    `removed`: databases with stored backups that are not in the configuration any more. `not_seen`: what
    could not be looked at, as sentences.
    """

    databases: Sequence[DatabaseStatus]
    now: datetime
    part: Part = Part.WHOLE
    asked_for: str | None = None
    alerts: Sequence[Alert] = ()
    pending: Sequence[Approval] = ()
    removed: Sequence[str] = ()
    not_seen: Sequence[str] = ()

    @property
    def troubled(self) -> Sequence[DatabaseStatus]:
        """The databases that somebody has to look at."""
        return [status for status in self.databases if status.needs_a_look(self.now)]

    @property
    def all_well(self) -> bool:
        """Whether nothing is wrong, and everything could be seen."""
        wrong = self.troubled or self.alerts or self.not_seen
        return bool(self.databases) and not wrong


@dataclass(frozen=True)
class HomeView:
    """One person's Home tab. Without a role there is nothing to see: `databases` and the rest are empty."""

    actor: Actor
    now: datetime
    databases: Sequence[DatabaseStatus] = ()
    waiting: Sequence[Approval] = ()  # for this person's decision
    alerts: Sequence[Alert] = ()
    not_seen: Sequence[str] = field(default_factory=tuple)
