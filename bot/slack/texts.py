"""Texts from templates/: every value that a template prints is escaped unless it is Mrkdwn."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
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
_UTC = re.compile(r"`[^`]*`|\b(\d{4}-\d\d-\d\d \d\d:\d\d) UTC\b")


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
        "prose": lambda text: _dated(mrkdwn.prose(text)),
        "short": lambda text: cut(text, _ENTRY),
        "mention": mrkdwn.mention,
        "when": mrkdwn.when,
        "size": units.size_text,
        "duration": units.duration_text,
        "count": units.count_text,
        "plural": units.plural,
    }
    return made


def _dated(text: Mrkdwn) -> Mrkdwn:
    """A sentence's own times in the reader's zone: it was stored for the command line too, in UTC."""
    return Mrkdwn(_UTC.sub(_readers, text))


def _readers(found: re.Match[str]) -> str:
    try:
        at = datetime.fromisoformat(f"{found[1]}+00:00")
    except ValueError:  # in code, where Slack shows a date's markup, or no day of any calendar
        return found[0]
    # Not Slack's "yesterday": the sentence says "at" or "since" before it.
    return f"<!date^{int(at.timestamp())}^{{date_short}} {{time}}|{found[0]}>"


def sentence(text: str) -> Mrkdwn:
    """A stored sentence as an entry of a list: cut to size, harmless, its times the reader's."""
    return _dated(mrkdwn.prose(cut(text, _ENTRY)))


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
