"""Slack's limits; they stand in bot.core, where what is sent without the edge finds them too."""

from __future__ import annotations

from bot.core.fit import (
    BLOCKS,
    CONTEXT_ELEMENTS,
    GOOD_TEXT,
    SECTION,
    TEXT,
    cut,
    cut_mrkdwn,
    cut_source,
    pages,
)

__all__ = [
    "BLOCKS",
    "CONTEXT_ELEMENTS",
    "GOOD_TEXT",
    "SECTION",
    "TEXT",
    "cut",
    "cut_mrkdwn",
    "cut_source",
    "pages",
]
