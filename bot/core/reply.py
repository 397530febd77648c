"""What a command answers: something to show, and to whom. How it looks is the edge's business."""

from __future__ import annotations

from dataclasses import dataclass


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
    """`view` is one of the view dataclasses in bot.services.views, or an error; None says nothing more.

    `ephemeral`: only the asker sees it.
    """

    view: object | None
    ephemeral: bool = True
