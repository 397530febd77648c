"""What every form needs: the dispatch by its dataclass, and the inputs of Block Kit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from functools import singledispatch
from typing import Any

from bot.slack.blocks import Block
from bot.slack.fit import cut

# docs.slack.dev, "Views" and "Block elements"; counted in characters.
_TITLE, _BUTTON, _OPTION, _LABEL, _HINT, _ENTRY = 24, 24, 75, 150, 300, 3000
_OPTIONS = 100
# A moment is asked for by two inputs; an error about it stands under the second.
DAY, HOUR = "__day", "__hour"


@dataclass(frozen=True)
class Modal:
    """A form within Slack's limits. `form` names its handler; `private` comes back with the submission."""

    form: str
    title: str
    submit: str
    blocks: list[Block]
    private: str = ""
    close: str = "Leave"

    def view(self, carried: str) -> dict[str, Any]:
        """The `view` that Slack takes; `carried` is its private_metadata."""
        return {
            "type": "modal",
            "callback_id": self.form,
            "title": _plain(self.title, _TITLE),
            "submit": _plain(self.submit, _BUTTON),
            "close": _plain(self.close, _BUTTON),
            "private_metadata": carried,
            "blocks": self.blocks,
        }


@dataclass(frozen=True)
class Choice:
    """One option: what is sent back and what is read."""

    value: str
    label: str


@singledispatch
def render_form(form: object) -> Modal:
    """A form as a modal.

    Raises:
        TypeError: nothing knows how to show this form.
    """
    raise TypeError(f"{type(form).__name__} has no form")


def field(name: str, label: str, element: Block, *, hint: str = "", optional: bool = False) -> Block:
    """An input with its label. The submission and its errors know it by `name`."""
    block: Block = {
        "type": "input",
        "block_id": name,
        "label": _plain(label, _LABEL),
        "element": {"action_id": name, **element},
        "optional": optional,
    }
    return block | ({"hint": _plain(hint, _HINT)} if hint else {})


def entry(value: str = "", *, lines: bool = False, longest: int = _ENTRY, placeholder: str = "") -> Block:
    """A text input of one line or several."""
    element: Block = {"type": "plain_text_input", "multiline": lines, "max_length": min(longest, _ENTRY)}
    if value:
        element["initial_value"] = cut(value, min(longest, _ENTRY))
    return element | ({"placeholder": _plain(placeholder, _LABEL)} if placeholder else {})


def day(value: date | None = None) -> Block:
    """A date picker."""
    return {"type": "datepicker"} | ({"initial_date": value.isoformat()} if value else {})


def hour(value: time | None = None) -> Block:
    """A time picker."""
    return {"type": "timepicker"} | ({"initial_time": f"{value:%H:%M}"} if value else {})


def select(choices: Sequence[Choice], chosen: str = "") -> Block:
    """One of several."""
    options = {one.value: _option(one) for one in choices[:_OPTIONS]}
    element: Block = {"type": "static_select", "options": list(options.values())}
    return element | ({"initial_option": options[chosen]} if chosen in options else {})


def several(choices: Sequence[Choice], chosen: Sequence[str] = ()) -> Block:
    """Any of several."""
    return _many({"type": "multi_static_select"}, choices[:_OPTIONS], chosen)


def ticks(choices: Sequence[Choice], chosen: Sequence[str] = ()) -> Block:
    """Boxes to tick, at most ten."""
    return _many({"type": "checkboxes"}, choices[:10], chosen)


def _many(element: Block, choices: Sequence[Choice], chosen: Sequence[str]) -> Block:
    options = {one.value: _option(one) for one in choices}
    initial = [options[value] for value in dict.fromkeys(chosen) if value in options]
    made = element | {"options": list(options.values())}
    return made | ({"initial_options": initial} if initial else {})


def _option(choice: Choice) -> Block:
    return {"text": _plain(choice.label, _OPTION), "value": choice.value}


def _plain(text: str, limit: int) -> Block:
    return {"type": "plain_text", "text": cut(text, limit) or " "}
