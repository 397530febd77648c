"""What a person can type, press, send off and open, and who answers: handed to the desk as one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bot.core.people import Actor
from bot.core.reply import FormReply, Reply, Request, Submission

Handler = Callable[[Request, Actor], Reply]
FormHandler = Callable[[Submission, Actor], FormReply]


@dataclass(frozen=True)
class Doors:
    """Handlers raise a SparewheelError for what cannot be done; the desk shows it.

    `commands`: "/backup" -> its handler. `forms`: a modal's callback id -> its handler, which must be safe to
    call again with the same submission (its view_id is the key). `home`: a person's Home tab as a view.
    `fresh`: the forms, and the commands with their verb ("/approvals approve"), whose sender's roles are
    asked of Slack anew, not remembered for a minute. Slack answers 20 such questions a minute: only what
    decides belongs here.
    `refuse_stranger` writes down that somebody without any role asked for something.
    """

    commands: Mapping[str, Handler]
    refuse_stranger: Callable[[Actor, str], object]
    forms: Mapping[str, FormHandler] = field(default_factory=dict)
    fresh: frozenset[str] = frozenset()
    home: Callable[[Actor], object] | None = None
