"""The message of a check: under way, then PASS, FAIL or COULD NOT VERIFY."""

from __future__ import annotations

from bot.core.check import CheckMessage
from bot.slack import mrkdwn
from bot.slack.blocks import Rendered, actions, button
from bot.slack.buttons import DETAILS
from bot.slack.views.base import (
    SHOWN,
    Surroundings,
    back_up_button,
    bar,
    contact_lines,
    message,
    render,
    what,
)

_HEADLINES = {
    "PASS": (
        "Checked",
        "The bytes in storage are the ones that were written, and the archive reads through.",
    ),
    "FAIL": ("Check failed", "Do not rely on this backup. Take a new one now."),
    "COULD NOT VERIFY": ("Could not verify", "This says nothing against the backup, and nothing for it."),
}


@render.register
def _(view: CheckMessage, around: Surroundings) -> Rendered:
    record = view.record
    values = {
        "view": view,
        "record": record,
        "what": what(record),
        "who": mrkdwn.mention(view.requested_user),
        "shown": SHOWN,
    }
    if view.finished_at is None or view.verdict is None:
        return message("check_running", values | {"bar": bar(view.bytes_read, view.bytes_expected)})
    headline, meaning = _HEADLINES.get(view.verdict, _HEADLINES["COULD NOT VERIFY"])
    values |= {
        "headline": headline,
        "meaning": meaning,
        "elapsed": (view.finished_at - view.started_at).total_seconds(),
        "contacts": [] if view.verdict == "PASS" else contact_lines(around.contacts),
    }
    again = [back_up_button(record.database)] if view.verdict == "FAIL" else []
    return message("check_done", values, [actions([*again, button("Details", DETAILS, record.id)])])
