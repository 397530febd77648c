"""What the rows of backups, checks and restore tests share: who asked for them, and the pulse of a run."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg.rows import DictRow

from bot.core.people import Actor
from bot.core.schedules import Due


@dataclass(frozen=True)
class Pulse:
    """What a run learns at each heartbeat.

    `alive` False: another process failed or took over this run; nothing more may be written.
    """

    alive: bool
    cancel_requested_by: str | None = None


def pulse_of(row: DictRow | None) -> Pulse:
    """What the heartbeat's statement answered: a row with who asked for the end, or none that is ours."""
    return Pulse(alive=False) if row is None else Pulse(True, row["cancel_requested_by"])


def asked_by(actor: Actor) -> dict[str, object]:
    """The columns that say who asked for a run."""
    return {
        "team": actor.team,
        "requested_user": actor.user,
        "source": actor.source.value,
        "requested_by": actor.label,
    }


def due_values(due: Due | None) -> dict[str, object]:
    """The columns that say which schedule asked for a run."""
    return {
        "schedule": due.schedule if due else None,
        "due_at": due.at if due else None,
        "late_because": due.late if due else None,
    }
