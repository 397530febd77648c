"""Whose plan of a schedule rules: of clocks with different configurations one fires it.

The plan that a clock began with last rules. Its clocks confirm it whenever a clock that has another plan,
or none, doubts it; one that nobody confirms for PATIENCE gives way. So two versions of a configuration may
run side by side: a schedule is fired by one of its plans, never by both, and none of its times is lost when
the clocks of the one are gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.ledger.connection import LedgerConnection
from bot.ledger.statements import statements

# Clocks look every minute: this many looks without an answer.
PATIENCE = timedelta(minutes=5)
# A schedule that no clock knew for so long was taken out, whatever went before.
TAKEN_OUT = timedelta(days=1)


@dataclass(frozen=True)
class Replanned:
    """A schedule whose times count from `since`. `before` equals `now` where it had been taken out."""

    schedule: str
    before: str
    now: str
    since: datetime


@dataclass(frozen=True)
class Doubted:
    """A schedule whose times are dealt with up to `since`, and that nobody has answered for from `at` on."""

    schedule: str
    since: datetime
    at: datetime


def doubted(conn: LedgerConnection, plans: Mapping[str, str]) -> Sequence[Doubted]:
    """Of these plans those that rule and were doubted for longer than PATIENCE, and less than TAKEN_OUT.

    They are locked until the caller's transaction ends.
    """
    keys, mine = _columns(plans)
    rows = statements("schedule_plans").every(
        conn,
        "doubted",
        keys=keys,
        plans=mine,
        patience_seconds=PATIENCE.total_seconds(),
        taken_out_seconds=TAKEN_OUT.total_seconds(),
    )
    return [Doubted(row["key"], row["since"], row["doubted_at"]) for row in rows]


def trust(conn: LedgerConnection, schedules: Sequence[str]) -> None:
    """Nobody took these out: their times go on counting."""
    statements("schedule_plans").run(conn, "trust", keys=list(schedules))


@dataclass(frozen=True)
class Outdated:
    """A schedule whose times are dealt with up to `since`, by a plan that is not the one asked for."""

    schedule: str
    before: str
    since: datetime
    now: datetime


def outdated(conn: LedgerConnection, plans: Mapping[str, str]) -> Sequence[Outdated]:
    """Those that `begin` would change, locked until the caller's transaction ends."""
    keys, mine = _columns(plans)
    rows = statements("schedule_plans").every(conn, "outdated", keys=keys, plans=mine)
    return [Outdated(row["key"], row["before"], row["since"], row["now"]) for row in rows]


def begin(conn: LedgerConnection, plans: Mapping[str, str]) -> Sequence[Replanned]:
    """A clock starts with these plans (schedule -> plan): from now on they rule.

    Times that a changed plan would have had before are not owed, and neither are those of a schedule that
    was out of the configuration. A schedule that was never seen counts from now, too.
    """
    keys, mine = _columns(plans)
    statements("schedule_plans").run(conn, "insert", keys=keys, plans=mine)
    return _replanned(conn, "begin", plans)


def hold(conn: LedgerConnection, plans: Mapping[str, str]) -> Sequence[Replanned]:
    """A clock goes on with these plans; answers which of them rule from now on, in place of silent ones.

    Their times count from when the silence was first noticed: until then the other plan's counted.
    """
    return _replanned(conn, "hold", plans)


def ruling(conn: LedgerConnection, keys: Sequence[str]) -> dict[str, str | None]:
    """The plan by which each known schedule is fired; None where a version that kept none wrote it."""
    rows = statements("schedule_plans").every(conn, "plans", keys=list(keys))
    return {row["key"]: row["plan"] for row in rows}


def _replanned(conn: LedgerConnection, statement: str, plans: Mapping[str, str]) -> list[Replanned]:
    keys, mine = _columns(plans)
    rows = statements("schedule_plans").every(
        conn, statement, keys=keys, plans=mine, patience_seconds=PATIENCE.total_seconds()
    )
    return [
        Replanned(row["key"], row["before"] or row["wanted"], row["wanted"], row["since"])
        for row in rows
        if row["anew"]
    ]


def _columns(plans: Mapping[str, str]) -> tuple[list[str], list[str]]:
    return list(plans), list(plans.values())
