"""Commands that a sentence names, as they are typed on this command line."""

from __future__ import annotations

import re

_IN_SLACK = re.compile(r"`/(?=(?:alerts|approvals|backup|notice|restore-test)\b)")


def as_typed(text: str) -> str:
    """The text with every command of Slack's in backticks turned into one of `sparewheel`."""
    return _IN_SLACK.sub("`sparewheel ", text)
