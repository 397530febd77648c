"""What people can type, press, send off and open, each led to the service that answers."""

from __future__ import annotations

from bot.app import House
from bot.core.people import Actor
from bot.core.reply import Reply, Request
from bot.services import approval_forms
from bot.slack.doors import Doors, FormHandler
from bot.wiring import alerts as wired_alerts
from bot.wiring import notices as wired_notices
from commands import approvals, backup, notice_words, restore_test, restore_words, suggest

_DECIDING = (approval_forms.DECLINE, approval_forms.BREAK_GLASS, approval_forms.BREAK_GLASS_CONFIRMED)


def doors_of(house: House) -> Doors:
    """Every door of this house."""

    def on_backup(request: Request, actor: Actor) -> Reply:
        return backup.answer(request, actor, house.backups, house.schedules, house.health_reports)

    def on_restore_test(request: Request, actor: Actor) -> Reply:
        known = backup.known(house.backups, request.channel)
        return restore_test.answer(request, actor, house.restore_tests, known)

    def on_approvals(request: Request, actor: Actor) -> Reply:
        return approvals.answer(request, actor, house.approvals)

    forms: dict[str, FormHandler] = {
        approval_forms.DECLINE: lambda sent, actor: approvals.declined(sent, actor, house.approvals),
        approval_forms.BREAK_GLASS: lambda sent, actor: approvals.glass_asked(sent, actor, house.break_glass),
        approval_forms.BREAK_GLASS_CONFIRMED: lambda sent, actor: approvals.glass_confirmed(
            sent, actor, house.break_glass
        ),
        **wired_notices.forms(house),
    }
    return Doors(
        commands={
            suggest.COMMAND: on_backup,
            restore_words.COMMAND: on_restore_test,
            approvals.COMMAND: on_approvals,
            **wired_alerts.commands(house),
            **wired_notices.commands(house),
        },
        forms=forms,
        home=house.home.of,
        # Whoever decides must hold the role at the click, not a minute ago.
        fresh=frozenset({f"{approvals.COMMAND} approve", f"{notice_words.COMMAND} send", *_DECIDING}),
        refuse_stranger=house.backups.refuse_stranger,
    )
