"""What is done with the times that a schedule has come to: fired, passed over, or made up for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.core.schedules import CatchUp

# Later than this is late: nobody was there at the time.
PUNCTUAL = timedelta(seconds=60)


class Verdict(StrEnum):
    """What becomes of a due time; the values are the ledger's."""

    FIRE = "queued"
    PAUSED = "paused"
    MISSED = "missed"


@dataclass(frozen=True)
class Decision:
    """One row to write. `missed`: how many earlier times this one stands for."""

    at: datetime
    verdict: Verdict
    missed: int = 0


def decide(
    times: Iterable[datetime], *, policy: CatchUp, now: datetime, is_paused: Callable[[datetime], bool]
) -> list[Decision]:
    """What to write for the times that nothing was written for yet, oldest first.

    Times after `now` are left out: their clock runs ahead. `now` is the ledger's.
    """
    due = sorted({at for at in times if at <= now})
    wanted = [at for at in due if not is_paused(at)]
    if policy is CatchUp.ALL:
        return [Decision(at, Verdict.FIRE if at in set(wanted) else Verdict.PAUSED) for at in due]
    decisions = _newest(wanted) if policy is CatchUp.NEWEST else _punctual(wanted, now)
    if due and due[-1] not in wanted:
        decisions.append(Decision(due[-1], Verdict.PAUSED))
    return decisions


def _newest(wanted: list[datetime]) -> list[Decision]:
    return [Decision(wanted[-1], Verdict.FIRE, len(wanted) - 1)] if wanted else []


def _punctual(wanted: list[datetime], now: datetime) -> list[Decision]:
    late = [at for at in wanted if now - at > PUNCTUAL]
    passed_over = [Decision(late[-1], Verdict.MISSED, len(late) - 1)] if late else []
    return passed_over + _newest([at for at in wanted if at not in late])


def late_because(due_at: datetime, fired_at: datetime, now: datetime, missed: int) -> str | None:
    """Why a run begins after its time, in a few words; None where it does not."""
    if fired_at - due_at > PUNCTUAL:
        earlier = "1 earlier run was" if missed == 1 else f"{missed} earlier runs were"
        return f"the clock was down, and {earlier} left out" if missed else "the clock was down"
    return "no worker was free to begin it" if now - due_at > PUNCTUAL else None
