"""Schedules: the list of them, a pause, and a due time that nothing came of."""

from __future__ import annotations

from bot.core.people import Source
from bot.core.schedules import describe
from bot.core.units import plural
from bot.ledger.schedules import FireState, PauseRecord
from bot.services.schedule_views import NothingBegan, PauseMessage, ScheduleList, ScheduleStanding
from bot.slack import mrkdwn, texts
from bot.slack.blocks import Block, Rendered, actions, at_most_fifty, button, section
from bot.slack.buttons import RESUME
from bot.slack.fit import GOOD_TEXT, cut_mrkdwn, pages
from bot.slack.mrkdwn import Mrkdwn
from bot.slack.views.base import Surroundings, contact_lines, message, render, who_asked

_WHAT = {
    "full": "full backup",
    "critical": "backup of the critical tables",
    "schema": "structure",
    "restore-test": "restore test of the newest full backup",
    "report": "health report",
    "audit-check": "check of the audit trail",
    "housekeeping": "housekeeping",
}
_HOW = {FireState.PAUSED: "passed over, it was paused", FireState.MISSED: "missed, the clock was down"}


@render.register
def _(view: ScheduleList, around: Surroundings) -> Rendered:
    del around
    paused = sum(1 for each in view.schedules if each.pause)
    head = {"database": view.database, "total": len(view.schedules), "paused": paused}
    entries = texts.fill("schedule_head", head)
    # An empty line before each: on a phone they would run into one another.
    entries += [f"\n{entry}" for each in view.schedules for entry in texts.fill("schedule_line", _line(each))]
    blocks: list[Block] = [section(page) for page in pages(entries)]
    return Rendered(cut_mrkdwn("\n".join(entries), GOOD_TEXT), at_most_fifty(blocks))


def _line(each: ScheduleStanding) -> dict[str, object]:
    then = ", then a restore test" if each.schedule.then else ""
    return {
        "schedule": each.schedule,
        "what": f"{_WHAT.get(each.schedule.kind, each.schedule.kind)}{then}",
        "words": mrkdwn.prose(describe(each.schedule.cron)),
        "last": _last(each),
        "next_due": each.next_due,
        "pause": each.pause,
        "who": _pauser(each.pause) if each.pause else "",
        "seen": each.seen,
    }


def _last(each: ScheduleStanding) -> Mrkdwn:
    """The newest run with its verdict, or what became of a newer due time that nothing came of."""
    fire, run = each.fire, each.run
    if fire and fire.state is FireState.FAILED:
        return Mrkdwn(f"could not begin, {mrkdwn.when(fire.fire_time)}: {texts.sentence(fire.outcome or '')}")
    if fire and fire.state in _HOW and not (run and run.due_at >= fire.fire_time):
        return Mrkdwn(f"{_HOW[fire.state]}, {mrkdwn.when(fire.fire_time)}")
    if run:
        return Mrkdwn(f"{mrkdwn.plain(run.how)} {mrkdwn.code(run.id)}, {mrkdwn.when(run.at)}")
    if fire:
        words = "done" if fire.state is FireState.BEGUN else "about to begin"
        return Mrkdwn(f"{words}, {mrkdwn.when(fire.fire_time)}")
    return Mrkdwn("not yet")


def _pauser(pause: PauseRecord) -> Mrkdwn:
    return who_asked(pause.paused_user, pause.source)


@render.register
def _(view: PauseMessage, around: Surroundings) -> Rendered:
    del around
    pause = view.pause
    verdict = "Running again" if pause.ended_at else "Still paused" if view.reminder else "Paused"
    values = {
        "verdict": verdict,
        "pause": pause,
        "next_due": view.next_due,
        "idle": view.idle and not pause.ended_at,
        "who": _pauser(pause),
        "by_itself": pause.ended_source == Source.SCHEDULE,
        "ender": who_asked(pause.ended_user or "", pause.ended_source or ""),
    }
    more = [] if pause.ended_at else [actions([button("Let it go on", RESUME, pause.schedule)])]
    return message("pause", values, more)


@render.register
def _(view: NothingBegan, around: Surroundings) -> Rendered:
    missed = view.fire.state is FireState.MISSED
    times = plural(view.fire.missed, "earlier time")
    earlier = f", and neither {'is' if view.fire.missed == 1 else 'are'} {times}" if view.fire.missed else ""
    values = {
        "verdict": "Missed" if missed else "Could not begin",
        "key": view.key,
        "due_at": view.due_at,
        "sentence": f"No clock ran then. It is not made up for{earlier}."
        if missed
        else view.fire.outcome or "It did not say why.",
        "next_due": view.next_due,
        "contacts": contact_lines(around.contacts),
    }
    return message("nothing_began", values)
