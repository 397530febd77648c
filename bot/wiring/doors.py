"""What people can type, press, send off and open, each led to the service that answers."""

from __future__ import annotations

from bot.app import House
from bot.core.people import Actor
from bot.core.reply import Reply, Request
from bot.slack.doors import Doors
from commands import backup, restore_test, restore_words, suggest


def doors_of(house: House) -> Doors:
    """Every door of this house."""

    def on_backup(request: Request, actor: Actor) -> Reply:
        return backup.answer(request, actor, house.backups)

    def on_restore_test(request: Request, actor: Actor) -> Reply:
        known = backup.known(house.backups, request.channel)
        return restore_test.answer(request, actor, house.restore_tests, known)

    return Doors(
        commands={suggest.COMMAND: on_backup, restore_words.COMMAND: on_restore_test},
        refuse_stranger=house.backups.refuse_stranger,
    )
