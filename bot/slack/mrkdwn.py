"""Escaping for Slack; it stands in bot.core, where notices find it too."""

from __future__ import annotations

from bot.core.mrkdwn import (
    Mrkdwn,
    clean,
    code,
    code_block,
    escape,
    mention,
    plain,
    prose,
    timed,
    when,
)

__all__ = ["Mrkdwn", "clean", "code", "code_block", "escape", "mention", "plain", "prose", "timed", "when"]
