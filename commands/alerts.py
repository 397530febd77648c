"""`/alerts`: what is wrong right now, one alert with its history, and looking after one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bot.core.people import Actor
from bot.core.reply import Reply, Request
from bot.errors import WordsError
from bot.services.alert_views import AlertDetails, AlertHelp, AlertList, AlertTaken
from commands import suggest
from commands.tokens import Token, tokens

COMMAND = "/alerts"
_LIST, _TAKE, _SHOW, _HELP = "list", "ack", "show", "help"
VERBS = (_LIST, _TAKE, _SHOW, _HELP)
_MEANT = {"acknowledge": _TAKE, "take": _TAKE, "status": _LIST}


class AlertService(Protocol):
    """What this command needs of `bot.services.alert_desk.AlertDesk`."""

    def listing(self, actor: Actor, database: str | None = None) -> AlertList:
        """What is open."""

    def show(self, actor: Actor, text: str) -> AlertDetails:
        """One with its history."""

    def acknowledge(self, actor: Actor, text: str) -> AlertTaken:
        """Look after one."""


def answer(request: Request, actor: Actor, alerts: AlertService, databases: Sequence[str]) -> Reply:
    """Answer one command; nothing typed lists what is open, a database's name what is open of it.

    Raises:
        SparewheelError: the refusal, for whoever shows it.
    """
    words = tokens(request.text)
    verb = _verb(words)
    match verb:
        case "help":
            return Reply(AlertHelp(actor))
        case "show":
            return Reply(alerts.show(actor, _named(words, verb)))
        case "ack":
            return Reply(alerts.acknowledge(actor, _named(words, verb)))
    rest = [token for token in words if token.word != _LIST]
    for token in rest:
        if token.text not in databases:
            raise suggest.replaced(token, (*VERBS, *databases), "", words, COMMAND)
    return Reply(alerts.listing(actor, rest[0].text if rest else None))


def _verb(words: list[Token]) -> str:
    first = words[0].word if words else _LIST
    return _MEANT.get(first, first)


def _named(words: list[Token], verb: str) -> str:
    if len(words) != 2:  # noqa: PLR2004 - the verb and an id
        raise WordsError("Which alert is meant?", next_step=f"Type `{COMMAND} {verb} ID`.")
    return words[1].text.lstrip("#")
