"""Texts from templates/: every value that a template prints is escaped unless it is Mrkdwn."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from bot.core import units
from bot.slack import mrkdwn
from bot.slack.blocks import Block, section, small
from bot.slack.fit import cut
from bot.slack.mrkdwn import Mrkdwn

_TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
FOLDERS = (_TEMPLATES / "messages", _TEMPLATES / "reports")
_SMALL = "-- "
# One entry of a list: long enough for a sentence, short enough that five of them fit a section.
_ENTRY = 400


def _show(value: Any) -> str:
    """What stands in `{{ … }}`, harmless. Anything but Mrkdwn and numbers is taken for untrusted."""
    if isinstance(value, mrkdwn.Mrkdwn):
        return value
    return mrkdwn.plain(str(value))


@lru_cache(maxsize=1)
def environment() -> SandboxedEnvironment:
    """The template environment: an unknown name is an error, never an empty string."""
    made = SandboxedEnvironment(
        loader=FileSystemLoader(FOLDERS),
        undefined=StrictUndefined,
        # autoescape would escape for HTML, quotes and all; `finalize` escapes for Slack, as surely.
        autoescape=False,
        finalize=_show,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "code": mrkdwn.code,
        "prose": mrkdwn.prose,
        "timed": mrkdwn.timed,
        "short": lambda text: cut(text, _ENTRY),
        "mention": mrkdwn.mention,
        "when": mrkdwn.when,
        "size": units.size_text,
        "duration": units.duration_text,
        "count": units.count_text,
        "plural": units.plural,
    }
    return made


def sentence(text: str) -> Mrkdwn:
    """A stored sentence as an entry of a list: cut to size, harmless, its times the reader's."""
    return mrkdwn.timed(cut(text, _ENTRY))


def fill(template: str, values: Mapping[str, Any]) -> list[str]:
    """A template's paragraphs (blank lines part them), finished mrkdwn.

    Raises:
        jinja2.UndefinedError: the template prints a name that was not given.
    """
    text = environment().get_template(f"{template}.txt").render(**values)
    paragraphs = ("\n".join(line.rstrip() for line in part.split("\n")) for part in _parts(text))
    return [part.strip() for part in paragraphs if part.strip()]


def _parts(text: str) -> list[str]:
    parts: list[list[str]] = [[]]
    for line in text.split("\n"):
        if line.strip():
            parts[-1].append(line)
        else:
            parts.append([])
    return ["\n".join(part) for part in parts]


def as_blocks(paragraphs: list[str]) -> list[Block]:
    """Paragraphs as sections; those that begin with `-- ` in small letters."""
    return [small(p.removeprefix(_SMALL)) if p.startswith(_SMALL) else section(p) for p in paragraphs]


def as_text(paragraphs: list[str]) -> str:
    """The same for notifications, screen readers and clients without blocks."""
    return "\n".join(p.removeprefix(_SMALL) for p in paragraphs)
