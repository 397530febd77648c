"""Schedules and their pauses as plain text for a terminal."""

from __future__ import annotations

from datetime import datetime

from bot.core.schedules import describe
from bot.core.units import plural
from bot.ledger.schedules import FireState
from bot.services.schedule_views import PauseMessage, ScheduleList, ScheduleStanding


def schedules(view: ScheduleList | PauseMessage) -> str:
    """Whatever the schedules' words are answered with."""
    return _pause(view) if isinstance(view, PauseMessage) else _all(view)


def _all(view: ScheduleList) -> str:
    lines = [line for each in view.schedules for line in _one(each)]
    return "\n".join(lines) or "No schedule is configured."


def _one(each: ScheduleStanding) -> list[str]:
    schedule = each.schedule
    then = f", then a {schedule.then}" if schedule.then else ""
    lines = [f"{schedule.key}: {schedule.kind}{then}, {describe(schedule.cron)} ({schedule.zone})"]
    lines.append(f"  last  {_last(each)}")
    if each.pause:
        lines.append(f"  paused until {_time(each.pause.ends_at)} by {each.pause.paused_user}")
        lines.append(f"  why   {each.pause.reason}")
    lines.append(f"  next  {_time(each.next_due)}")
    return lines if each.seen else [*lines, "  no clock has seen it yet: is `sparewheel clock` running?"]


def _last(each: ScheduleStanding) -> str:
    fire, run = each.fire, each.run
    if fire and fire.state is FireState.FAILED:
        return f"{_time(fire.fire_time)}  could not begin: {fire.outcome}"
    if run and not (fire and fire.fire_time > run.due_at):
        return f"{_time(run.at)}  {run.how} ({run.what} {run.id})"
    if fire:
        more = f", and {plural(fire.missed, 'earlier time')}" if fire.missed else ""
        return f"{_time(fire.fire_time)}  {fire.state.value}{more}"
    return "not yet"


def _pause(view: PauseMessage) -> str:
    pause = view.pause
    if pause.ended_at:
        said = f"{pause.schedule} goes on. What was due meanwhile is not made up for."
    else:
        said = f"{pause.schedule} is paused until {_time(pause.ends_at)}."
        if view.idle and view.next_due:
            return f"{said}\nIt was not due before then anyway; it next begins {_time(view.next_due)}."
    return f"{said}\nIts next time: {_time(view.next_due)}." if view.next_due else said


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
