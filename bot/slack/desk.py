"""What happens with one delivery from Slack: taken once, its sender's roles looked up, answered."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from slack_sdk import WebClient

from bot.core.people import Actor
from bot.core.reply import FormReply, Reply, Request, Submission
from bot.errors import FieldsError, NotAllowedError, ServiceError, SparewheelError, WordsError
from bot.services.views import Refusal
from bot.slack import incoming, screens
from bot.slack.answer import Asker, whisper
from bot.slack.blocks import Rendered
from bot.slack.directory import Directory
from bot.slack.doors import Doors
from bot.slack.forms.base import HOUR
from bot.slack.post import Poster
from bot.slack.views import Surroundings, render

_LOG = logging.getLogger(__name__)
Body = Mapping[str, Any]
Notes = tuple[str, ...]


@dataclass(frozen=True)
class Desk:
    """Everything a listener needs. `take(team, key)` is True the first time a key is seen."""

    doors: Doors
    directory: Directory
    take: Callable[[str, str], bool]
    client: WebClient
    around: Surroundings

    def typed(self, body: Body) -> None:
        """A slash command, acknowledged already."""
        self._serve(incoming.typed_request(body), body)

    def pressed(self, body: Body) -> None:
        """A button, acknowledged already. Roles are looked up as for typing: a message grants nothing."""
        request = incoming.pressed_request(body)
        self._serve(request, body)
        if (body.get("view") or {}).get("type") == "home":
            self._publish(request.team, request.user)

    def submitted(self, body: Body) -> tuple[dict[str, Any], Callable[[], None]]:
        """A form that was sent off: what to acknowledge with, and what to do after that.

        Slack may deliver one submission twice. It is answered the same twice, so that no answer is lost:
        what it makes is made once, by the handler. Only what is shown afterwards is shown once.
        """
        sent = incoming.submission(body)
        answer = self._form_reply(sent)
        if isinstance(answer, FieldsError):
            return _errors(body, answer.fields), _nothing
        if isinstance(answer, SparewheelError):
            words = f"{answer.sentence} {answer.next_step}".strip()
            return _errors(body, {"": words}), _nothing
        if answer.errors:
            return _errors(body, answer.errors), _nothing
        if answer.next is not None:
            view = screens.form_view(answer.next, sent.channel)
            return {"response_action": "update", "view": view}, _nothing
        return {"response_action": "clear"}, lambda: self._show_after(sent, answer, body)

    def opened_home(self, body: Body) -> None:
        """Somebody looks at the bot's Home tab."""
        event = body.get("event") or {}
        if event.get("tab", "home") == "home":
            self._publish(str(body.get("team_id") or ""), str(event.get("user") or ""))

    def _serve(self, request: Request, body: Body) -> None:
        reply, notes = self._reply(request)
        if reply is None:
            return
        if reply.form is not None:
            try:
                screens.open_form(self.client, str(body.get("trigger_id")), reply.form, request.channel)
            except SparewheelError as error:
                reply = replace(reply, view=Refusal(error))
        if reply.view is not None:
            rendered = self._answer(request, body, reply.view, notes)
            if reply.file and rendered.snippet:
                Poster(self.client).attach_directly(request.user, rendered.snippet)

    def _answer(self, request: Request, body: Body, view: object, notes: Notes) -> Rendered:
        """Show an answer to the asker alone: where they asked, or where that is no channel, in a modal."""
        rendered = render(view, replace(self.around, notes=notes if isinstance(view, Refusal) else ()))
        response_url = body.get("response_url")
        if not request.channel and not response_url:
            screens.show_answer(self.client, str(body.get("trigger_id")), rendered)
        else:
            whisper(self.client, Asker(request.channel, request.user, response_url), rendered)
        return rendered

    def _reply(self, request: Request) -> tuple[Reply | None, Notes]:
        """The answer, None for a delivery that was answered before; and what was not known of roles."""
        notes: Notes = ()
        try:
            if not self.take(request.team, request.key):
                return None, notes
            verb = request.text.split(maxsplit=1)[0] if request.text.strip() else ""
            actor, notes = self._who(request.team, request.user, f"{request.command} {verb}".lower())
            if not actor.roles:
                self.doors.refuse_stranger(actor, f"{request.command} {request.text}".strip())
                return Reply(Refusal(_no_role(notes))), notes
            return self.doors.commands[request.command](request, actor), notes
        except WordsError as error:
            return Reply(Refusal(error, error.suggestion)), notes
        except Exception as error:  # noqa: BLE001 - a person waits for an answer whatever happened
            return Reply(Refusal(_told(error))), notes

    def _form_reply(self, sent: Submission) -> FormReply | SparewheelError:
        try:
            actor, notes = self._who(sent.team, sent.user, sent.form)
            if not actor.roles:
                self.doors.refuse_stranger(actor, f"form {sent.form}")
                return _no_role(notes)
            return self.doors.forms[sent.form](sent, actor)
        except Exception as error:  # noqa: BLE001 - as above
            return _told(error)

    def _show_after(self, sent: Submission, answer: FormReply, body: Body) -> None:
        if answer.view is None or not self.take(sent.team, sent.key):
            return
        rendered = render(answer.view, self.around)
        if sent.channel:
            whisper(self.client, Asker(sent.channel, sent.user, None), rendered)
        else:
            screens.show_answer(self.client, str(body.get("trigger_id")), rendered)

    def _who(self, team: str, user: str, door: str = "") -> tuple[Actor, Notes]:
        standing = self.directory.look(team, user, fresh=door in self.doors.fresh)
        return standing.actor(team, user), standing.not_known

    def _publish(self, team: str, user: str) -> None:
        if self.doors.home is None:
            return
        view: object
        try:
            view = self.doors.home(self._who(team, user)[0])
        except Exception as error:  # noqa: BLE001 - as above
            view = Refusal(_told(error))
        screens.publish_home(self.client, user, render(view, self.around))


def stranger() -> NotAllowedError:
    """The polite refusal for somebody who has no role at all."""
    return NotAllowedError(
        "You have no role here yet, so this bot cannot do that for you.",
        next_step="Ask an administrator to add you, or your user group, to `[roles]` in the configuration.",
    )


def _no_role(notes: Notes) -> NotAllowedError:
    """Not knowing means no, but it is not the same as having no role."""
    if not notes:
        return stranger()
    return NotAllowedError(
        "Slack does not say right now which role you have, so nothing was done.",
        next_step="Try again in a minute.",
    )


def _nothing() -> None:
    pass


def _errors(body: Body, errors: Mapping[str, str]) -> dict[str, Any]:
    """Errors inside the form, so that nothing that was entered is lost.

    Slack takes errors of inputs only: one that belongs to none of them stands under the last.
    """
    inputs = [block["block_id"] for block in body["view"].get("blocks", ()) if block["type"] == "input"]
    if not inputs:
        return {"response_action": "clear"}
    placed: dict[str, str] = {}
    for name, words in errors.items():
        where = next((one for one in (name, name + HOUR) if one in inputs), inputs[-1])
        placed[where] = f"{placed[where]} {words}" if where in placed else words
    return {"response_action": "errors", "errors": placed}


def _told(error: Exception) -> SparewheelError:
    """What may be said of an error; an unforeseen one's words may hold data."""
    if isinstance(error, SparewheelError):
        return error
    # Its kind and place are enough to find it.
    _LOG.error("unforeseen %s at %s", type(error).__name__, _place(error))
    return ServiceError(
        f"Something unforeseen happened here ({type(error).__name__}); it is in the bot's log.",
        next_step="Look at `/backup status` before you ask again, and tell whoever runs this bot.",
    )


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "an unknown place"
