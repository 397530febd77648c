"""What happens with one delivery from Slack: taken once, its sender's roles looked up, answered."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from slack_sdk import WebClient

from bot.core.ids import looks_like_id
from bot.core.reply import Reply, Request
from bot.errors import ServiceError, SparewheelError
from bot.services.views import Refusal
from bot.slack.answer import Asker, whisper
from bot.slack.blocks import CANCEL, CHECK, DETAILS, PROVE, STOP_TEST
from bot.slack.directory import Directory
from bot.slack.views import Surroundings, render
from commands import backup, restore_words, suggest
from commands.backup import BackupService
from commands.restore_test import RestoreTestService

_LOG = logging.getLogger(__name__)
COMMANDS = (suggest.COMMAND, restore_words.COMMAND)
# A button is the command that a person could have typed.
PRESSED = {
    CANCEL: (suggest.COMMAND, "cancel"),
    CHECK: (suggest.COMMAND, "check"),
    DETAILS: (suggest.COMMAND, "show"),
    PROVE: (restore_words.COMMAND, ""),
    STOP_TEST: (restore_words.COMMAND, "cancel"),
}


@dataclass(frozen=True)
class Desk:
    """Everything a listener needs. `take(team, key)` is True the first time a key is seen."""

    backups: BackupService
    tests: RestoreTestService
    directory: Directory
    take: Callable[[str, str], bool]
    client: WebClient
    around: Surroundings

    def typed(self, body: Mapping[str, Any]) -> None:
        """A slash command, acknowledged already."""
        request = Request(
            team=str(body.get("team_id") or ""),
            user=str(body.get("user_id") or ""),
            channel=str(body.get("channel_id") or ""),
            text=unescape(str(body.get("text") or "")),
            command=str(body.get("command") or suggest.COMMAND),
            key=delivery_key(body),
        )
        self._serve(request, body)

    def pressed(self, body: Mapping[str, Any]) -> None:
        """A button, acknowledged already. Roles are looked up as for typing: a message grants nothing."""
        action = body["actions"][0]
        user = body.get("user") or {}
        request = Request(
            team=str(user.get("team_id") or (body.get("team") or {}).get("id") or ""),
            user=str(user.get("id") or ""),
            channel=str((body.get("channel") or {}).get("id") or ""),
            text=_words(action),
            command=PRESSED[action["action_id"]][0],
            key=delivery_key(body),
        )
        self._serve(request, body)

    def _serve(self, request: Request, body: Mapping[str, Any]) -> None:
        asker = Asker(request.channel, request.user, body.get("response_url"))
        reply, notes = self._reply(request)
        if reply is None or reply.view is None:
            return
        around = replace(self.around, notes=notes if isinstance(reply.view, Refusal) else ())
        whisper(self.client, asker, render(reply.view, around))

    def _reply(self, request: Request) -> tuple[Reply | None, tuple[str, ...]]:
        """The answer, None for a delivery that was answered before; and what was not known of roles."""
        notes: tuple[str, ...] = ()
        try:
            if not self.take(request.team, request.key):
                return None, notes
            standing = self.directory.look(request.team, request.user)
            notes = standing.not_known
            actor = standing.actor(request.team, request.user)
            return backup.handle(request, actor, self.backups, self.tests), notes
        except SparewheelError as error:
            return Reply(Refusal(error)), notes
        except Exception as error:  # noqa: BLE001 - a person waits for an answer whatever happened
            # The message of an unforeseen error may hold data: its kind and place are enough to find it.
            _LOG.error("unforeseen %s at %s", type(error).__name__, _place(error))
            return Reply(Refusal(_unforeseen(error))), notes


def _words(action: Mapping[str, Any]) -> str:
    """What typing would have said. A value that is no id means nothing there, and is refused."""
    value = str(action.get("value") or "")
    return f"{PRESSED[action['action_id']][1]} {value if looks_like_id(value) else '?'}"


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "an unknown place"


def _unforeseen(error: BaseException) -> ServiceError:
    return ServiceError(
        f"Something unforeseen happened here ({type(error).__name__}); it is in the bot's log.",
        next_step="Look at `/backup status` before you ask again, and tell whoever runs this bot.",
    )


def unescape(text: str) -> str:
    """Slack sends `&`, `<` and `>` of a command as entities; a table's name has the characters."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def delivery_key(body: Mapping[str, Any]) -> str:
    """Slack's own id of what a person did; the same in every delivery of it. Else a hash of the payload."""
    if trigger := body.get("trigger_id"):
        return f"trigger:{trigger}"
    digest = hashlib.sha256(json.dumps(body, sort_keys=True, default=str).encode())
    return f"body:{digest.hexdigest()}"
