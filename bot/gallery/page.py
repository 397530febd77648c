"""The gallery as one HTML file that needs nothing beside it, drawn by the sandbox page's own modules."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from html import escape

from bot.gallery.collect import Exhibit
from bot.sandbox.page.routes import STATIC
from bot.sandbox.slack.people import CHANNELS, GROUPS, PEOPLE

# Each after what it imports: a file opened from a disk may not import others, so they become one.
_MODULES = (
    "dom",
    "directory",
    "dates",
    "mrkdwn",
    "rich_text",
    "elements",
    "blocks",
    "files",
    "message",
    "gallery",
)
_STYLES = ("base", "blocks", "gallery")
_IMPORT = re.compile(r"^import .*;\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=function|async|const|class)", re.MULTILINE)


def build(exhibits: Sequence[Exhibit]) -> str:
    """The whole file."""
    script, style = _bundle(), "\n".join(_read(f"{name}.css") for name in _STYLES)
    policy = f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; img-src data:"
    # `<` could end the script element; JSON has an escape for it.
    data = json.dumps(_data(exhibits), ensure_ascii=False).replace("<", "\\u003c")
    return "\n".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>Sparewheel's messages</title><style>{style}</style></head><body>",
            '<main id="gallery"></main>',
            f'<script type="application/json" id="exhibits">{data}</script>',
            f'<script type="module">{script}</script></body></html>',
        ]
    )


def _read(name: str) -> str:
    return (STATIC / name).read_text(encoding="utf-8")


def _bundle() -> str:
    """All modules in one scope: their imports and exports go, their names are distinct."""
    return "\n".join(_EXPORT.sub("", _IMPORT.sub("", _read(f"{name}.js"))) for name in _MODULES)


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _data(exhibits: Sequence[Exhibit]) -> dict[str, object]:
    channels = [{"id": one.id, "name": one.name, "user": one.user} for one in CHANNELS.values()]
    return {
        "me": "U0OMAR",
        "people": [asdict(one) for one in PEOPLE.values()],
        "groups": [asdict(one) for one in GROUPS.values()],
        "channels": channels,
        "exhibits": [asdict(one) for one in exhibits],
    }
