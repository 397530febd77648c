"""`/restore-test`: the words typed, handed to the restore test service; what it answers, handed back."""

from __future__ import annotations

from typing import Protocol

from bot.core.backup import Kind
from bot.core.people import Actor
from bot.core.reply import Reply, Request
from bot.core.restore_test import RestoreTestMessage
from bot.errors import WordsError
from bot.services.views import Asked, RestoreTestHelp, StopTestView
from commands.restore_words import Prove, Stop, Wanted, parse
from commands.words import Known


class RestoreTestService(Protocol):
    """What this command needs of `bot.services.restore_tests.RestoreTests`."""

    def request(
        self,
        actor: Actor,
        *,
        pick: str = "latest",
        database: str | None = None,
        kind: Kind = Kind.FULL,
        channel: str | None = None,
    ) -> RestoreTestMessage:
        """Queue a restore test."""

    def admit(self, actor: Actor, text: str) -> None:
        """Return where a role allows restore tests; a refusal is written down and raised."""

    def cancel(self, actor: Actor, test_id: str = "latest") -> StopTestView:
        """Ask a restore test to stop."""


def answer(request: Request, actor: Actor, tests: RestoreTestService, known: Known) -> Reply:
    """Ask the service for what is wanted; what comes back is a view.

    Raises:
        SparewheelError: the refusal, for whoever shows it.
    """
    match _parse(request, actor, tests, known):
        case Prove(pick, database, kind):
            message = tests.request(actor, pick=pick, database=database, kind=kind, channel=request.channel)
            return Reply(Asked(message.backup, test=message))
        case Stop(pick):
            return Reply(tests.cancel(actor, pick))
        case _:
            return Reply(RestoreTestHelp(request.command, actor, known.databases))


def _parse(request: Request, actor: Actor, tests: RestoreTestService, known: Known) -> Wanted:
    """Whoever may not do it is told so, not asked for better words first."""
    try:
        return parse(request.text, known)
    except WordsError:
        tests.admit(actor, request.text)
        raise
