"""What comes in from a person, what is answered, and what is posted. How it looks is the edge's business."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

FieldValue = str | tuple[str, ...] | None


@dataclass(frozen=True)
class Request:
    """One command as it came in, already acknowledged. `text` is untrusted."""

    team: str
    user: str
    channel: str
    text: str
    command: str
    key: str  # the edge's own id of this delivery; taken once


@dataclass(frozen=True)
class Reply:
    """`view` is one of the view dataclasses of bot.services, or an error; None says nothing more.

    `ephemeral`: only the asker sees it. `form`: a form's dataclass, opened on the asker's screen. `file`: the
    view's file comes to the asker as a direct message, as nothing that only one person sees can carry one.
    """

    view: object | None = None
    ephemeral: bool = True
    form: object | None = None
    file: bool = False


@dataclass(frozen=True)
class Submission:
    """A form as it was sent off; everything in it is untrusted.

    `values`: field name -> what was entered (several choices: a tuple, in the order of the form; nothing:
    None). `private`: what the form carried along unseen. `view_id` stays the same over repeated submissions
    of one open form: whatever a submission makes is made once for each view_id.
    """

    team: str
    user: str
    channel: str  # where the form was asked for; empty where that is not known (the Home tab)
    form: str
    values: Mapping[str, FieldValue]
    private: str
    view_id: str
    key: str

    def text(self, name: str) -> str:
        """A field of one line or one choice, stripped; empty where nothing was entered."""
        value = self.values.get(name)
        return value.strip() if isinstance(value, str) else ""

    def moment(self, name: str) -> str:
        """A moment, asked for by the fields `NAME__day` and `NAME__hour`: `2030-03-05 02:00`."""
        return f"{self.text(f'{name}__day')} {self.text(f'{name}__hour')}".strip()

    def chosen(self, name: str) -> tuple[str, ...]:
        """A field of several choices."""
        value = self.values.get(name)
        return value if isinstance(value, tuple) else (value,) if value else ()


@dataclass(frozen=True)
class FormReply:
    """What becomes of a submitted form: it shows errors, turns into `next`, or closes.

    `errors`: field name -> sentence. `view` is shown to the asker alone after the form has closed.
    """

    errors: Mapping[str, str] = field(default_factory=dict)
    next: object | None = None
    view: object | None = None


@dataclass(frozen=True)
class Attachment:
    """A file for a message's thread: text, or the bytes of a picture."""

    filename: str
    title: str
    content: str | bytes = field(repr=False)
    alt_text: str = ""  # what a picture shows, for those who cannot see it


@dataclass(frozen=True)
class Showing:
    """How things stand at the moment of delivery.

    `where`: "message" is posted once for each (topic, subject) and redrawn in place ever after; "thread" is
    a reply under it. `redraws`: other messages, as (topic, subject), that look different now; best effort.
    """

    view: object
    where: Literal["message", "thread"] = "message"
    attach: Attachment | None = None
    redraws: tuple[tuple[str, str], ...] = ()
