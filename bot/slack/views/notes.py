"""What only the asker sees: help and refusals."""

from __future__ import annotations

from bot.core.people import Action
from bot.errors import SparewheelError
from bot.services.views import HelpView, Refusal
from bot.slack.blocks import Rendered
from bot.slack.views.base import Surroundings, message, render


@render.register
def _(view: HelpView, around: Surroundings) -> Rendered:
    del around
    values = {
        "command": view.command,
        "databases": view.databases,
        "may_back_up": view.actor.may(Action.BACK_UP),
        "may_check": view.actor.may(Action.CHECK),
        "may_cancel": view.actor.may(Action.CANCEL),
        "may_test": view.actor.may(Action.RESTORE_TEST),
        "roles": ", ".join(sorted(view.roles or view.actor.roles)) or "none",
    }
    return message("help", values)


@render.register
def _(view: Refusal, around: Surroundings) -> Rendered:
    return message("refusal", _refusal(view.error, view.suggestion, around))


@render.register
def _(view: SparewheelError, around: Surroundings) -> Rendered:
    return message("refusal", _refusal(view, None, around))


def _refusal(error: SparewheelError, suggestion: str | None, around: Surroundings) -> dict[str, object]:
    return {
        "sentence": error.sentence,
        "next_step": error.next_step,
        "suggestion": suggestion,
        "notes": around.notes,
    }
