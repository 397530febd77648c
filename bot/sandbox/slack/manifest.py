"""Reads the app manifest: which slash commands exist and what they are sent."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.errors import SandboxError

DEFAULT = Path(__file__).parents[3] / "manifest.json"


@dataclass(frozen=True)
class SlashCommand:
    """A declared command; `should_escape` decides how mentions in its text arrive."""

    name: str
    should_escape: bool
    description: str = ""
    usage_hint: str = ""


@dataclass(frozen=True)
class Manifest:
    """What of the app manifest changes how Slack behaves towards the app."""

    commands: dict[str, SlashCommand]
    scopes: frozenset[str]
    events: frozenset[str]


def read(path: Path = DEFAULT) -> Manifest:
    """Read manifest.json.

    Raises:
        SandboxError: it is missing or is not the JSON of a Slack app.
    """
    try:
        raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        features, settings = raw["features"], raw["settings"]
        commands = [
            SlashCommand(
                one["command"],
                bool(one.get("should_escape")),
                str(one.get("description", "")),
                str(one.get("usage_hint", "")),
            )
            for one in features.get("slash_commands", [])
        ]
        return Manifest(
            commands={one.name: one for one in commands},
            scopes=frozenset(raw["oauth_config"]["scopes"]["bot"]),
            events=frozenset(settings.get("event_subscriptions", {}).get("bot_events", [])),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SandboxError(
            f"The app manifest {path.name} cannot be read: {type(error).__name__}.",
            next_step="Put manifest.json of the product back to its place beside README.md.",
        ) from None
