"""Every button that does something: a command that a person could have typed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from commands import restore_words, suggest

CANCEL, CHECK, DETAILS = "backup_cancel", "backup_check", "backup_details"
PROVE, STOP_TEST = "restore_test", "restore_test_cancel"

# What a button may carry: ids and names, nothing that could be read as further words of a command.
_VALUE = re.compile(r"[A-Za-z0-9:._/-]{1,200}")


@dataclass(frozen=True)
class Button:
    """What pressing types: the command, its verb, and the button's value behind them."""

    command: str
    verb: str = ""

    def words(self, value: str) -> str:
        """The text of the command. A value that no button of ours carries means nothing there."""
        return f"{self.verb} {value if not value or _VALUE.fullmatch(value) else '?'}".strip()


# action_id -> what it types.
BUTTONS: dict[str, Button] = {
    CANCEL: Button(suggest.COMMAND, "cancel"),
    CHECK: Button(suggest.COMMAND, "check"),
    DETAILS: Button(suggest.COMMAND, "show"),
    PROVE: Button(restore_words.COMMAND),
    STOP_TEST: Button(restore_words.COMMAND, "cancel"),
}
