"""Collects what the product can send: every sample view, drawn as Slack would get it."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from bot.gallery.samples import AROUND, FORMS, HOMES, NOW, VIEWS, WORST_AROUND
from bot.gallery.samples.health import CHARTS
from bot.sandbox.slack.people import BOT_USER, PEOPLE
from bot.sandbox.tour_steps import STEPS
from bot.sandbox.tour_words import next_message, second_person_message, welcome_message
from bot.services import picture
from bot.slack.blocks import Rendered
from bot.slack.forms import render_form
from bot.slack.views import render

# As much of a file as the page shows of it, and a little more, so that it shows that there is more.
_PREVIEW = 4100


@dataclass(frozen=True)
class Exhibit:
    """One message with the name that it is known by in the gallery."""

    name: str
    group: str
    message: dict[str, Any]


def exhibits() -> list[Exhibit]:
    """Everything: ordinary content first, extreme content last, then what the sandbox itself says."""
    made = sorted(
        (_exhibit(name, view) for name, view in {**VIEWS, **HOMES}.items()),
        key=lambda one: one.group != "ordinary",
    )
    made += [_form(name, form) for name, form in FORMS.items()]
    tour = [("sandbox welcome", welcome_message())]
    tour += [(f"sandbox next {n}", next_message(n)) for n in range(1, len(STEPS) + 1)]
    tour.append(("sandbox second person", second_person_message(PEOPLE["U0OMAR"], "http://127.0.0.1:44197")))
    made.insert(0, _picture())
    return made + [Exhibit(name, "sandbox", _stamped(message)) for name, message in tour]


def _exhibit(name: str, view: object) -> Exhibit:
    worst = name.startswith("worst")
    group = "extreme" if worst or name.startswith("right to left") else "ordinary"
    return Exhibit(name, group, as_message(render(view, WORST_AROUND if worst else AROUND)))


def _form(name: str, form: object) -> Exhibit:
    """A modal, drawn as a message: its title above its blocks, its button below them."""
    modal = render_form(form)
    title = {"type": "header", "text": {"type": "plain_text", "text": modal.title}}
    send = {"type": "button", "text": {"type": "plain_text", "text": modal.submit}, "style": "primary"}
    blocks = [title, *modal.blocks, {"type": "actions", "elements": [send]}]
    group = "extreme" if name.startswith("worst") else "forms"
    return Exhibit(f"form {name}", group, _stamped({"text": modal.title, "blocks": blocks}))


def as_message(rendered: Rendered) -> dict[str, Any]:
    """A message as the sandbox would store it; a file's content comes with it."""
    message: dict[str, Any] = {"text": rendered.text, "blocks": rendered.blocks}
    if snippet := rendered.snippet:
        size = len(snippet.content.encode())
        content = snippet.content[:_PREVIEW]
        file = {"name": snippet.filename, "title": snippet.title, "size": size, "content": content}
        message["files"] = [file]
    return _stamped(message)


def _picture() -> Exhibit:
    """The report's picture in its thread, drawn as it is drawn every morning."""
    drawn = picture.picture(CHARTS, NOW)
    message = as_message(render(VIEWS["report's details"], AROUND))
    if drawn is None or isinstance(drawn.content, str):
        return Exhibit("report's picture", "ordinary", message)
    content = f"data:image/png;base64,{base64.b64encode(drawn.content).decode()}"
    file = {"name": drawn.filename, "title": drawn.title, "alt_txt": drawn.alt_text}
    message["files"] = [file | {"size": len(drawn.content), "content": content}]
    return Exhibit("report's picture", "ordinary", message)


def _stamped(message: dict[str, Any]) -> dict[str, Any]:
    return {**message, "user": BOT_USER, "ts": f"{NOW.timestamp():.6f}"}
