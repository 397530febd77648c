"""Collects what the product can send: every sample view, drawn as Slack would get it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.gallery.samples import AROUND, HOMES, NOW, VIEWS, WORST_AROUND
from bot.sandbox.slack.people import BOT_USER
from bot.sandbox.tour import STEPS, next_message, welcome_message
from bot.slack.blocks import Rendered
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
    tour = [("sandbox welcome", welcome_message())]
    tour += [(f"sandbox next {n}", next_message(n)) for n in range(1, len(STEPS) + 1)]
    return made + [Exhibit(name, "sandbox", _stamped(message)) for name, message in tour]


def _exhibit(name: str, view: object) -> Exhibit:
    worst = name.startswith("worst")
    group = "extreme" if worst or name.startswith("right to left") else "ordinary"
    return Exhibit(name, group, as_message(render(view, WORST_AROUND if worst else AROUND)))


def as_message(rendered: Rendered) -> dict[str, Any]:
    """A message as the sandbox would store it; a file's content comes with it."""
    message: dict[str, Any] = {"text": rendered.text, "blocks": rendered.blocks}
    if snippet := rendered.snippet:
        size = len(snippet.content.encode())
        content = snippet.content[:_PREVIEW]
        file = {"name": snippet.filename, "title": snippet.title, "size": size, "content": content}
        message["files"] = [file]
    return _stamped(message)


def _stamped(message: dict[str, Any]) -> dict[str, Any]:
    return {**message, "user": BOT_USER, "ts": f"{NOW.timestamp():.6f}"}
