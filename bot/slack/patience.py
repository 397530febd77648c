"""A start while Slack cannot be reached: said once a try, and tried again until it works or is stopped."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TypeVar

from bot.errors import SlackError

_LOG = logging.getLogger(__name__)
_LONGEST_PAUSE = 30.0
_T = TypeVar("_T")


def until_reached(
    ask: Callable[[], _T], stop: threading.Event, on_away: Callable[[str], None], pause: float = 2.0
) -> _T | None:
    """What `ask` answers once Slack does; None where `stop` is set before.

    A wrong token is a ConfigurationError and passes: no waiting mends it. `on_away` gets a sentence for each
    try that failed; `pause` is the seconds before the second one, and doubles.
    """
    while not stop.is_set():
        try:
            return ask()
        except SlackError as error:
            sentence = f"{error.sentence} Trying again every {min(pause, _LONGEST_PAUSE):.0f} s."
            _LOG.warning("%s %s", sentence, error.next_step)
            on_away(sentence)
        stop.wait(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)
    return None
