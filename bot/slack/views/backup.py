"""The one message of a backup, from the request to its verdict."""

from __future__ import annotations

from typing import Any

from bot.core.backup import BackupRecord, Format, Phase, State
from bot.services.views import Asked, BackupMessage, CancelView, NotFollowed
from bot.slack import mrkdwn
from bot.slack.blocks import Block, Rendered, actions, button, confirm
from bot.slack.buttons import CANCEL, CHECK, DETAILS, PROVE
from bot.slack.mrkdwn import Mrkdwn
from bot.slack.views import restore_test
from bot.slack.views.base import (
    SHOWN,
    Surroundings,
    bar,
    contact_lines,
    elapsed,
    message,
    render,
    short_sha,
    versions,
    what,
    who,
)

_NEXT = {
    "stored": "Next: check it, and its bytes are fetched back and read through; or prove it.",
    "checked": "Its bytes were fetched back and read through. A restore test would prove it.",
    "gone": "Next: take a new one, and find out who or what changed the storage.",
    "damaged": "Next: take a new one, and prove that one.",
    "proved": "It was restored and found equal.",
}


@render.register
def _(view: NotFollowed, around: Surroundings) -> Rendered:
    values = {"view": view, "what": what(view.record), "contacts": contact_lines(around.contacts)}
    return message("not_followed", values)


@render.register
def _(view: BackupMessage, around: Surroundings) -> Rendered:
    record = view.record
    values: dict[str, Any] = {
        "record": record,
        "what": what(record),
        "who": who(record),
        "elapsed": elapsed(record, view.now),
        "ahead": view.ahead,
        "shown": SHOWN,
    }
    values |= _by_state(record, around) | {"last_good": view.last_good}
    return message(f"backup_{record.state}", values, _buttons(record))


def _by_state(record: BackupRecord, around: Surroundings) -> dict[str, Any]:
    """What only one state's template prints."""
    if record.state is State.RUNNING:
        phase = record.phase or Phase.WAITING
        return {"phase": phase.value, "bar": bar(record.rows_done, record.rows_expected)}
    if record.state is State.STORED:
        return {
            "goodness": record.goodness.capitalize(),
            "sha": short_sha(record),
            "location": record.location or record.archive_key or "",
            "next": _NEXT[record.goodness],
            **versions(record),
        }
    if record.state is State.FAILED:
        return {
            "sentence": record.error_sentence or "It ended without saying why.",
            "next_step": record.error_next_step or "Read the detail in the thread, then ask for it again.",
            "contacts": contact_lines(around.contacts),
        }
    return {"stopper": _stopper(record)}


def _stopper(record: BackupRecord) -> Mrkdwn | None:
    """Who cancelled: a Slack id, or a name on the command line."""
    if not record.cancel_requested_by:
        return None
    return mrkdwn.mention(record.cancel_requested_by)


def _buttons(record: BackupRecord) -> list[Block]:
    """What can be done next; each carries the id alone."""
    if not record.state.is_final:
        if record.cancel_requested_by:
            return []
        sure = confirm(
            "Stop this backup?",
            f"Nothing of the backup of {record.database} will be kept. Earlier ones are untouched.",
            "Stop it",
            "Let it run",
        )
        return [actions([button("Cancel", CANCEL, record.id, confirm=sure)])]
    if record.state is State.CANCELLED:
        return []
    details = button("Details", DETAILS, record.id)
    prove = [button("Prove it", PROVE, record.id)] if record.format is Format.CUSTOM else []
    if record.goodness == "stored":
        return [actions([button("Check it", CHECK, record.id), *prove, details])]
    return [actions([*prove, details] if record.goodness == "checked" else [details])]


@render.register
def _(view: Asked, around: Surroundings) -> Rendered:
    del around
    channel = view.test.test.channel if view.test else view.record.channel or view.check_id
    place = "in this channel" if channel else "in the operations channel"
    values = {
        "record": view.record,
        "what": what(view.record),
        "ahead": view.ahead,
        "check_id": view.check_id,
        "test": view.test,
        "which": restore_test.which(view.test) if view.test else "",
        "age": view.test.age.total_seconds() if view.test and view.test.age else None,
        "place": place,
    }
    return message("asked", values)


@render.register
def _(view: CancelView, around: Surroundings) -> Rendered:
    del around
    values = {"record": view.record, "what": what(view.record), "was_queued": view.was_queued}
    return message("cancel", values)
